"""Providers of messages on real sockets of loopback: they record, fail, hang and answer late as told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast
from urllib.parse import parse_qsl

import orjson
from aiosmtpd.smtp import SMTP


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


@dataclass(frozen=True)
class Answer:
    """What is answered, after `delay` seconds; `hangs`: nothing ever is. `counts`: it was taken over."""

    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    hangs: bool = False


Behaviour = Callable[[Asked], Answer]


@dataclass
class HttpProvider:
    """Slack, Twilio or a webhook. `taken` are the requests that were answered with success, or will be."""

    port: int = 0
    behave: Behaviour = lambda _: Answer()
    asked: list[Asked] = field(default_factory=list)
    taken: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        asked = Asked(first.split(" ")[1], headers, body)
        self.asked.append(asked)
        answer = self.behave(asked)
        if answer.status < 300:
            self.taken.append(asked)
        if answer.hangs:
            await asyncio.Event().wait()
        if answer.delay:
            await asyncio.sleep(answer.delay)
        extra = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
        writer.write(
            f"HTTP/1.1 {answer.status} X\r\nContent-Length: {len(answer.body)}\r\n{extra}\r\n".encode()
        )
        writer.write(answer.body)
        await writer.drain()


@asynccontextmanager
async def http_provider(behave: Behaviour = lambda _: Answer()) -> AsyncIterator[HttpProvider]:
    """A provider that answers over HTTP."""
    provider = HttpProvider(behave=behave)
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    provider.port = server.sockets[0].getsockname()[1]
    yield provider
    server.close()


@dataclass
class Mailbox:
    """A mail server. `verdict` answers a whole message; None: 250. `hangs`: it takes and is silent."""

    port: int = 0
    verdict: str | None = None
    refuses: str | None = None
    hangs: bool = False
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.refuses:
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.verdict:
            return self.verdict
        self.mails.append(cast(EmailMessage, message_from_bytes(envelope.content, policy=default)))
        if self.hangs:
            await asyncio.Event().wait()
        return "250 taken"


@asynccontextmanager
async def mail_provider(**options: Any) -> AsyncIterator[Mailbox]:
    """A mail server without encryption, unless `options` of aiosmtpd say otherwise."""
    box = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(box, loop=loop, hostname="test", **options), "127.0.0.1", 0
    )
    box.port = server.sockets[0].getsockname()[1]
    yield box
    server.close()
