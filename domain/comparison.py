"""The period that a range is compared with, its buckets lined up with the range's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from math import isfinite
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from domain.buckets import NOMINAL, Granularity
from domain.clock import (
    DAY,
    SECOND,
    LocalClock,
    Microseconds,
    local_clock,
    microseconds,
    utc_datetime,
)
from domain.questions import Interval, Value

T = TypeVar("T")

_WEEK = 7 * DAY
_QUARTER_HOUR = 900 * SECOND
_NEVER = np.iinfo(np.int64).max // 4

_LONGEST_BUCKETS: Mapping[Granularity | None, int] = {
    granularity: int(NOMINAL[granularity].total_seconds()) * SECOND
    for granularity in (
        Granularity.QUARTER_HOUR,
        Granularity.HOUR,
        Granularity.DAY,
        Granularity.WEEK,
    )
}
"""On the clock. Months are as long as they are, and so is a total."""

_FLOORS: Mapping[Granularity | None, int] = {
    Granularity.QUARTER_HOUR: _QUARTER_HOUR,
    Granularity.HOUR: 4 * _QUARTER_HOUR,
}
"""What the clock shows at the start of a bucket is a multiple of this; of longer buckets, of a day."""


class ComparePeriod(Enum):
    """What a range is compared with."""

    PREVIOUS_PERIOD = "previous_period"
    PREVIOUS_YEAR = "previous_year"


class CompareAlignment(Enum):
    """How the earlier period is lined up: by date, by day of the week, or by date up to now only."""

    CALENDAR = "calendar"
    WEEKDAY = "weekday"
    ELAPSED = "elapsed"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What to read of the earlier period.

    `interval` is what a total covers. `edges` (at least two, strictly rising) cut what a series reads;
    `places` holds, for each bucket of the current series, the index of its counterpart among the buckets of
    `edges`, or None where it has none. Buckets of `edges` may be without a current one.
    """

    interval: Interval
    edges: tuple[datetime, ...]
    places: tuple[int | None, ...]

    def lined_up(self, column: Sequence[T]) -> list[T | None]:
        """A column read over `edges` (or `edges[:-1]`, or `edges[1:]`), one item for each current bucket."""
        return [None if place is None else column[place] for place in self.places]


@dataclass(frozen=True, slots=True)
class _Shift:
    """How far to go back: by the calendar in months or days, or in `exact` microseconds."""

    months: int = 0
    days: int = 0
    exact: int = 0


def compared(
    interval: Interval,
    edges: Sequence[datetime],
    granularity: Granularity | None,
    period: ComparePeriod,
    alignment: CompareAlignment,
    zone: ZoneInfo,
    now: datetime,
) -> Comparison:
    """The earlier period of `interval`, cut as `edges` cut it; `granularity` is None for a total."""
    moving = alignment is CompareAlignment.ELAPSED and interval.start <= now < interval.end
    reached = now if moving else None
    return _compared(interval, tuple(edges), granularity, period, alignment, zone, reached)


@lru_cache(maxsize=64)
def _compared(
    interval: Interval,
    edges: tuple[datetime, ...],
    granularity: Granularity | None,
    period: ComparePeriod,
    alignment: CompareAlignment,
    zone: ZoneInfo,
    reached: datetime | None,
) -> Comparison:
    """The same; `reached` is now, where no more of the earlier period counts than has passed of this one."""
    start, end = microseconds(interval.start), microseconds(interval.end)
    clock = local_clock(zone, start - max(end - start + 40 * DAY, 370 * DAY), end)
    shift = _existing(_shift(clock, start, end, period, alignment), clock, start, end)
    first, last = _moved_total(clock, start, end, shift)
    if reached is not None:
        last = _elapsed(clock, microseconds(reached), shift, first, last)
    cuts = np.array([microseconds(edge) for edge in edges], dtype=np.int64)
    starts, ends = _moved(clock, cuts[:-1], cuts[1:], granularity, shift)
    return _lined_up(first, last, starts, ends)


def ratio(current: Value, previous: Value) -> float | None:
    """How many times the previous value the current one is; None where either is unknown or the base is 0."""
    if current is None or previous is None or previous == 0:
        return None
    found = float(current) / float(previous)
    return found if isfinite(found) else None


def _shift(
    clock: LocalClock,
    start: int,
    end: int,
    period: ComparePeriod,
    alignment: CompareAlignment,
) -> _Shift:
    weekday = alignment is CompareAlignment.WEEKDAY
    if period is ComparePeriod.PREVIOUS_YEAR:
        return _Shift(days=364) if weekday else _Shift(months=12)
    return _period_shift(clock, start, end, weekday=weekday)


def _period_shift(clock: LocalClock, start: int, end: int, *, weekday: bool) -> _Shift:
    """Whole months go back by months, whole days by days, the rest by what the next days or quarters hold."""
    shown_from, shown_to = _shown_at(clock, start), _shown_until(clock, end)
    months = _whole_months(shown_from, shown_to)
    whole_days = (shown_to - shown_from) % DAY == 0
    length = shown_to - shown_from if whole_days else end - start
    if weekday:
        return _Shift(days=7 * -(-length // _WEEK))
    if months:
        return _Shift(months=months)
    if whole_days:
        return _Shift(days=length // DAY)
    step = DAY if length >= DAY else _QUARTER_HOUR
    return _Shift(exact=-(-length // step) * step)


def _whole_months(shown_from: int, shown_to: int) -> int:
    """How many months lie between two readings that both start one; 0 where either does not."""
    shown = np.array([shown_from, shown_to], dtype=np.int64)
    months = shown.astype("datetime64[us]").astype("datetime64[M]")
    if (months.astype("datetime64[us]").astype(np.int64) != shown).any():
        return 0
    return int((months[1] - months[0]).astype(np.int64))


def _existing(shift: _Shift, clock: LocalClock, start: int, end: int) -> _Shift:
    """The shift, or as many days in elapsed time where the dates it leads to do not exist at all."""
    first, last = _moved_total(clock, start, end, shift)
    if first < last:
        return shift
    shown = np.array([_shown_at(clock, start)], dtype=np.int64)
    back = int((shown - _earlier(shown, shift))[0])
    return _Shift(exact=back)


def _elapsed(clock: LocalClock, now: int, shift: _Shift, first: int, last: int) -> int:
    """Where the earlier period stands when as much of it has passed, to the quarter-hour that `now` is in."""
    reached = (now // _QUARTER_HOUR + 1) * _QUARTER_HOUR
    if shift.exact:
        cut = reached - shift.exact
    else:
        shown = clock.readings(np.array([reached], dtype=np.int64))
        cut = int(clock.instants(_earlier(shown, shift))[0])
    return min(cut, last) if cut > first else last


def _moved_total(clock: LocalClock, start: int, end: int, shift: _Shift) -> tuple[int, int]:
    starts, ends = np.array([start], dtype=np.int64), np.array([end], dtype=np.int64)
    first, last = _moved(clock, starts, ends, None, shift)
    return int(first[0]), int(last[0])


def _moved(
    clock: LocalClock,
    starts: Microseconds,
    ends: Microseconds,
    granularity: Granularity | None,
    shift: _Shift,
) -> tuple[Microseconds, Microseconds]:
    """Each bucket's earlier span, which is empty (or reversed) where the clock never showed it.

    No earlier bucket is longer on the clock than its granularity: 28 February is not compared with four days.
    """
    if shift.exact:
        return starts - shift.exact, ends - shift.exact
    shown_from = _earlier(_shown_from(clock, starts, granularity), shift)
    shown_to = _earlier(clock.readings_before(ends), shift)
    longest = _LONGEST_BUCKETS.get(granularity, _NEVER)
    return (
        clock.instants(shown_from),
        clock.instants(np.minimum(shown_to, shown_from + longest)),
    )


def _shown_from(
    clock: LocalClock, starts: Microseconds, granularity: Granularity | None
) -> Microseconds:
    """What the clock shows at the start of each bucket: where that is skipped, what it would have shown."""
    shown, unset = clock.readings(starts), clock.readings_before(starts)
    floor = _FLOORS.get(granularity, DAY)
    found: Microseconds = np.where(unset < shown, np.maximum(shown // floor * floor, unset), shown)
    return found


def _shown_at(clock: LocalClock, start: int) -> int:
    return int(_shown_from(clock, np.array([start], dtype=np.int64), None)[0])


def _shown_until(clock: LocalClock, end: int) -> int:
    return int(clock.readings_before(np.array([end], dtype=np.int64))[0])


def _earlier(readings: Microseconds, shift: _Shift) -> Microseconds:
    """The readings by the calendar; a date that the earlier month does not have is the month's end."""
    if not shift.months:
        return readings - shift.days * DAY
    months = readings.astype("datetime64[us]").astype("datetime64[M]")
    target = months - shift.months
    within = readings - _starts_of(months)
    found: Microseconds = np.minimum(_starts_of(target) + within, _starts_of(target + 1))
    return found


def _starts_of(months: "np.typing.NDArray[np.datetime64]") -> Microseconds:
    return months.astype("datetime64[us]").astype(np.int64)


def _lined_up(first: int, last: int, starts: Microseconds, ends: Microseconds) -> Comparison:
    """Spans within [first, last) as edges and places. An instant goes to the first span that holds it."""
    ends = np.minimum(ends, last)
    taken = np.maximum.accumulate(np.concatenate(([first], ends[:-1])))
    starts = np.maximum(starts, taken)
    held = starts < ends
    edges = np.unique(np.concatenate((starts[held], ends[held]))) if held.any() else [first, last]
    places = np.where(held, np.searchsorted(edges, starts), -1).tolist()
    return Comparison(
        interval=Interval(utc_datetime(first), utc_datetime(last)),
        edges=tuple(utc_datetime(int(edge)) for edge in edges),
        places=tuple(None if place < 0 else place for place in places),
    )
