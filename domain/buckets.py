"""Cutting a span of instants into the quarter-hours, hours, days, weeks or months of a zone's local clock.

A day, week or month starts at the first instant at which the local clock shows its midnight or, where that
midnight is skipped, anything later. A quarter-hour or hour starts wherever the local clock enters one, so a
repeated hour is two buckets; a clock set by half an hour makes hours of 30 or 90 minutes.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from domain.clock import (
    DAY,
    SECOND,
    LocalClock,
    Microseconds,
    Weekday,
    local_clock,
    microseconds,
)
from domain.errors import InvalidInput, OverLimit
from domain.grains import Edges
from domain.questions import Interval

DEFAULT_POINTS = 500
"""How many points AUTO aims to stay within."""

MOST_POINTS = 10_000
"""How many points one series may have."""

_FIRST_MONDAY = 4 * DAY
"""1970-01-05, as a reading."""


class Granularity(Enum):
    """How long a bucket is. AUTO is the finest of the others that stays within the points asked for."""

    AUTO = "auto"
    QUARTER_HOUR = "quarter_hour"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


NOMINAL: Mapping[Granularity, timedelta] = {
    Granularity.QUARTER_HOUR: timedelta(minutes=15),
    Granularity.HOUR: timedelta(hours=1),
    Granularity.DAY: timedelta(days=1),
    Granularity.WEEK: timedelta(days=7),
    Granularity.MONTH: timedelta(days=31),
}
"""The usual length of a bucket (the longest, of a month), the finest first."""

_CLOCK_STEPS = {
    Granularity.QUARTER_HOUR: 900 * SECOND,
    Granularity.HOUR: 3_600 * SECOND,
}


@lru_cache(maxsize=16)
def bucket_edges(
    interval: Interval,
    granularity: Granularity,
    zone: ZoneInfo,
    week_start: Weekday = Weekday.MONDAY,
) -> Edges:
    """The edges of the buckets in UTC, strictly rising, from `interval.start` to `interval.end` themselves.

    The first and the last bucket are clipped to the interval. `granularity` is not AUTO.
    """
    inner = _boundaries(interval, granularity, zone, week_start)
    between = (datetime.fromtimestamp(second, UTC) for second in (inner // SECOND).tolist())
    ends = [microseconds(interval.start)], [microseconds(interval.end)]
    return Edges.of(
        (interval.start, *between, interval.end), np.concatenate((ends[0], inner, ends[1]))
    )


def choose_granularity(
    interval: Interval,
    asked: Granularity,
    zone: ZoneInfo,
    *,
    max_points: int | None = None,
    week_start: Weekday = Weekday.MONDAY,
    most_points: int = MOST_POINTS,
    field: str | None = "granularity",
) -> Granularity:
    """What was asked, or for AUTO the finest that gives at most `max_points` (500 where None).

    More points than `max_points` (or `most_points` where None) are refused with TOO_MANY_POINTS.
    """
    limit = _limit(asked, max_points, most_points)
    choices = tuple(NOMINAL) if asked is Granularity.AUTO else (asked,)
    fitting = _fitting(choices, interval, zone, week_start, limit)
    if fitting is None:
        raise _too_many(interval, asked, zone, week_start, limit, field)
    return fitting


def complete_flags(edges: Sequence[datetime], now: datetime) -> list[bool]:
    """Whether each bucket between rising edges has ended by `now`; else it can grow without late events."""
    ended = bisect_right(edges, now, lo=1) - 1
    return [True] * ended + [False] * (len(edges) - 1 - ended)


def bucket_count(
    interval: Interval, granularity: Granularity, zone: ZoneInfo, week_start: Weekday
) -> int:
    """How many buckets `bucket_edges` makes."""
    return len(_boundaries(interval, granularity, zone, week_start)) + 1


def _limit(asked: Granularity, max_points: int | None, most_points: int) -> int:
    if max_points is None:
        return min(DEFAULT_POINTS, most_points) if asked is Granularity.AUTO else most_points
    if not 1 <= max_points <= most_points:
        raise InvalidInput(
            f"maxPoints is {max_points:,}; it can be 1 to {most_points:,}.",
            code="INVALID_MAX_POINTS",
            field="maxPoints",
            limit=most_points,
        )
    return max_points


def _fitting(
    choices: Sequence[Granularity],
    interval: Interval,
    zone: ZoneInfo,
    week_start: Weekday,
    limit: int,
) -> Granularity | None:
    """The first choice within the limit. Those far beyond it are passed over without being cut."""
    span = interval.end - interval.start
    within_reach = (each for each in choices if span <= 2 * (limit + 1) * NOMINAL[each])
    return next(
        (each for each in within_reach if bucket_count(interval, each, zone, week_start) <= limit),
        None,
    )


def _too_many(
    interval: Interval,
    asked: Granularity,
    zone: ZoneInfo,
    week_start: Weekday,
    limit: int,
    field: str | None,
) -> OverLimit:
    finest = Granularity.MONTH if asked is Granularity.AUTO else asked
    points = bucket_count(interval, finest, zone, week_start)
    fits = _fitting(tuple(NOMINAL), interval, zone, week_start, limit)
    advice = f"{fits.name} would fit" if fits else "no granularity fits: ask for a shorter range"
    return OverLimit(
        f"{finest.name} makes {points:,} points of this range; at most {limit:,} are answered"
        f" here ({advice}).",
        code="TOO_MANY_POINTS",
        field=field,
        points=points,
        limit=limit,
        fits=fits.name if fits else None,
    )


@lru_cache(maxsize=64)
def _boundaries(
    interval: Interval, granularity: Granularity, zone: ZoneInfo, week_start: Weekday
) -> Microseconds:
    """Where buckets start strictly inside the interval, rising; shared, so nothing may write to it."""
    start, end = microseconds(interval.start), microseconds(interval.end)
    clock = local_clock(zone, start, end)
    if granularity in _CLOCK_STEPS:
        found = _clock_starts(clock, start, end, _CLOCK_STEPS[granularity])
    else:
        found = np.unique(clock.instants(_midnights(clock, start, end, granularity, week_start)))
    return found[(found > start) & (found < end)]


def _midnights(
    clock: LocalClock, start: int, end: int, granularity: Granularity, week_start: Weekday
) -> Microseconds:
    """The readings at which days, weeks or months start, at least all within the span."""
    first, last = clock.reading(start) - 2 * DAY, clock.reading(end) + 2 * DAY
    if granularity is Granularity.MONTH:
        months = np.arange(_month(first) + 1, _month(last) + 1).astype("datetime64[M]")
        return months.astype("datetime64[us]").astype(np.int64)
    step = 7 * DAY if granularity is Granularity.WEEK else DAY
    anchor = _FIRST_MONDAY + week_start * DAY
    return np.arange(first + (anchor - first) % step, last, step, dtype=np.int64)


def _month(reading: int) -> int:
    """Months since January 1970."""
    return int(np.datetime64(reading, "us").astype("datetime64[M]").astype(np.int64))


def _clock_starts(clock: LocalClock, start: int, end: int, step: int) -> Microseconds:
    return np.unique(np.concatenate(list(_clock_starts_by_span(clock, start, end, step))))


def _clock_starts_by_span(
    clock: LocalClock, start: int, end: int, step: int
) -> Iterator[Microseconds]:
    """Of each span of constant offset, its start if the clock enters a step there, then the whole steps."""
    for index, offset in enumerate(clock.offsets.tolist()):
        opened = int(clock.starts[index])
        closed = int(clock.starts[index + 1]) if index + 1 < len(clock.starts) else end
        first, last = max(opened, start), min(closed, end)
        if first < last:
            if _enters(clock, opened, step):
                yield np.array([opened], dtype=np.int64)
            yield np.arange(first + (-first - offset) % step, last, step, dtype=np.int64)


def _enters(clock: LocalClock, at: int, step: int) -> bool:
    """Whether the clock, set at this instant, shows another step than just before."""
    at_once = np.array([at])
    before = clock.readings_before(at_once - 1)
    return bool((before // step != clock.readings(at_once) // step)[0])
