"""GraphQL over server-sent events, distinct connections: one operation a request.

Each event has the cursor as its `id`, so that whoever comes again with Last-Event-ID goes on from there.
"""

import asyncio
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from domain.errors import TidemarkError
from domain.streams import StreamLimits, TooSlow
from graph.admission import Admit, Admitted, Seats, check_origin
from graph.errors import said
from graph.http import WrongMethod
from graph.negotiation import JSON_RESPONSE
from graph.requests import GraphQLRequest, body_of, from_body, from_query
from graph.streams import Opening, Refused, Results, Streams

EVENT_STREAM = "text/event-stream"

_COMPLETE = "event: complete\ndata:\n\n"
_STILL_HERE = ":\n\n"
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]


@dataclass(frozen=True, slots=True)
class EventStreams:
    """Answers requests that accept an event stream; all others are the endpoint's."""

    streams: Streams
    admit: Admit
    seats: Seats
    limits: StreamLimits
    origins: tuple[str, ...] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application."""
        request = Request(scope, receive)
        if EVENT_STREAM not in request.headers.get("accept", ""):
            await self.streams.endpoint(scope, receive, send)
            return
        try:
            await self._answer(request, send)
        except TidemarkError as problem:
            refusal = self.streams.endpoint.refusal(problem, request, JSON_RESPONSE)
            await refusal(scope, receive, send)

    async def _answer(self, request: Request, send: Send) -> None:
        check_origin(request, self.origins)
        correlation = self.streams.endpoint.correlation(request)
        async with self.admit(request.headers, correlation) as admitted:
            opening = Opening(
                asked=await self._asked(request),
                caller=admitted.caller,
                resume=request.headers.get("last-event-id") or None,
                by_get=request.method == "GET",
            )
            with self.seats.connection(), self.seats.subscription(admitted.caller):
                writer = _Writer(send, self.limits)
                try:
                    results = await self.streams.open(opening)
                except Refused as refused:
                    await writer.fail(refused.errors)
                else:
                    async with aclosing(results):
                        await _Exchange(request, admitted, results, writer).run()

    async def _asked(self, request: Request) -> GraphQLRequest:
        limits = self.streams.endpoint.rooms.limits
        if request.method == "POST":
            sent = await body_of(request, limits, self.streams.endpoint.patience)
            return from_body(sent, limits)
        if request.method == "GET":
            return from_query(request.scope["query_string"], limits)
        raise WrongMethod("Send POST, or GET for a query or subscription.")


class _Writer:
    """Writes events; one that the client does not take in time ends the stream."""

    def __init__(self, send: Send, limits: StreamLimits) -> None:
        self._send = send
        self._limits = limits

    async def begin(self) -> None:
        await self._send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await self.write(_STILL_HERE)

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

    async def fail(self, errors: str) -> None:
        """A stream of nothing but errors."""
        await self.begin()
        await self.end(errors)

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
    results: Results
    writer: _Writer

    async def run(self) -> None:
        await self.writer.begin()
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
            async for result in self.results:
                await self.writer.next(result.body, result.cursor)
            await self.writer.end()
        except Refused as refused:
            await self.writer.end(refused.errors)
        except TooSlow as problem:
            with suppress(TooSlow):
                await self.writer.end(self._said(problem), complete=False)
        except Exception as problem:
            await self.writer.end(self._said(problem))

    async def _left(self) -> None:
        while (await self.request.receive())["type"] != "http.disconnect":
            pass

    def _said(self, problem: Exception) -> str:
        return said(problem, self.admitted.caller.correlation)
