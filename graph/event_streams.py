"""GraphQL over server-sent events, distinct connections: one operation a request.

Each event has the cursor as its `id`, so that whoever comes again with Last-Event-ID goes on from there.
"""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from domain.errors import TidemarkError, Unauthenticated
from domain.streams import StreamLimits, TooSlow
from graph.admission import Admit, Admitted, Seats, check_origin
from graph.errors import said
from graph.http import WrongMethod
from graph.negotiation import JSON_RESPONSE, accepted_type, header_of
from graph.requests import body_of, from_body, from_query
from graph.streams import Opened, Opening, Refused, Streams

EVENT_STREAM = "text/event-stream"
TOKEN_PARAMETER = "access_token"

log = structlog.get_logger("tidemark.streams")

_RETRY = 1_000
"""Milliseconds after which a browser comes again that was cut off."""

_DOTS = 2
"""In a JSON Web Token."""

_COMPLETE = "event: complete\ndata:\n\n"
_STILL_HERE = ":\n\n"
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
]


@dataclass(frozen=True, slots=True)
class EventStreams:
    """Answers requests for an event stream; all others are the endpoint's.

    Who accepts JSON as well is sent a stream for a subscription alone.
    """

    streams: Streams
    admit: Admit
    seats: Seats
    limits: StreamLimits
    origins: tuple[str, ...] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application."""
        if EVENT_STREAM not in (header_of(scope, b"accept") or ""):
            await self.streams.endpoint(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            await self._answer(request, send)
        except TidemarkError as problem:
            refusal = self.streams.endpoint.refusal(problem, request, JSON_RESPONSE)
            await refusal(scope, receive, send)

    async def _answer(self, request: Request, send: Send) -> None:
        check_origin(request, self.origins)
        endpoint = self.streams.endpoint
        async with self.admit(_credentials(request), endpoint.correlation(request)) as admitted:
            sent = await self._sent(request)
            read = from_body if request.method == "POST" else from_query
            asked = read(sent, endpoint.rooms.limits)
            wants_json = accepted_type(request.headers["accept"]) is not None
            if wants_json and not await self.streams.is_followed(asked, admitted.caller):
                await endpoint(request.scope, _again(sent, request.receive), send)
                return
            opening = Opening(
                asked,
                admitted.caller,
                resume=request.headers.get("last-event-id") or None,
                by_get=request.method == "GET",
            )
            await self._follow(request, opening, admitted, _Writer(send, self.limits))

    async def _follow(
        self, request: Request, opening: Opening, admitted: Admitted, writer: "_Writer"
    ) -> None:
        caller = admitted.caller
        with (
            self.seats.connection(),
            self.seats.connection_of(caller),
            self.seats.stream_of(caller),
        ):
            try:
                opened = await self.streams.open(opening)
            except Refused as refused:
                await writer.begin()
                await writer.end(refused.errors)
                return
            async with aclosing(opened.results):
                await _Exchange(request, admitted, opened, writer).run()

    async def _sent(self, request: Request) -> bytes:
        endpoint = self.streams.endpoint
        if request.method == "POST":
            return await body_of(request, endpoint.rooms.limits, endpoint.patience)
        if request.method == "GET":
            return bytes(request.scope["query_string"])
        raise WrongMethod("Send POST, or GET for a query or subscription.")


def _credentials(request: Request) -> Mapping[str, str]:
    """The headers; of a browser's EventSource, which can send none of its own, a token in the address."""
    token = request.query_params.get(TOKEN_PARAMETER)
    if token is None or request.method != "GET" or "authorization" in request.headers:
        return request.headers
    if token.count(".") != _DOTS:
        raise Unauthenticated(
            f"{TOKEN_PARAMETER} takes a token that expires; send an API key as a header.",
            code="TOKEN_INVALID",
        )
    return {**request.headers, "authorization": f"Bearer {token}"}


def _again(sent: bytes, receive: Receive) -> Receive:
    """The body once more, and then what follows it."""
    waiting = [{"type": "http.request", "body": sent, "more_body": False}]

    async def received() -> Message:
        return waiting.pop() if waiting else await receive()

    return received


class _Writer:
    """Writes events; one that the client does not take in time ends the stream."""

    def __init__(self, send: Send, limits: StreamLimits) -> None:
        self._send = send
        self._limits = limits

    async def begin(self, cursor: str | None = None) -> None:
        """An EventSource that is cut off before anything happens comes again with this cursor."""
        await self._send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        place = "" if cursor is None else f"id: {cursor}\n"
        await self.write(f"retry: {_RETRY}\n{place}\n")

    async def next(self, body: str, cursor: str | None = None) -> None:
        place = "" if cursor is None else f"id: {cursor}\n"
        await self.write(f"event: next\n{place}data: {body}\n\n")

    async def write(self, text: str, *, last: bool = False) -> None:
        body = {"type": "http.response.body", "body": text.encode(), "more_body": not last}
        try:
            async with asyncio.timeout(self._limits.send_seconds):
                await self._send(body)
        except TimeoutError:
            raise TooSlow("The client does not read.") from None

    async def end(self, errors: str | None = None, *, complete: bool = True) -> None:
        """The end of the stream; without `complete` the client comes again."""
        if errors is not None:
            await self.next(f'{{"errors":{errors}}}')
        await self.write(_COMPLETE if complete else _STILL_HERE, last=True)

    async def keep_alive(self) -> None:
        while True:
            await asyncio.sleep(self._limits.keepalive_seconds)
            await self.write(_STILL_HERE)


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One stream, until it is at its end, the client leaves, or the caller may no longer see it."""

    request: Request
    admitted: Admitted
    opened: Opened
    writer: _Writer

    async def run(self) -> None:
        await self.writer.begin(self.opened.start)
        tasks = [
            asyncio.create_task(each)
            for each in (self._pump(), self.writer.keep_alive(), self._left())
        ]
        try:
            any_of: list[asyncio.Future[Any]] = [*tasks, self.admitted.over]
            await asyncio.wait(any_of, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self.admitted.over.done():
            with suppress(TooSlow):
                await self.writer.end(self._said(self.admitted.over.result()))

    async def _pump(self) -> None:
        try:
            async for result in self.opened.results:
                await self.writer.next(result.body, result.cursor)
            await self.writer.end()
        except Refused as refused:
            await self.writer.end(refused.errors)
        except TooSlow as problem:
            log.info("stream dropped", code=problem.code)
            with suppress(TooSlow):
                await self.writer.end(self._said(problem), complete=False)
        except Exception as problem:
            await self.writer.end(self._said(problem))

    async def _left(self) -> None:
        while (await self.request.receive())["type"] != "http.disconnect":
            pass

    def _said(self, problem: Exception) -> str:
        return said(problem, self.admitted.caller.correlation)
