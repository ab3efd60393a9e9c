"""The local clock of a zone over a span, as arrays: what it shows at an instant, and when it shows a time.

Both are whole microseconds (int64) since 1970-01-01T00:00: instants in UTC, readings on the local clock.
A clock that is set back shows some readings twice, one that is set forward skips some.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Microseconds = NDArray[np.int64]

SECOND = 1_000_000
DAY = 86_400 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_SAMPLE_SECONDS = 2 * 86_400
"""No zone since 1970 changed its offset twice within six days (the closest pair is 6.96 days apart)."""
_LAST_YEAR = 9999
_LAST_SAMPLED = datetime(_LAST_YEAR, 12, 31, tzinfo=UTC)
"""Any later and the local time of a zone to the east would be in the year 10000."""


class Weekday(IntEnum):
    """Days of the week as `datetime.weekday` counts them."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970 of an aware instant."""
    return (instant - EPOCH) // _TICK


def utc_datetime(at: int) -> datetime:
    """The instant of a number of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=at)


@dataclass(frozen=True, slots=True)
class LocalClock:
    """Spans of constant offset: from `starts[i]` on the clock shows the instant plus `offsets[i]`.

    `starts` rises strictly, by more than any change of the offset. Before `starts[0]` the first one holds.
    """

    starts: Microseconds
    offsets: Microseconds

    def readings(self, instants: Microseconds) -> Microseconds:
        """What the clock shows at each instant."""
        return instants + self.offsets[self._spans(instants, "right")]

    def readings_before(self, instants: Microseconds) -> Microseconds:
        """What the clock would show at each instant, had it not been set at just that instant."""
        return instants + self.offsets[self._spans(instants, "left")]

    def instants(self, readings: Microseconds) -> Microseconds:
        """The first instant at which the clock shows each reading or, where it skips it, a later one."""
        shown_until = self.starts[1:] + self.offsets[:-1]
        spans = np.searchsorted(shown_until, readings, side="right")
        earliest = np.where(spans > 0, self.starts[spans], np.iinfo(np.int64).min)
        found: Microseconds = np.maximum(readings - self.offsets[spans], earliest)
        return found

    def reading(self, instant: int) -> int:
        """`readings` of one instant."""
        return int(self.readings(np.array([instant]))[0])

    def instant(self, reading: int) -> int:
        """`instants` of one reading."""
        return int(self.instants(np.array([reading]))[0])

    def _spans(self, instants: Microseconds, side: Literal["left", "right"]) -> NDArray[np.intp]:
        found = np.searchsorted(self.starts, instants, side=side) - 1
        return np.maximum(found, 0)


def local_clock(zone: ZoneInfo, start: int, end: int) -> LocalClock:
    """The zone's clock, true for every instant of [start, end] and two days around it."""
    first, last = start - 2 * DAY, end + 2 * DAY
    changes = [
        each
        for year in range(_year(first), min(_year(last), _LAST_YEAR) + 1)
        for each in _offsets_of_year(zone, year)
    ]
    kept = [changes[0], *(new for old, new in pairwise(changes) if new[1] != old[1])]
    return LocalClock(
        starts=np.array([at for at, _ in kept], dtype=np.int64),
        offsets=np.array([offset for _, offset in kept], dtype=np.int64),
    )


def _year(at: int) -> int:
    return int(np.datetime64(at, "us").astype("datetime64[Y]").astype(np.int64)) + 1970


@lru_cache(maxsize=8_192)
def _offsets_of_year(zone: ZoneInfo, year: int) -> tuple[tuple[int, int], ...]:
    """The offset at the start of the year (UTC) and each that begins within it, in microseconds."""
    return tuple((at * SECOND, offset * SECOND) for at, offset in _offset_changes(zone, year))


def _offset_changes(zone: ZoneInfo, year: int) -> Iterator[tuple[int, int]]:
    samples = _samples(year)
    before = samples[0]
    offset = _offset_at(zone, before)
    yield before, offset
    for after in samples[1:]:
        new = _offset_at(zone, after)
        if new != offset:
            yield _first_with(zone, new, before, after), new
        before, offset = after, new


def _samples(year: int) -> list[int]:
    start = datetime(year, 1, 1, tzinfo=UTC)
    end = start.replace(year=year + 1) if year < _LAST_YEAR else _LAST_SAMPLED
    last = int(end.timestamp()) - 1
    return [*range(int(start.timestamp()), last, _SAMPLE_SECONDS), last]


def _first_with(zone: ZoneInfo, offset: int, without: int, having: int) -> int:
    """The first second with the offset, in (without, having]."""
    while having - without > 1:
        middle = (without + having) // 2
        if _offset_at(zone, middle) == offset:
            having = middle
        else:
            without = middle
    return having


def _offset_at(zone: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())
