"""From what a caller says for a range, a zone and a comparison to instants and buckets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.buckets import Granularity
from domain.comparison import CompareAlignment, ComparePeriod, Comparison, compared
from domain.questions import Frame, Interval, Warning
from domain.ranges import RangeSpec, resolve
from domain.zones import zone
from resolvers.scope import Scope


def span_in_utc(scope: Scope, asked: RangeSpec | None) -> Interval | None:
    """The span of a list that is filtered by time; None for any."""
    if asked is None:
        return None
    return resolve(asked, scope.now, zone("UTC"), scope.rooms.week_start)


@dataclass(frozen=True, slots=True)
class Compare:
    """Which earlier period, and how it is laid beside."""

    period: ComparePeriod
    alignment: CompareAlignment


@dataclass(frozen=True, slots=True)
class When:
    """What a question says about time."""

    range: RangeSpec
    time_zone: str
    compare: Compare | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The same, at the moment of the request."""

    interval: Interval
    zone: ZoneInfo
    now: datetime
    compare: Compare | None

    @property
    def edges(self) -> tuple[datetime, datetime]:
        """The edges of a total."""
        return self.interval.start, self.interval.end

    def earlier(
        self, edges: Sequence[datetime], granularity: Granularity | None
    ) -> Comparison | None:
        """The earlier period, cut like the current one; None where none was asked for."""
        if self.compare is None:
            return None
        asked = self.compare
        return compared(
            self.interval, edges, granularity, asked.period, asked.alignment, self.zone, self.now
        )

    def earlier_edges(self) -> tuple[datetime, datetime] | None:
        """The edges of the earlier period's total."""
        found = self.earlier(self.edges, None)
        return None if found is None else (found.interval.start, found.interval.end)


def window(scope: Scope, when: When) -> Window:
    """The span that the question means. Raises INVALID_RANGE, UNKNOWN_TIME_ZONE and their like."""
    place = zone(when.time_zone, field="timeZone")
    interval = resolve(when.range, scope.now, place, scope.rooms.week_start)
    return Window(interval, place, scope.now, when.compare)


@dataclass(frozen=True, slots=True)
class ResolvedRange:
    """What a range came to; the granularity by its name, where there are buckets."""

    start: datetime
    end: datetime
    time_zone: str
    granularity: str | None


@dataclass(frozen=True, slots=True)
class Meta:
    """How good an answer is."""

    range: ResolvedRange
    as_of: datetime
    served_by: tuple[str, ...]
    warnings: tuple[Warning, ...]
    cached: bool = False


def meta(
    asked: Window,
    frames: Iterable[Frame],
    *,
    granularity: Granularity | None = None,
    warnings: Iterable[Warning] = (),
) -> Meta:
    """What holds for all of the frames (at least one): the oldest moment, every source and warning once."""
    read = tuple(frames)
    said = [warning for frame in read for warning in frame.warnings]
    return Meta(
        range=resolved(asked, granularity),
        as_of=min(frame.as_of for frame in read),
        served_by=tuple(dict.fromkeys(each for frame in read for each in frame.served_by)),
        warnings=tuple(dict.fromkeys([*said, *warnings])),
    )


def resolved(asked: Window, granularity: Granularity | None = None) -> ResolvedRange:
    """The range as it is echoed."""
    name = None if granularity is None else granularity.name
    return ResolvedRange(asked.interval.start, asked.interval.end, asked.zone.key, name)
