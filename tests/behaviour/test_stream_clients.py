"""Published clients, cut off at random, see each event exactly once."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.behaviour.npm import installed
from tests.streaming import PATIENCE, serving

SCRIPT = Path(__file__).with_name("follow.mjs")
PACKAGES = (
    "graphql-ws@6.4.2",
    "graphql-sse@2.6.1",
    "eventsource@4.1.1",
    "ws@8.23.0",
    "graphql@16.15.0",
)
EVENTS = 200


@pytest.fixture(scope="session")
def packages() -> Path:
    return installed("tidemark-stream-clients", *PACKAGES)


@dataclass
class Scissors:
    """A proxy that cuts its first connections off after some bytes, in the middle of whatever it was."""

    server: int
    cuts: int
    dice: random.Random = field(default_factory=lambda: random.Random(5))
    done: int = 0

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, downstream = await asyncio.open_connection("127.0.0.1", self.server)
        ways = [
            asyncio.create_task(_copy(reader, downstream)),
            asyncio.create_task(self._copy_some(upstream, writer)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for each in (writer, downstream):
            each.transport.abort()

    async def _copy_some(
        self, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self.done >= self.cuts:
            await _copy(upstream, writer)
            return
        left = self.dice.randint(400, 2000)
        while left and (data := await upstream.read(left)):
            left -= len(data)
            writer.write(data)
            await writer.drain()
        self.done += 1


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


@asynccontextmanager
async def scissors(server: int, cuts: int) -> AsyncIterator[tuple[Scissors, int]]:
    """The proxy and its port."""
    proxy = Scissors(server, cuts)
    listening = await asyncio.start_server(proxy.pass_on, "127.0.0.1", 0)
    try:
        yield proxy, listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


@pytest.mark.parametrize(
    ("client", "cuts"), [("graphql-ws", 10), ("graphql-sse", 10), ("eventsource", 4)]
)
async def test_a_client_that_is_cut_off_at_random_sees_each_event_once(
    packages: Path, dsn: str, redis_url: str, redis: Redis, client: str, cuts: int
) -> None:
    async with serving(dsn, redis_url) as served, scissors(served.port, cuts) as (proxy, port):
        kept = [await served.happen() for _ in range(EVENTS // 2)]
        url = f"http://127.0.0.1:{port}/graphql"
        command = (str(SCRIPT), client, str(packages), url, served.token(), str(EVENTS))
        process = await asyncio.create_subprocess_exec(
            "node", *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(3 * PATIENCE):
                kept += [await served.happen() for _ in range(EVENTS // 2)]
                output, problems = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert (process.returncode, problems.decode()) == (0, "")
    assert [int(line) for line in output.split()] == kept
    assert proxy.done == cuts
