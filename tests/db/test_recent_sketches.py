"""What is merged into a row gathers beside its sketches, which are written anew only now and then."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from db import rollups
from db.analytics import answer
from db.rebuild import begin, step
from db.retention import drop_raw
from db.rollup_columns import whole_sketch
from db.rollup_fold import fold_overflow
from db.rollup_sets import ensure_catalogue
from db.rollup_state import StateCache
from db.rollups import RollReport, roll
from db.seal import seal
from domain import distinct
from domain.builtin import BUILTIN
from domain.catalogue import catalogue_of
from domain.grains import Grain
from domain.questions import COUNT, USERS, MeasureKey, Read
from tests.stored import store

CATALOGUE = catalogue_of(BUILTIN)
NOW = datetime(2026, 3, 10, 11, 10, tzinfo=UTC)
MEDIAN = MeasureKey("quantile", "durationMs", 0.5)
MERGES = 60
EVENTS = 5


@pytest.fixture(autouse=True)
async def _catalogue(pool: asyncpg.Pool) -> None:
    await ensure_catalogue(pool, CATALOGUE, [Grain.HOUR])


async def _merge(pool: asyncpg.Pool, first: int, source: str = "api") -> None:
    """Store and merge events of users and durations of their own, numbered from `first`."""
    events = [
        {
            "id": f"{source}-{number}",
            "type": "query",
            "source": source,
            "occurredAt": NOW.isoformat(),
            "userId": f"{source}-{number}",
            "durationMs": number,
        }
        for number in range(first, first + EVENTS)
    ]
    await store(pool, CATALOGUE, events, now=NOW)
    await roll(pool, CATALOGUE)


async def _found(pool: asyncpg.Pool) -> tuple[float, float, float]:
    """Events, users and the median duration of the hour."""
    start = NOW.replace(minute=0)
    edges = (start, start + timedelta(hours=1))
    read = Read("query", edges, frozenset({COUNT, USERS, MEDIAN}))
    (frame,) = await answer(pool, CATALOGUE, [read], StateCache())
    (columns,) = frame.groups.values()
    (users,), (median,) = columns.estimates[USERS], columns.estimates[MEDIAN]
    (count,) = columns.values[COUNT]
    assert users is not None and median is not None
    return int(count or 0), users.value, median.value


async def _users_by_source(pool: asyncpg.Pool) -> list[bytes]:
    """The users of each row of the set by source."""
    rows = await pool.fetch(
        f"SELECT {whole_sketch('users')} AS users FROM rollups r JOIN rollup_sets s ON s.id = r.set_id"
        " WHERE s.event_type = 'query' AND s.dimensions = '{source}' AND r.grain = 15 AND r.part = 0"
    )
    return [row["users"] for row in rows]


async def _written(pool: asyncpg.Pool) -> tuple[bytes, bytes]:
    """The sketches of the whole type's row, without what is beside them."""
    row = await pool.fetchrow(
        "SELECT users, histogram1 FROM rollups r JOIN rollup_sets s ON s.id = r.set_id"
        " WHERE s.event_type = 'query' AND s.dimensions = '{}' AND r.grain = 15 AND r.part = 0"
    )
    assert row is not None
    return row["users"], row["histogram1"]


async def test_small_merges_leave_the_sketches_as_they_are_and_count(pool: asyncpg.Pool) -> None:
    users, durations = set(), set()
    for at in range(MERGES):
        await _merge(pool, at * EVENTS)
        written = await _written(pool)
        users.add(written[0])
        durations.add(written[1])
        total = (at + 1) * EVENTS
        count, distinct, median = await _found(pool)
        assert (count, distinct) == (total, total)
        assert median == pytest.approx((total + 1) // 2 - 1, rel=0.01)
    assert 1 < len(users) <= 1 + MERGES * EVENTS // 100
    assert 1 < len(durations) <= 1 + MERGES * EVENTS // 50


async def test_what_is_beside_a_sketch_is_summed_up_with_it(pool: asyncpg.Pool) -> None:
    await _merge(pool, 0)
    await _merge(pool, EVENTS)
    before = await _found(pool)
    moved = await seal(pool, NOW + timedelta(hours=1))
    assert Grain.HOUR in moved
    assert await _found(pool) == before == (2 * EVENTS, 2 * EVENTS, EVENTS - 1)


async def test_what_is_beside_a_sketch_is_folded_with_it(pool: asyncpg.Pool) -> None:
    kept = [replace(each, max_keys=1) for each in BUILTIN]
    for first in (0, EVENTS):
        for source in ("a", "b", "c"):
            await _merge(pool, first, source)
    before = await _users_by_source(pool)
    assert await fold_overflow(pool, catalogue_of(kept)) > 0
    after = await _users_by_source(pool)
    assert (len(before), len(after)) == (3, 2)
    assert distinct.count(after).value == distinct.count(before).value == 3 * 2 * EVENTS


async def test_what_is_beside_a_sketch_outlives_its_raw_events_and_a_rebuild(
    pool: asyncpg.Pool,
) -> None:
    await _merge(pool, 0)
    await _merge(pool, EVENTS)
    before = await _found(pool)
    assert await drop_raw(pool, NOW + timedelta(days=30))
    await begin(pool, CATALOGUE, ["query"])
    while await step(pool, CATALOGUE):
        pass
    assert await _found(pool) == before == (2 * EVENTS, 2 * EVENTS, EVENTS - 1)


async def test_a_few_young_events_wait_to_be_merged_with_others(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "WORTH_A_RUN", 2)
    hour = timedelta(hours=1)
    since = datetime.now(UTC) - hour / 2

    async def one(id: str, received: datetime) -> None:
        event = {"id": id, "type": "click", "occurredAt": NOW.isoformat()}
        await store(pool, CATALOGUE, [event], now=received)

    await one("a", datetime.now(UTC))
    assert await roll(pool, CATALOGUE, young_since=since) == RollReport()
    await one("b", datetime.now(UTC))
    assert (await roll(pool, CATALOGUE, young_since=since)).events == 2
    await one("c", datetime.now(UTC) - hour)
    assert (await roll(pool, CATALOGUE, young_since=since)).events == 1


async def test_a_run_that_was_not_full_leaves_nothing_for_the_next(pool: asyncpg.Pool) -> None:
    for name in ("a", "b", "c"):
        event = {"id": name, "type": "click", "occurredAt": NOW.isoformat()}
        await store(pool, CATALOGUE, [event], now=NOW)
    assert await roll(pool, CATALOGUE, limit=2) == RollReport(batches=2, events=2, left=True)
    assert await roll(pool, CATALOGUE, limit=2) == RollReport(batches=1, events=1, left=False)
