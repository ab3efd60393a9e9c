"""A small HTTP server on loopback whose answers a test writes: to be scraped, to be late, to be wrong."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@dataclass
class Reply:
    """One answer."""

    body: bytes = b""
    content_type: str = TEXT
    status: int = 200
    headers: tuple[str, ...] = ()


@dataclass
class Exposing:
    """The server: `answer` gives each reply, `asked` holds what was requested."""

    answer: Callable[[], Awaitable[Reply]]
    url: str = ""
    asked: list[str] = field(default_factory=list)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(request)
            reply = await self.answer()
            head = [
                f"HTTP/1.1 {reply.status} Said",
                f"Content-Type: {reply.content_type}",
                f"Content-Length: {len(reply.body)}",
                "Connection: close",
                *reply.headers,
            ]
            writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + reply.body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def exposing(answer: Callable[[], Awaitable[Reply]]) -> AsyncIterator[Exposing]:
    """A server on a free port of loopback until the block ends."""
    served = Exposing(answer)
    server = await asyncio.start_server(served.handle, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/metrics"
    try:
        yield served
    finally:
        server.close()


def always(reply: Reply) -> Callable[[], Awaitable[Reply]]:
    """The same answer each time."""

    async def answer() -> Reply:
        return reply

    return answer


async def never() -> Reply:
    """No answer at all."""
    return await asyncio.get_running_loop().create_future()


def requests_exposed(ok: int, failed: int, *, started: float = 0.0) -> bytes:
    """A process that answered so many requests in 50 ms each and so many with 500 in 400 ms."""
    lines = ["# TYPE http_request_duration_seconds histogram"]
    for status, count, le in (("200", ok, 0.1), ("500", failed, 0.5)):
        for bound in (0.1, 0.5, "+Inf"):
            within = count if bound == "+Inf" or float(bound) >= le else 0
            lines.append(
                f'http_request_duration_seconds_bucket{{status="{status}",le="{bound}"}} {within}'
            )
        seconds = count * (0.05 if status == "200" else 0.4)
        lines.append(f'http_request_duration_seconds_sum{{status="{status}"}} {seconds}')
        lines.append(f'http_request_duration_seconds_count{{status="{status}"}} {count}')
    lines.append(f"process_start_time_seconds {started}")
    lines.append("process_resident_memory_bytes 1.5e+08")
    return ("\n".join(lines) + "\n").encode()
