"""Merging on command beside workers that hold the turn."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from db import rollups
from db.queries import load
from db.rollup_sets import ensure_catalogue
from db.rollups import pending, roll, roll_all
from domain.builtin import BUILTIN
from domain.catalogue import catalogue_of
from domain.errors import Unavailable
from domain.grains import Grain
from tests.stored import store

CATALOGUE = catalogue_of(BUILTIN)
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
EVENT = {"id": "a", "type": "click", "occurredAt": "2026-03-10T11:00:00Z"}
LOCK = load("rollups")["lock"]


async def _waits(pool: asyncpg.Pool) -> None:
    """Return once somebody waits for the turn."""
    waiting = 0
    while not waiting:
        waiting = await pool.fetchval(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )


async def test_it_waits_for_its_turn_and_then_merges_all(pool: asyncpg.Pool) -> None:
    await ensure_catalogue(pool, CATALOGUE, [Grain.HOUR])
    await store(pool, CATALOGUE, [EVENT], now=NOW)
    async with pool.acquire() as worker:
        turn = worker.transaction()
        await turn.start()
        await worker.execute(LOCK)
        assert (await roll(pool, CATALOGUE)).batches == 0
        asked = asyncio.create_task(roll_all(pool, CATALOGUE))
        await _waits(pool)
        await turn.rollback()
        report = await asked
    assert (report.batches, report.events) == (1, 1)
    assert (await pending(pool)).batches == 0


async def test_it_says_so_where_its_turn_does_not_come(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "TURN", "10ms")
    await ensure_catalogue(pool, CATALOGUE, [Grain.HOUR])
    await store(pool, CATALOGUE, [EVENT], now=NOW)
    async with pool.acquire() as worker, worker.transaction():
        await worker.execute(LOCK)
        with pytest.raises(Unavailable) as refused:
            await roll_all(pool, CATALOGUE)
    assert refused.value.code == "ROLLUPS_BUSY"
    assert (await roll_all(pool, CATALOGUE)).batches == 1
