"""Measures over time, by group."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.buckets import Granularity, bucket_edges, choose_granularity, complete_flags
from domain.catalogue import EventType
from domain.comparison import Comparison
from domain.errors import InvalidInput
from domain.fill import Fill
from domain.grains import Instants, micros
from domain.limits import check_limit
from domain.questions import (
    COUNT,
    Columns,
    Filter,
    Frame,
    GroupKey,
    MeasureKey,
    Read,
    Top,
    Warning,
)
from resolvers.answers import AggregateColumns, Aggregates, Buckets, without_events
from resolvers.conditions import condition_on, joined
from resolvers.measures import checked_measures
from resolvers.scope import Scope
from resolvers.sight import check_sight, of_groups
from resolvers.windows import Meta, When, Window, meta, window


@dataclass(frozen=True, slots=True)
class TimeSeriesAsked:
    """The question; what is not selected is not computed."""

    event_type: str
    when: When
    granularity: Granularity
    max_points: int | None
    group_by: tuple[str, ...]
    filter: Filter | None
    fill: Fill | None
    measures: frozenset[MeasureKey]
    as_points: bool


@dataclass(frozen=True, slots=True)
class DimensionValue:
    """One part of a group's key."""

    dimension: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Point:
    """One bucket of a series."""

    start: datetime
    end: datetime
    complete: bool
    aggregates: Aggregates


@dataclass(frozen=True, slots=True)
class Series:
    """The buckets of one group."""

    key: list[DimensionValue]
    columns: AggregateColumns

    @property
    def points(self) -> list[Point]:
        """Bucket by bucket, without those that have no counterpart."""
        buckets, values = self.columns.buckets, self.columns.values
        rows = zip(buckets.start, buckets.end, buckets.complete, buckets.rows(), strict=True)
        return [
            Point(start, end, bool(complete), Aggregates(values, place))
            for start, end, complete, place in rows
            if start is not None and end is not None and place is not None
        ]


@dataclass(frozen=True, slots=True)
class TimeSeries:
    """The answer; `previous` has the groups of `series` in the same order."""

    series: list[Series]
    previous: list[Series] | None
    meta: Meta


@dataclass(frozen=True, slots=True)
class _Cut:
    """The buckets of the question and, lined up with them, those of the earlier period."""

    granularity: Granularity
    edges: tuple[datetime, ...]
    earlier: Comparison | None


async def timeseries(scope: Scope, asked: TimeSeriesAsked) -> TimeSeries:
    """One read of all buckets and one of the earlier ones; by group, first one that finds the groups."""
    event_type = scope.event_type(asked.event_type)
    _check_group_by(asked.group_by, event_type, scope.limits.group_by)
    span = window(scope, asked.when)
    cut = _cut(scope, asked, span)
    condition = condition_on(scope, event_type, asked.filter)
    await check_sight(scope, event_type, span, asked.group_by, asked.filter, condition)
    base = Read(
        event_type=event_type.name,
        edges=cut.edges,
        measures=checked_measures({*asked.measures, COUNT}, event_type),
        group_by=asked.group_by,
        filter=condition,
    )
    found = await _groups(scope, base, span)
    reads = _reads(base, cut, found)
    _check_cells(scope, asked, reads, found)
    frames = await scope.loaders.frames.all(reads)
    keys = [()] if found is None else list(found.groups)
    current = [_series(asked, key, frames[0], current_buckets(cut.edges, span.now)) for key in keys]
    return TimeSeries(
        series=current,
        previous=_previous(asked, cut, span, current, keys, frames),
        meta=meta(
            span,
            frames if found is None else [found, *frames],
            granularity=cut.granularity,
            warnings=_truncated(found),
        ),
    )


def _check_group_by(names: Sequence[str], event_type: EventType, limit: int) -> None:
    check_limit(
        len(names), limit, "dimensions to group by", code="TOO_MANY_DIMENSIONS", field="groupBy"
    )
    for name in names:
        event_type.dimension(name, field="groupBy")
    if len(set(names)) < len(names):
        raise InvalidInput(
            "groupBy names a dimension twice.", code="REPEATED_DIMENSION", field="groupBy"
        )


def _cut(scope: Scope, asked: TimeSeriesAsked, span: Window) -> _Cut:
    week_start = scope.rooms.week_start
    granularity = choose_granularity(
        span.interval,
        asked.granularity,
        span.zone,
        max_points=asked.max_points,
        week_start=week_start,
        most_points=scope.limits.points,
    )
    edges = bucket_edges(span.interval, granularity, span.zone, week_start)
    return _Cut(granularity, edges, span.earlier(edges, granularity))


async def _groups(scope: Scope, base: Read, span: Window) -> Frame | None:
    """The groups with the most events over the whole range; None where nothing is grouped."""
    if not base.group_by:
        return None
    groups = Read(
        event_type=base.event_type,
        edges=span.edges,
        measures=frozenset({COUNT}),
        group_by=base.group_by,
        filter=base.filter,
        top=Top(scope.limits.groups),
    )
    return await scope.loaders.frames.load(of_groups(scope, groups))


def _reads(base: Read, cut: _Cut, found: Frame | None) -> list[Read]:
    condition = base.filter
    if found is not None and found.other is not None:
        condition = joined(condition, _among(base.group_by, found.groups))
    edges = [cut.edges] if cut.earlier is None else [cut.edges, cut.earlier.edges]
    return [Read(base.event_type, each, base.measures, base.group_by, condition) for each in edges]


def _among(names: Sequence[str], keys: Collection[GroupKey]) -> Filter:
    """The condition that an event is of one of these groups; of none, where there are none."""
    if len(names) == 1 or not keys:
        return Filter(dimension=names[0], isin=tuple(key[0] for key in keys))
    return Filter(any_of=tuple(_exactly(names, key) for key in keys))


def _exactly(names: Sequence[str], key: GroupKey) -> Filter:
    parts = zip(names, key, strict=True)
    return Filter(all_of=tuple(Filter(dimension=name, isin=(value,)) for name, value in parts))


def _check_cells(
    scope: Scope, asked: TimeSeriesAsked, reads: Sequence[Read], found: Frame | None
) -> None:
    groups = 1 if found is None else len(found.groups)
    points = groups * sum(len(read.edges) - 1 for read in reads)
    numbers = points * len(reads[0].measures)
    limits = scope.limits
    for count, limit, what in (
        (numbers, limits.cells, "numbers (groups × buckets × measures)"),
        (points if asked.as_points else 0, limits.point_objects, "points (columns are cheaper)"),
    ):
        check_limit(count, limit, what, code="TOO_MANY_POINTS", field="granularity")


def current_buckets(edges: Sequence[datetime], now: datetime) -> Buckets:
    """The buckets between these edges."""
    at = micros(edges)
    return Buckets(
        start=Instants(edges[:-1], at[:-1]),
        end=Instants(edges[1:], at[1:]),
        complete=list(complete_flags(edges, now)),
    )


def earlier_buckets(earlier: Comparison, now: datetime) -> Buckets:
    """The buckets of an earlier period, lined up with the current ones."""
    return Buckets(
        start=earlier.lined_up(earlier.edges[:-1]),
        end=earlier.lined_up(earlier.edges[1:]),
        complete=earlier.lined_up(complete_flags(earlier.edges, now)),
        places=earlier.places,
    )


def _series(
    asked: TimeSeriesAsked,
    key: GroupKey,
    frame: Frame,
    buckets: Buckets,
    shown: Sequence[bool] | None = None,
) -> Series:
    names = [DimensionValue(*pair) for pair in zip(asked.group_by, key, strict=True)]
    columns = frame.groups.get(key) or _empty(asked, buckets)
    if asked.fill is None:
        return Series(names, AggregateColumns(buckets, columns))
    has_data = [bool(count) for count in buckets.lined_up(columns.values[COUNT])]
    kept = has_data if shown is None else shown
    return Series(names, AggregateColumns(buckets, columns, asked.fill, has_data, kept))


def _empty(asked: TimeSeriesAsked, buckets: Buckets) -> Columns:
    length = 1 + max((row for row in buckets.rows() if row is not None), default=-1)
    return without_events({*asked.measures, COUNT}, length)


def _previous(
    asked: TimeSeriesAsked,
    cut: _Cut,
    span: Window,
    current: Sequence[Series],
    keys: Sequence[GroupKey],
    frames: Sequence[Frame],
) -> list[Series] | None:
    if cut.earlier is None:
        return None
    buckets = earlier_buckets(cut.earlier, span.now)
    return [
        _series(asked, key, frames[1], buckets, series.columns.shown)
        for key, series in zip(keys, current, strict=True)
    ]


def _truncated(found: Frame | None) -> list[Warning]:
    if found is None or found.other is None:
        return []
    return [
        Warning(
            "GROUPS_TRUNCATED",
            f"The {len(found.groups)} groups with the most events of {found.total_groups} are shown.",
        )
    ]
