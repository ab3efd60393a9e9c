"""Which pending batches an answer reads: those that its range touches."""

from datetime import UTC, datetime

import asyncpg
import pytest

from db.analytics import answer
from db.rollup_sets import ensure_catalogue
from db.rollup_state import StateCache
from db.rollups import roll_all
from domain.builtin import BUILTIN
from domain.catalogue import catalogue_of
from domain.questions import COUNT, Frame, Read
from tests.stored import store

CATALOGUE = catalogue_of(BUILTIN)
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def _event(id: str, at: str) -> dict[str, str]:
    return {"id": id, "type": "click", "occurredAt": at}


async def _count(pool: asyncpg.Pool, *ranges: tuple[str, str]) -> list[tuple[int, bool]]:
    """The events of each range, all asked at once, and whether the tail served it."""
    reads = [
        Read(
            "click",
            (datetime.fromisoformat(low), datetime.fromisoformat(high)),
            frozenset({COUNT}),
        )
        for low, high in ranges
    ]
    return [_found(each) for each in await answer(pool, CATALOGUE, reads, StateCache())]


def _found(frame: Frame) -> tuple[int, bool]:
    counts = [columns.values[COUNT] for columns in frame.groups.values()]
    return sum(int(each or 0) for (each,) in counts), "tail" in frame.served_by


@pytest.fixture(autouse=True)
async def _catalogue(pool: asyncpg.Pool) -> None:
    await ensure_catalogue(pool, CATALOGUE, [])


async def test_a_batch_counts_where_its_first_or_last_event_is(pool: asyncpg.Pool) -> None:
    ends = [_event("a", "2026-03-01T10:00:00Z"), _event("b", "2026-03-05T10:00:00.000001Z")]
    await store(pool, CATALOGUE, ends, now=NOW)
    first = ("2026-03-01T10:00:00+00:00", "2026-03-01T10:00:00.000001+00:00")
    last = ("2026-03-05T10:00:00.000001+00:00", "2026-03-06T00:00:00+00:00")
    assert await _count(pool, first) == [(1, True)]
    assert await _count(pool, last) == [(1, True)]
    assert await _count(pool, first, last) == [(1, True), (1, True)]


async def test_a_batch_that_the_range_does_not_touch_is_not_read(pool: asyncpg.Pool) -> None:
    await store(pool, CATALOGUE, [_event("a", "2026-03-05T10:00:00Z")], now=NOW)
    before = ("2026-03-01T00:00:00+00:00", "2026-03-05T10:00:00+00:00")
    after = ("2026-03-05T10:00:00.000001+00:00", "2026-03-06T00:00:00+00:00")
    assert await _count(pool, before) == [(0, False)]
    assert await _count(pool, after) == [(0, False)]


async def test_a_batch_whose_times_are_not_known_is_read_for_every_range(
    pool: asyncpg.Pool,
) -> None:
    await store(pool, CATALOGUE, [_event("a", "2026-03-05T10:00:00Z")], now=NOW)
    await pool.execute("UPDATE pending_batches SET first_at = DEFAULT, last_at = DEFAULT")
    assert await _count(pool, ("2026-03-05T00:00:00+00:00", "2026-03-06T00:00:00+00:00")) == [
        (1, True)
    ]


async def test_the_times_of_a_batch_hold_those_of_all_its_events(pool: asyncpg.Pool) -> None:
    given = [_event(str(n), f"2026-03-0{n}T10:00:00Z") for n in (3, 1, 4, 2)]
    await store(pool, CATALOGUE, [*given, given[0]], now=NOW)
    (row,) = await pool.fetch("SELECT first_at, last_at FROM pending_batches")
    assert [each.day for each in row] == [1, 4]


async def test_batches_of_before_their_types_and_times_were_noted_are_merged(
    pool: asyncpg.Pool,
) -> None:
    await store(pool, CATALOGUE, [_event("a", "2026-03-05T10:00:00Z")], now=NOW)
    await pool.execute(
        "UPDATE pending_batches SET first_at = DEFAULT, last_at = DEFAULT, event_types = DEFAULT"
    )
    await store(pool, CATALOGUE, [_event("b", "2026-03-05T11:00:00Z")], now=NOW)
    assert (await roll_all(pool, CATALOGUE)).events == 2
    day = ("2026-03-05T00:00:00+00:00", "2026-03-06T00:00:00+00:00")
    assert await _count(pool, day) == [(2, False)]


async def test_events_far_apart_make_no_partitions_in_between(pool: asyncpg.Pool) -> None:
    apart = [_event("a", "2024-05-05T10:00:00Z"), _event("b", "2026-03-05T10:00:00Z")]
    await store(pool, CATALOGUE, apart, now=NOW)
    await roll_all(pool, CATALOGUE)
    rows = await pool.fetch("SELECT month::text AS month FROM rollup_partitions ORDER BY 1")
    months = [row["month"] for row in rows]
    assert months == ["2024-04-01", "2024-05-01", "2026-02-01", "2026-03-01"]
