"""GraphQL over WebSocket: the protocol graphql-transport-ws."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from domain.errors import TidemarkError, Unauthenticated
from domain.streams import StreamLimits, TooManyStreams, TooSlow
from graph.admission import Admit, Admitted, Seats, check_origin
from graph.errors import said
from graph.negotiation import JSON_RESPONSE
from graph.requests import from_message
from graph.streams import Opening, Refused, Streams

PROTOCOL = "graphql-transport-ws"

log = structlog.get_logger("tidemark.streams")

_LONGEST_REASON = 123


class Closing(Exception):
    """The connection ends with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class WebSockets:
    """Serves WebSocket connections at `/graphql`."""

    streams: Streams
    admit: Admit
    seats: Seats
    limits: StreamLimits
    origins: tuple[str, ...] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application."""
        websocket = WebSocket(scope, receive, send)
        try:
            check_origin(websocket, self.origins)
            with self.seats.connection():
                await websocket.accept(PROTOCOL if PROTOCOL in scope["subprotocols"] else None)
                await _Session(self, websocket).run()
        except TidemarkError as problem:
            request: Any = websocket
            refusal = self.streams.endpoint.refusal(problem, request, JSON_RESPONSE)
            await websocket.send_denial_response(refusal)


class _Session:
    """One connection from its first message to its last."""

    def __init__(self, server: WebSockets, websocket: WebSocket) -> None:
        self._server = server
        self._websocket = websocket
        self._correlation = server.streams.endpoint.correlation(websocket)
        self._open: dict[str, asyncio.Task[None]] = {}
        self._admitted: Admitted | None = None
        self._ended: asyncio.Future[Closing] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        async with AsyncExitStack() as stack:
            conversation = asyncio.create_task(self._converse(stack))
            try:
                either: list[asyncio.Future[Any]] = [conversation, self._ended]
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if self._ended.done():
                    await self._close(self._ended.result())
            finally:
                tasks = [conversation, *self._open.values()]
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def end(self, closing: Closing) -> None:
        """Close the connection, unless that was said before."""
        if not self._ended.done():
            self._ended.set_result(closing)

    async def _converse(self, stack: AsyncExitStack) -> None:
        """Answer messages until the client leaves."""
        if PROTOCOL not in self._websocket.scope["subprotocols"]:
            self.end(Closing(4406, "Subprotocol not acceptable"))
            return
        try:
            async with asyncio.timeout(self._server.limits.init_seconds) as waiting:
                while (message := await self._received()) is not None:
                    await self._take(message, stack)
                    if self._admitted is not None:
                        waiting.reschedule(None)
        except TimeoutError:
            self.end(Closing(4408, "Connection initialisation timeout"))
        except Closing as closing:
            self.end(closing)
        except TooSlow as problem:
            self.end(_too_slow(problem))
        except OSError:
            return
        except Exception as problem:
            self._said(problem)
            self.end(Closing(4500, "Internal server error"))

    async def _received(self) -> Mapping[str, Any] | None:
        """The next message; None when the client has left."""
        event = await self._websocket._receive()
        if event["type"] == "websocket.disconnect":
            return None
        try:
            message = orjson.loads(event.get("text") or b"")
        except orjson.JSONDecodeError:
            raise Closing(4400, "Messages are JSON objects, as text") from None
        if not isinstance(message, dict):
            raise Closing(4400, "Messages are JSON objects, as text")
        return message

    async def _take(self, message: Mapping[str, Any], stack: AsyncExitStack) -> None:
        match message:
            case {"type": "connection_init"}:
                await self._begin(message.get("payload"), stack)
            case {"type": "ping"}:
                await self._pong(message)
            case {"type": "pong"}:
                pass
            case {"type": "subscribe", "id": str(id), "payload": dict(payload)} if id:
                await self._subscribe(id, payload)
            case {"type": "complete", "id": str(id)}:
                if (task := self._open.pop(id, None)) is not None:
                    task.cancel()
            case _:
                raise Closing(4400, f"No message of {PROTOCOL}: {str(message.get('type'))[:40]!r}")

    async def _begin(self, payload: object, stack: AsyncExitStack) -> None:
        if self._admitted is not None:
            raise Closing(4429, "Too many initialisation requests")
        headers = {**self._websocket.headers, **_headers(payload)}
        admission = self._server.admit(headers, self._correlation)
        try:
            admitted = await stack.enter_async_context(admission)
            stack.enter_context(self._server.seats.connection_of(admitted.caller))
        except TidemarkError as problem:
            code = 4403 if isinstance(problem, Unauthenticated) else 1013
            raise Closing(code, f"{problem.code}: {problem.message}") from None
        self._admitted = admitted
        admitted.over.add_done_callback(self._no_longer)
        await self._send('{"type":"connection_ack"}')

    def _no_longer(self, over: "asyncio.Future[TidemarkError]") -> None:
        if not over.cancelled():
            self.end(Closing(4403, f"{over.result().code}: {over.result().message}"))

    async def _pong(self, message: Mapping[str, Any]) -> None:
        pong: dict[str, Any] = {"type": "pong"}
        if "payload" in message:
            pong["payload"] = message["payload"]
        await self._send(orjson.dumps(pong).decode())

    async def _subscribe(self, id: str, payload: dict[str, Any]) -> None:
        if self._admitted is None:
            raise Closing(4401, "Unauthorized")
        if id in self._open:
            raise Closing(4409, f"Subscriber for {id[:80]} already exists")
        most = self._server.limits.per_connection
        if len(self._open) >= most:
            problem = TooManyStreams(
                f"A connection has at most {most} operations at once.", limit=most
            )
            await self._fail(orjson.dumps(id).decode(), self._said(problem))
            return
        task = asyncio.create_task(self._operate(id, payload, self._admitted))
        self._open[id] = task
        task.add_done_callback(lambda done: self._finished(id, done))

    def _finished(self, id: str, task: "asyncio.Task[None]") -> None:
        if self._open.get(id) is task:
            del self._open[id]

    async def _operate(self, id: str, payload: dict[str, Any], admitted: Admitted) -> None:
        name = orjson.dumps(id).decode()
        try:
            try:
                await self._follow(name, payload, admitted)
            except Refused as refused:
                await self._fail(name, refused.errors)
            except (TooSlow, OSError):
                raise
            except Exception as problem:
                await self._fail(name, self._said(problem))
        except TooSlow as problem:
            self.end(_too_slow(problem))
        except OSError:
            return

    async def _follow(self, name: str, payload: dict[str, Any], admitted: Admitted) -> None:
        server = self._server
        with server.seats.stream_of(admitted.caller):
            asked = from_message(payload, server.streams.endpoint.rooms.limits)
            opened = await server.streams.open(Opening(asked, admitted.caller))
            begin = f'{{"id":{name},"type":"next","payload":'
            async with aclosing(opened.results) as results:
                async for result in results:
                    await self._send(f"{begin}{result.body}}}")
        self._open.pop(orjson.loads(name), None)
        await self._send(f'{{"id":{name},"type":"complete"}}')

    async def _fail(self, name: str, errors: str) -> None:
        await self._send(f'{{"id":{name},"type":"error","payload":{errors}}}')

    def _said(self, problem: Exception) -> str:
        return said(problem, self._correlation)

    async def _send(self, text: str) -> None:
        try:
            async with asyncio.timeout(self._server.limits.send_seconds):
                await self._websocket._send({"type": "websocket.send", "text": text})
        except TimeoutError:
            raise TooSlow("The client does not read.") from None

    async def _close(self, closing: Closing) -> None:
        reason = closing.reason.encode()[:_LONGEST_REASON].decode(errors="ignore")
        with suppress(TimeoutError, OSError, RuntimeError):
            async with asyncio.timeout(self._server.limits.send_seconds):
                await self._websocket.close(closing.code, reason)


def _too_slow(problem: TooSlow) -> Closing:
    log.info("stream dropped", code=problem.code)
    return Closing(1013, f"{problem.code}: {problem.message}")


def _headers(payload: object) -> dict[str, str]:
    """What a connection_init says as headers would: {"Authorization": "Bearer …"} or {"X-API-Key": "…"}."""
    if payload is None:
        return {}
    if not isinstance(payload, dict):
        raise Closing(4400, "The payload of connection_init is an object")
    return {name.lower(): value for name, value in payload.items() if isinstance(value, str)}
