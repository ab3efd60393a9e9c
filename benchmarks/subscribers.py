"""Subscribers in a process of their own.

`python -m benchmarks.subscribers PORT TOKEN follow|abort COUNT AFTER`: `follow` keeps COUNT WebSockets open
and prints the time (ns) at which each of them had each event, once its standard input ends; `abort` opens a
stream COUNT times, every other one by server-sent events, and cuts it off at its first event. Something must
have happened after the cursor AFTER: by that a stream is known to be open.
"""

import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable

import uvloop

_QUERY = "subscription ($after: String) { alertEvents(after: $after) { cursor } }"
_AT_ONCE = 25
_CURSOR = b'"cursor":"'


class _Subscriber(asyncio.Protocol):
    """As little of a client as keeps the measurement from measuring the client."""

    def __init__(
        self, token: str, after: str, opened: asyncio.Future[None], seen: Callable[[int], None]
    ):
        self._token = token
        self._after = after
        self._opened = opened
        self._seen = seen
        self._rest = b""
        self._greeted = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        transport.write(
            b"GET /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        """Everything that matters is found by its text; frames are never taken apart."""
        data = self._rest + data
        if not self._greeted and b"\r\n\r\n" in data:
            self._greet()
        first, *parts = data.split(_CURSOR)
        for part in parts:
            if b'"' in part:
                self._see(int(part.partition(b'"')[0]))
        last = parts[-1] if parts else first
        # What may be the beginning of a cursor, or of the mark before it, waits for the rest.
        self._rest = _CURSOR + last if parts and b'"' not in last else last[-len(_CURSOR) + 1 :]

    def _see(self, cursor: int) -> None:
        if self._opened.done():
            self._seen(cursor)
        else:
            self._opened.set_result(None)

    def _greet(self) -> None:
        self._greeted = True
        init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {self._token}"}}
        subscribe = {"type": "subscribe", "id": "1", "payload": _asked(self._after)}
        assert self.transport is not None
        self.transport.write(b"".join(map(_frame, (init, subscribe))))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._opened.done():
            self._opened.set_exception(ConnectionError("closed before it was open"))


async def follow(port: int, token: str, count: int, after: str) -> None:
    """Prints `open`, and at the end a line of JSON: times by cursor."""
    times: dict[int, list[int]] = defaultdict(list)
    loop = asyncio.get_running_loop()

    def seen(cursor: int) -> None:
        times[cursor].append(time.time_ns())

    async def open_one() -> None:
        opened = loop.create_future()
        await loop.create_connection(
            lambda: _Subscriber(token, after, opened, seen), "127.0.0.1", port
        )
        await opened

    for _ in range(0, count, _AT_ONCE):
        await asyncio.gather(*(open_one() for _ in range(_AT_ONCE)))
    print("open", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps(times))


async def abort(port: int, token: str, count: int, after: str) -> None:
    """Prints how many streams were opened and cut off."""
    numbers = iter(range(count))

    async def cycle() -> None:
        for number in numbers:
            await (_abort_event_stream if number % 2 else _abort_websocket)(port, token, after)

    await asyncio.gather(*(cycle() for _ in range(_AT_ONCE)))
    print(count)


async def _abort_websocket(port: int, token: str, after: str) -> None:
    loop = asyncio.get_running_loop()
    opened = loop.create_future()
    transport, _ = await loop.create_connection(
        lambda: _Subscriber(token, after, opened, lambda cursor: None), "127.0.0.1", port
    )
    await opened
    transport.abort()


async def _abort_event_stream(port: int, token: str, after: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps(_asked(after))
    writer.write(
        f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        f"Accept: text/event-stream\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    await reader.readuntil(_CURSOR)
    writer.transport.abort()


def _asked(after: str) -> dict[str, object]:
    return {"query": _QUERY, "variables": {"after": after}}


def _frame(message: object) -> bytes:
    """A text frame of a client, masked with zeros."""
    body = json.dumps(message).encode()
    size = bytes([0x80 | len(body)]) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2, "big")
    return b"\x81" + size + bytes(4) + body


if __name__ == "__main__":
    port, token, what, count, after = sys.argv[1:]
    uvloop.run({"follow": follow, "abort": abort}[what](int(port), token, int(count), after))
