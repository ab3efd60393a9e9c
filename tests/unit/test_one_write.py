"""Answers are written whole where their length is known, and as uvicorn writes them where it is not."""

import asyncio
import logging
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from app.one_write import OneWrite

LENGTH = (b"content-length", b"4")


class Transport(asyncio.Transport):
    """Remembers what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True


def start(*headers: tuple[bytes, bytes], status: int = 200) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(data: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


def sending(*messages: Message) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


def cycle_of(
    transport: Transport, method: str = "POST", *, keep_alive: bool = True
) -> RequestResponseCycle:
    scope: Any = {"type": "http", "method": method, "http_version": "1.1"}
    return RequestResponseCycle(
        scope=scope,
        transport=transport,
        flow=FlowControl(transport),
        logger=logging.getLogger("uvicorn.error"),
        access_logger=logging.getLogger("uvicorn.access"),
        access_log=False,
        default_headers=[(b"date", b"today")],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=keep_alive,
        on_response=lambda: None,
    )


async def answered(app: ASGIApp, method: str = "POST", *, keep_alive: bool = True) -> Transport:
    transport = Transport()
    cycle = cycle_of(transport, method, keep_alive=keep_alive)
    application: Any = OneWrite(app, cycle)
    await cycle.run_asgi(application)
    return transport


async def test_an_answer_of_known_length_is_one_write() -> None:
    transport = await answered(sending(start(LENGTH, (b"etag", b"x")), body(b"four")))
    assert transport.writes == [
        b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-length: 4\r\netag: x\r\n\r\nfour"
    ]
    assert not transport.closed


@pytest.mark.parametrize(
    ("messages", "options"),
    [
        ((start(), body(b"four")), {}),
        ((start(LENGTH), body(b"fo", more=True), body(b"ur")), {}),
        ((start(LENGTH), body(b"four")), {"keep_alive": False}),
        ((start(LENGTH, (b"connection", b"close")), body(b"four")), {}),
        ((start(status=304), body(b"")), {}),
    ],
    ids=["unknown", "in parts", "last", "closing", "not modified"],
)
async def test_all_others_are_written_as_uvicorn_writes_them(
    messages: tuple[Message, ...], options: dict[str, Any]
) -> None:
    transport = await answered(sending(*messages), **options)
    assert len(transport.writes) > 1
    closes = not options.get("keep_alive", True) or "close" in str(messages[0])
    assert transport.closed is closes


async def test_a_head_alone_is_sent_to_who_asks_for_it() -> None:
    transport = await answered(sending(start(LENGTH), body(b"four")), "HEAD")
    assert transport.writes == [b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-length: 4\r\n\r\n"]


async def test_a_stream_begins_before_it_has_anything_to_say() -> None:
    transport = Transport()
    cycle = cycle_of(transport)
    before: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start((b"content-type", b"text/event-stream")))
        before.append(len(transport.writes))
        await send(body(b""))

    application: Any = OneWrite(app, cycle)
    await cycle.run_asgi(application)
    assert before == [1]


async def test_a_length_that_is_not_the_body_s_is_no_answer() -> None:
    transport = await answered(sending(start(LENGTH), body(b"more than four")))
    assert transport.closed
    assert b"more than four" not in b"".join(transport.writes)


@pytest.mark.parametrize("header", [(b"x: 1\r\ny", b"z"), (b"x", b"y\r\nz: 1"), (b"x", b"y\n")])
async def test_a_header_that_would_be_two_is_no_answer(header: tuple[bytes, bytes]) -> None:
    transport = await answered(sending(start(LENGTH, header), body(b"four")))
    assert transport.writes[0].startswith(b"HTTP/1.1 500 ")
