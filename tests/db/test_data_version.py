"""Where the data version is the same, so is every answer, whatever was done in between."""

from datetime import UTC, datetime
from random import Random
from typing import Any

import asyncpg
import pytest

from db.data_version import VersionReader, read_version
from db.pool import connect, open_pool
from domain.errors import TidemarkError
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
