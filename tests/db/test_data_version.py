"""Where the data version is the same, so is every answer, whatever was done in between."""

from datetime import UTC, datetime
from random import Random
from typing import Any

import asyncpg
import pytest

from db.data_version import DataVersion, VersionReader, read_version
from db.pool import connect, open_pool
from domain.errors import TidemarkError, Unavailable
from domain.questions import Columns, Frame, Read
from tests.histories import CATALOGUE, question
from tests.world import WORK, World

STEPS = 14


def shown(columns: Columns | None) -> Any:
    return columns and {key: list(values) for key, values in columns.values.items()}


def told(frame: Frame) -> Any:
    """All of an answer but when and from where it was read."""
    groups = {key: shown(columns) for key, columns in frame.groups.items()}
    codes = sorted({warning.code for warning in frame.warnings})
    return groups, shown(frame.other), frame.total_groups, codes


async def answered(world: World, read: Read) -> Any:
    try:
        return told((await world.ask([read]))[0])
    except TidemarkError as problem:
        return problem.code


@pytest.mark.parametrize("seed", range(6))
async def test_an_answer_holds_for_as_long_as_its_version(pool: asyncpg.Pool, seed: int) -> None:
    random = Random(seed)
    world = World(pool, random, datetime(2026, 3, 10, 12, 7, tzinfo=UTC))
    read_version = VersionReader(pool)
    await world.open()
    for _ in range(3):
        await world.store()
    known = list(world.known.values())
    reads = [question(random, CATALOGUE, known, world.now) for _ in range(8)]
    before: dict[str, list[Any]] = {}
    for _ in range(STEPS):
        work = random.choice(WORK)
        events = len(world.known)
        version = await read_version()
        answers = [await answered(world, read) for read in reads]
        assert before.setdefault(version, answers) == answers
        await world.do(work)
        if len(world.known) > events:
            assert await read_version() not in before
    assert len(before) > 1


async def test_a_restored_database_has_versions_of_its_own(
    pool: asyncpg.Pool, dsn: str, admin_dsn: str
) -> None:
    before = await read_version(pool)
    pool.terminate()
    name = dsn.rpartition("/")[2]
    admin = await connect(admin_dsn)
    copy = f"{name}_restored"
    await admin.execute(f"CREATE DATABASE {copy} TEMPLATE {name}")
    restored = await open_pool(admin_dsn.rpartition("/")[0] + f"/{copy}")
    try:
        assert await read_version(restored) != before
        assert await read_version(restored) == await read_version(restored)
    finally:
        restored.terminate()
        await admin.execute(f"DROP DATABASE {copy} WITH (FORCE)")
        await admin.close()


async def test_a_database_that_hangs_is_unavailable_and_then_is_not(
    pool: asyncpg.Pool, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.data_version._PATIENCE", 0.1)
    versions = await open_pool(dsn, max_size=1)
    read = VersionReader(versions)
    before = await read()
    async with pool.acquire() as blocker, blocker.transaction():
        await blocker.execute("LOCK TABLE rollup_state IN ACCESS EXCLUSIVE MODE")
        for _ in range(2):
            with pytest.raises(Unavailable):
                await read()
    monkeypatch.setattr("db.data_version._PATIENCE", 10.0)
    assert await read() == before
    versions.terminate()


async def test_a_connection_that_was_lost_is_replaced(pool: asyncpg.Pool, dsn: str) -> None:
    versions = await open_pool(dsn, max_size=1)
    read = VersionReader(versions)
    before = await read()
    ended = await pool.fetchval(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query LIKE '%merged_batches%' AND pid <> pg_backend_pid()"
    )
    assert ended == 1
    assert await read() == before
    versions.terminate()


async def test_who_is_told_learns_of_a_failure_as_well_and_the_next_reading_goes_on() -> None:
    outcomes: list[str | Exception] = [Unavailable("away"), "1.2"]

    async def read() -> str:
        found = outcomes.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    version = DataVersion(read)
    told: list[str | Exception] = []
    version.tell(told.append)
    with pytest.raises(Unavailable):
        await version.current()
    assert await version.current() == "1.2"
    assert [type(each) for each in told] == [Unavailable]
