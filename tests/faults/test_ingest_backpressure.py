"""PostgreSQL that stands still: senders are told soon, memory stays bounded, nothing is lost or doubled."""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import asyncpg
import psutil
import pytest

from app.child import terminate
from app.embedded import Wanted, embedded_servers, start
from app.home import Home
from db.dead_letters import keep
from db.events import EventStore
from db.group_commit import GroupCommit
from db.migrate import migrate
from db.partitions import EventPartitions
from db.pool import connect, open_pool
from domain.builtin import BUILTIN
from domain.callers import Caller, Role
from domain.catalogue import catalogue_of
from domain.errors import Unavailable
from domain.events import EventRules, Receipt
from resolvers.ingest import Ingest, Layout

CALLER = Caller("tests", Role.INGEST, None, "c")


@dataclass
class Private:
    """A PostgreSQL of the test's own."""

    process: "subprocess.Popen[bytes]"
    pool: asyncpg.Pool
    url: str

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """The server and all its processes stopped, as by a machine that hangs."""
        processes = [
            self.process.pid,
            *(each.pid for each in psutil.Process(self.process.pid).children()),
        ]
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in processes:
                os.kill(pid, signal.SIGCONT)


@pytest.fixture
async def private(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Private]:
    folder: Path = tmp_path_factory.mktemp("private")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    (server,) = embedded_servers(
        Home.at(folder / "home"), Wanted(valkey=False, postgres_options={"fsync": "off"})
    )
    server.prepare()
    process = start(server)
    try:
        connection = await connect(server.url)
        await migrate(connection)
        await connection.close()
        pool = await open_pool(server.url, max_size=4)
        yield Private(process, pool, server.url)
        pool.terminate()
    finally:
        terminate(process, server.command().stop, 10)


def body(request: int, size: int = 20) -> bytes:
    return json.dumps(
        [
            {"id": f"{request}-{n}", "type": "click", "occurredAt": "2026-01-22T08:00:00Z"}
            for n in range(size)
        ]
    ).encode()


async def test_senders_are_told_soon_and_their_retries_count_once(private: Private) -> None:
    clock = partial(datetime.now, UTC)
    async with GroupCommit(private.pool, EventStore(EventPartitions(), 7), clock=clock) as commits:
        ingest = Ingest(EventRules.of(catalogue_of(BUILTIN)), commits, partial(keep, private.pool))

        async def send(request: int) -> Receipt:
            return await ingest.record_body(body(request), Layout.JSON, CALLER, clock())

        assert (await send(0)).accepted == 20
        with private.standing_still():
            async with asyncio.timeout(30):
                for _ in range(3):
                    answers = await asyncio.gather(
                        *(send(request) for request in range(200)), return_exceptions=True
                    )
                    assert {type(answer) for answer in answers} == {Unavailable}
                    assert commits.queued_events == 0
        receipts = await asyncio.gather(*(_until_taken(partial(send, n)) for n in range(200)))
        assert all(each.accepted + each.duplicates == 20 for each in receipts)
    connection = await connect(private.url)
    for table in ("analytics_events", "event_ids"):
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 200 * 20
    await connection.close()


async def test_refused_events_are_not_acknowledged_while_they_cannot_be_kept(
    private: Private,
) -> None:
    clock = partial(datetime.now, UTC)
    async with GroupCommit(private.pool, EventStore(EventPartitions(), 7), clock=clock) as commits:
        ingest = Ingest(EventRules.of(catalogue_of(BUILTIN)), commits, partial(keep, private.pool))
        with private.standing_still():
            async with asyncio.timeout(30):
                with pytest.raises(Unavailable):
                    await ingest.record_body(b'[{"x":1}]', Layout.JSON, CALLER, clock())


async def _until_taken(send: "partial[object]") -> Receipt:
    """As a sender does that follows Retry-After."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await send()  # type: ignore[misc,no-any-return]
            except Unavailable as answer:
                await asyncio.sleep(answer.retry_after / 10)
