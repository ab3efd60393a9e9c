"""Many processes at once: nothing is counted twice, nothing is missed, and no total ever goes down."""

import asyncio

import asyncpg

from db.analytics import answer
from db.rollup_sets import ensure_catalogue
from db.rollup_state import StateCache
from db.rollups import pending, roll_all
from domain.buckets import Granularity, bucket_edges
from domain.catalogue import ALL_EVENTS
from domain.grains import Grain
from domain.questions import COUNT, Interval, Read
from domain.zones import zone
from tests.behaviour.crowd import (
    CATALOGUE,
    COMMON,
    END,
    START,
    Shared,
    ingest,
    merge,
    rebuild_on,
    running,
    seal_on,
)

INGESTING = 3
REQUESTS = 150
EACH = sum(1 + number % 9 for number in range(REQUESTS))
GRAINS = (Grain.HOUR, Grain.DAY, Grain.WEEK, Grain.MONTH)


def _reads() -> list[Read]:
    """The same total, whole, by day in a zone, by quarter of an hour, ragged, by type."""
    asked = frozenset({COUNT})
    span = Interval(START, END)
    days = bucket_edges(span, Granularity.DAY, zone("Asia/Kathmandu"))
    quarters = bucket_edges(span, Granularity.QUARTER_HOUR, zone("UTC"))
    ragged = (START, *(each.replace(second=17) for each in days[1:-1]), END)
    return [
        Read("order", (START, END), asked),
        Read("order", days, asked),
        Read("order", quarters, asked),
        Read("order", ragged, asked),
        Read(ALL_EVENTS, (START, END), asked, ("eventType",)),
    ]


async def totals(pool: asyncpg.Pool, state: StateCache) -> list[int]:
    frames = await answer(pool, CATALOGUE, _reads(), state)
    return [
        sum(sum(map(int, columns.values[COUNT])) for columns in frame.groups.values())  # type: ignore[arg-type]
        for frame in frames
    ]


async def test_totals_only_grow_and_end_at_what_was_sent(pool: asyncpg.Pool, dsn: str) -> None:
    await ensure_catalogue(pool, CATALOGUE, GRAINS)
    shared = Shared.of(dsn)
    shared.note(COMMON)
    state = StateCache()
    keepers = ((merge, (shared, 1)), (merge, (shared, 2)), (seal_on, (shared,)))
    senders = [(ingest, (shared, f"p{number}", REQUESTS)) for number in range(INGESTING)]
    with running(*keepers, (rebuild_on, (shared,)), *senders) as processes:
        before, seen = 0, set()
        sending = processes[-INGESTING:]
        while any(each.is_alive() for each in sending):
            found = await totals(pool, state)
            assert len(set(found)) == 1, found
            assert before <= found[0] <= shared.sent.value
            before = found[0]
            seen.add(before)
            await asyncio.sleep(0)
        assert [each.exitcode for each in sending] == [0] * INGESTING
        assert len(seen) > 5, "the reader has to have looked meanwhile"
        shared.over.set()
        for each in processes:
            await asyncio.to_thread(each.join, 60)
        assert [each.exitcode for each in processes] == [0] * len(processes)
    assert set(await totals(pool, state)) == {COMMON + INGESTING * EACH}
    await roll_all(pool, CATALOGUE)
    assert (await pending(pool)).batches == 0
    assert set(await totals(pool, state)) == {COMMON + INGESTING * EACH}
