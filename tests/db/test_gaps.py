"""What is no longer there, or came too late: answers stay right as far as they go and say how far that is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from db.analytics import answer
from db.rebuild import begin, step
from db.retention import drop_raw, drop_rollups
from db.rollup_fold import fold_overflow
from db.rollup_sets import ensure_catalogue
from db.rollup_state import StateCache
from db.rollups import roll_all
from db.seal import seal
from domain.catalogue import Catalogue
from domain.errors import ConfigurationError, InvalidInput
from domain.grains import Grain
from domain.questions import COUNT, Filter, Frame, MeasureKey, Read
from tests.histories import CATALOGUE, GROWN
from tests.stored import store
from tests.world import GRAINS

START = datetime(2026, 3, 10, 12, tzinfo=UTC)
BATTERY = MeasureKey("sum", "battery")


def probe(at: datetime, **properties: Any) -> dict[str, Any]:
    """Raw for a day only."""
    return {
        "type": "probe",
        "occurredAt": at.isoformat(),
        "properties": {"battery": 1, **properties},
    }


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


@dataclass
class Rollups:
    """Rollups that a catalogue declares, and what is done to them."""

    pool: asyncpg.Pool
    catalogue: Catalogue = CATALOGUE

    async def merged(self, events: Sequence[dict[str, Any]], now: datetime = START) -> "Rollups":
        await ensure_catalogue(self.pool, self.catalogue, GRAINS)
        await store(self.pool, CATALOGUE, events, now=now)
        await roll_all(self.pool, self.catalogue)
        return self

    async def without_raw(self) -> "Rollups":
        assert await drop_raw(self.pool, START + timedelta(days=3))
        return self

    async def rebuilt(self, catalogue: Catalogue) -> "Rollups":
        stale = await ensure_catalogue(self.pool, catalogue, GRAINS)
        await begin(self.pool, catalogue, stale)
        while await step(self.pool, catalogue):
            pass
        return Rollups(self.pool, catalogue)

    async def ask(
        self,
        *edges: datetime,
        measure: MeasureKey = COUNT,
        kind: str = "probe",
        by: tuple[str, ...] = (),
        only: Filter | None = None,
    ) -> Frame:
        read = Read(kind, edges, frozenset({measure}), by, only)
        (frame,) = await answer(self.pool, self.catalogue, [read], StateCache())
        return frame


def codes(frame: Frame) -> list[str]:
    return [warning.code for warning in frame.warnings]


def column(
    frame: Frame, measure: MeasureKey = COUNT, key: tuple[str | None, ...] = ()
) -> list[Any]:
    return frame.groups[key].values[measure]


async def test_a_quarter_hour_whose_raw_events_are_partly_gone_counts_once(
    pool: asyncpg.Pool,
) -> None:
    rollups = await Rollups(pool).merged([probe(minute(3)), probe(minute(1))])
    await rollups.without_raw()
    await rollups.merged([probe(minute(6)), probe(minute(20))], START + timedelta(days=3))
    frame = await rollups.ask(minute(0), minute(5), minute(10), minute(30))
    assert column(frame) == [3, 0, 1]
    assert codes(frame) == ["EDGE_ROUNDED"]
    frame = await rollups.ask(minute(2), minute(17), minute(30))
    assert column(frame) == [3, 1]


async def test_edges_round_alike_before_and_after_events_are_merged(pool: asyncpg.Pool) -> None:
    rollups = await Rollups(pool).merged([probe(minute(3)), probe(minute(1))])
    await rollups.without_raw()
    await store(pool, CATALOGUE, [probe(minute(2.5)), probe(minute(14))], now=minute(5_000))
    edges = (minute(2), minute(4), minute(7))
    tail = await rollups.ask(*edges)
    await roll_all(pool, CATALOGUE)
    merged = await rollups.ask(*edges)
    assert column(tail) == column(merged) == [4, 0]
    assert codes(tail) == codes(merged) == ["EDGE_ROUNDED"]


async def test_edges_are_exact_while_raw_events_are_there(pool: asyncpg.Pool) -> None:
    rollups = await Rollups(pool).merged([probe(minute(3)), probe(minute(1))])
    frame = await rollups.ask(minute(1), minute(3))
    assert (column(frame), codes(frame)) == ([1], [])


async def test_rollups_answer_the_same_once_raw_events_are_gone(pool: asyncpg.Pool) -> None:
    rollups = await Rollups(pool).merged([probe(minute(-15 * n), room="a") for n in range(1, 90)])
    edges = tuple(START - timedelta(hours=hours) for hours in range(24, -1, -1))
    before = await rollups.ask(*edges, by=("room",))
    await rollups.without_raw()
    after = await rollups.ask(*edges, by=("room",))
    assert after.groups == before.groups
    assert not after.warnings
    assert "raw" not in after.served_by


async def test_a_question_that_needs_raw_events_says_that_they_are_gone(pool: asyncpg.Pool) -> None:
    rollups = await Rollups(pool).merged([probe(minute(-30), room="a")])
    await rollups.without_raw()
    await rollups.merged([probe(minute(4_000), room="a")], minute(5_000))
    by = ("room", "sensor", "source")
    unrolled = Rollups(pool, GROWN)
    assert column(await rollups.ask(minute(-60), minute(5_000), by=by), key=("a", None, None)) == [
        2
    ]
    partly = await unrolled.ask(minute(-60), minute(5_000), by=("level",))
    assert codes(partly) == ["RAW_INCOMPLETE"]
    assert column(partly, key=(None,)) == [1]
    whole = await unrolled.ask(minute(0), minute(5_000), by=("level",))
    assert (column(whole, key=(None,)), codes(whole)) == ([1], [])
    with pytest.raises(InvalidInput, match="not rolled up") as refused:
        await unrolled.ask(minute(-60), minute(-30), by=("level",))
    assert refused.value.code == "NOT_ROLLED_UP"


async def test_a_measure_declared_too_late_says_since_when_it_is_there(pool: asyncpg.Pool) -> None:
    rollups = await Rollups(pool).merged([probe(minute(-30))])
    await rollups.without_raw()
    await rollups.merged([probe(minute(4_000))], minute(5_000))
    grown = await rollups.rebuilt(GROWN)
    frame = await grown.ask(minute(-60), minute(5_000), measure=BATTERY)
    assert column(frame, BATTERY) == [1]
    assert codes(frame) == ["ROLLUPS_INCOMPLETE"]
    counts = await grown.ask(minute(-60), minute(5_000))
    assert (column(counts), codes(counts)) == ([2], [])
    await drop_raw(pool, minute(50_000))
    later = await grown.ask(minute(-60), minute(5_000), measure=BATTERY)
    assert (column(later, BATTERY), codes(later)) == ([1], ["ROLLUPS_INCOMPLETE"])
    again = Rollups(pool, GROWN)
    await begin(pool, GROWN, ["probe"])
    while await step(pool, GROWN):
        pass
    rebuilt = await again.ask(minute(-60), minute(5_000), measure=BATTERY)
    assert (column(rebuilt, BATTERY), codes(rebuilt)) == ([1], ["ROLLUPS_INCOMPLETE"])


async def test_a_set_declared_too_late_says_since_when_it_is_there(pool: asyncpg.Pool) -> None:
    rollups = await Rollups(pool).merged([probe(minute(-30), level=1)])
    await rollups.without_raw()
    await rollups.merged([probe(minute(4_000), level=1)], minute(5_000))
    grown = await rollups.rebuilt(GROWN)
    await drop_raw(pool, minute(50_000))
    frame = await grown.ask(minute(-60), minute(5_000), by=("level",))
    assert (column(frame, key=("1",)), codes(frame)) == ([1], ["ROLLUPS_INCOMPLETE"])
    with pytest.raises(InvalidInput, match="not rolled up"):
        await grown.ask(minute(-60), minute(-30), by=("level",))


async def test_a_week_of_which_a_month_was_dropped_is_not_answered_as_a_whole(
    pool: asyncpg.Pool,
) -> None:
    monday = datetime(2026, 3, 30, tzinfo=UTC)
    days = [monday + timedelta(days=number, hours=1) for number in range(7)]
    now = monday + timedelta(days=60)
    rollups = await Rollups(pool).merged([probe(each) for each in days], now)
    await seal(pool, now)
    week = (monday, monday + timedelta(days=7))
    assert (await rollups.ask(*week)).served_by == ("rollup:week",)
    await pool.execute("UPDATE rollup_partitions SET last_merged = $1", monday)
    assert "rollups_202603" in await drop_rollups(pool, now, days=40)
    frame = await rollups.ask(*week)
    assert (column(frame), codes(frame)) == ([5], ["ROLLUPS_DROPPED"])
    await rollups.merged([probe(days[0] + timedelta(minutes=5))], now)
    late = await rollups.ask(*week)
    assert (column(late), codes(late)) == ([6], ["ROLLUPS_DROPPED"])
    april = await rollups.ask(datetime(2026, 4, 1, tzinfo=UTC), week[1])
    assert (column(april), codes(april)) == ([5], [])


async def test_folded_keys_keep_currencies_apart(pool: asyncpg.Pool) -> None:
    events = [
        {
            "type": "parcel",
            "occurredAt": START.isoformat(),
            "value": number,
            "currency": currency,
            "properties": {"carrier": {"name": f"c{number}"}},
        }
        for currency in ("EUR", "USD")
        for number in range(1, 11)
    ]
    rollups = await Rollups(pool).merged(events)
    assert await fold_overflow(pool, CATALOGUE)
    value = MeasureKey("sum", "value")
    span = (START, START + timedelta(hours=1))
    frame = await rollups.ask(*span, measure=value, kind="parcel", by=("carrier",))
    assert frame.other is not None
    assert frame.other.values[value] == [None]
    assert sorted(codes(frame)) == ["GROUPS_FOLDED", "MIXED_CURRENCIES"]
    only = Filter("currency", ("EUR",))
    euros = await rollups.ask(*span, measure=value, kind="parcel", by=("carrier",), only=only)
    shown = sum(sum(each.values[value]) for each in euros.groups.values())
    assert euros.other is not None
    assert shown + euros.other.values[value][0] == Decimal(55)
    assert codes(euros) == ["GROUPS_FOLDED"]
    apart = await rollups.ask(*span, measure=value, kind="parcel", by=("currency",))
    assert {key: each.values[value] for key, each in apart.groups.items()} == {
        ("EUR",): [55],
        ("USD",): [55],
    }


async def test_what_is_folded_stays_counted_at_every_level_and_when_more_comes(
    pool: asyncpg.Pool,
) -> None:
    rollups = await Rollups(pool).merged(
        [probe(START, sensor=f"s{n}", battery=n) for n in range(9)]
    )
    await fold_overflow(pool, CATALOGUE)
    await seal(pool, START + timedelta(days=40))
    await rollups.merged([probe(START, sensor=f"s{n}") for n in range(12)])
    await fold_overflow(pool, CATALOGUE)
    day = START.replace(hour=0)
    for start, end in (
        (START, START + timedelta(minutes=15)),
        (START, START + timedelta(hours=1)),
        (day, day + timedelta(days=1)),
        (day - timedelta(days=1), day + timedelta(days=6)),
        (day - timedelta(days=9), day + timedelta(days=22)),
    ):
        frame = await rollups.ask(start, end, by=("sensor",))
        assert frame.other is not None
        counted = sum(sum(each.values[COUNT]) for each in frame.groups.values())
        assert counted + frame.other.values[COUNT][0] == 21
        assert codes(frame) == ["GROUPS_FOLDED"]


async def test_what_was_not_declared_for_a_while_is_new_when_it_is_declared_again(
    pool: asyncpg.Pool,
) -> None:
    """Else it would silently miss the events of that while."""
    grown = Rollups(pool, GROWN)
    await grown.merged([probe(minute(-30), level=1)])
    await Rollups(pool, CATALOGUE).merged([probe(minute(-20), level=1)])
    assert column(await Rollups(pool).ask(minute(-60), minute(0))) == [2]
    again = await grown.rebuilt(GROWN)
    span = (minute(-60), minute(0))
    levels = await again.ask(*span, by=("level",))
    assert (column(levels, key=("1",)), codes(levels)) == ([2], [])
    battery = await again.ask(*span, measure=BATTERY)
    assert (column(battery, BATTERY), codes(battery)) == ([2], [])
    assert "raw" not in (*levels.served_by, *battery.served_by)


async def test_a_worker_of_an_older_catalogue_merges_nothing_that_others_would_miss(
    pool: asyncpg.Pool,
) -> None:
    grown = await Rollups(pool, GROWN).merged([probe(minute(-30), level=1)])
    await store(pool, CATALOGUE, [probe(minute(-20), level=1)], now=START)
    with pytest.raises(ConfigurationError, match="of probe"):
        await roll_all(pool, CATALOGUE)
    span = (minute(-60), minute(0))
    assert column(await grown.ask(*span, by=("level",)), key=("1",)) == [2]
    await roll_all(pool, GROWN)
    assert column(await grown.ask(*span, measure=BATTERY), BATTERY) == [2]


async def test_a_rebuild_counts_late_events_once_where_older_ones_are_gone(
    pool: asyncpg.Pool,
) -> None:
    """Late ones are in the buckets that are copied and still there raw."""
    rollups = await Rollups(pool).merged([probe(minute(-30)), probe(minute(-300))])
    await rollups.without_raw()
    later = START + timedelta(days=3)
    await rollups.merged([probe(minute(-200)), probe(minute(-31)), probe(minute(100))], later)
    await seal(pool, later)
    await begin(pool, CATALOGUE, ["probe", "*"])
    await step(pool, CATALOGUE, limit=1)
    await rollups.merged([probe(minute(-250))], later)
    while await step(pool, CATALOGUE):
        pass
    for kind in ("probe", "*"):
        frame = await rollups.ask(minute(-720), minute(-120), minute(0), minute(720), kind=kind)
        assert (column(frame), codes(frame)) == ([3, 2, 1], [])


async def test_a_level_that_was_not_kept_for_a_while_is_whole_when_it_is_kept_again(
    pool: asyncpg.Pool,
) -> None:
    rollups = await Rollups(pool).merged([probe(minute(-60 * hour)) for hour in range(1, 60)])
    later = START + timedelta(days=30)
    await seal(pool, later)
    span = (START.replace(hour=0) - timedelta(days=1), START.replace(hour=0))
    assert (await rollups.ask(*span)).served_by == ("rollup:day",)
    await ensure_catalogue(pool, CATALOGUE, [Grain.MONTH])
    assert (await rollups.ask(*span)).served_by == ("rollup:quarter_hour",)
    await store(pool, CATALOGUE, [probe(span[0])], now=START)
    await roll_all(pool, CATALOGUE)
    await ensure_catalogue(pool, CATALOGUE, GRAINS)
    await seal(pool, later)
    frame = await rollups.ask(*span)
    assert (column(frame), frame.served_by) == ([25], ("rollup:day",))


async def test_dropping_older_events_later_brings_no_raw_events_back(pool: asyncpg.Pool) -> None:
    rollups = await Rollups(pool).merged([probe(minute(3)), probe(minute(1))])
    await rollups.without_raw()
    await rollups.merged([probe(minute(-300))], START + timedelta(days=3))
    assert await drop_raw(pool, START + timedelta(days=6))
    frame = await rollups.ask(minute(2), minute(30))
    assert (column(frame), codes(frame)) == ([2], ["EDGE_ROUNDED"])


@pytest.mark.parametrize(
    "measure", [COUNT, MeasureKey("max", "reading"), MeasureKey("sum", "reading")], ids=str
)
async def test_a_long_series_adds_what_a_bucket_has_in_the_tail_to_what_it_has_rolled_up(
    pool: asyncpg.Pool, measure: MeasureKey
) -> None:
    await Rollups(pool).merged(
        [probe(minute(0), reading=1), probe(minute(16), reading=3), probe(minute(17), reading=1)]
    )
    await store(pool, CATALOGUE, [probe(minute(18), reading=7)], now=START)
    edges = tuple(minute(15 * at) for at in range(41))
    [found] = await answer(
        pool, CATALOGUE, [Read("probe", edges, frozenset({measure}))], StateCache()
    )
    column = found.groups[()].values[measure]
    expected = {"count": [1, 3], "max": [1, 7], "sum": [1, 11]}[measure.kind]
    assert column[:2] == expected
    assert column[2:] == [0 if measure is COUNT else None] * 38
