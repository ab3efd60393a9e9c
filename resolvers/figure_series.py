"""Figures over time: one series, or one for each group and currency."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.buckets import Granularity, bucket_edges, choose_granularity
from domain.comparison import Comparison
from domain.limits import check_limit, check_page
from domain.questions import COUNT, GroupKey, Warning
from resolvers.figure_reads import Counted, CountedTwice, FiguresAsked, counted_twice
from resolvers.figures import FigureColumns, Figures
from resolvers.scope import Scope
from resolvers.timeseries import current_buckets, earlier_buckets
from resolvers.windows import Meta, Window, meta

CURRENCY = "currency"


@dataclass(frozen=True, slots=True)
class SeriesAsked:
    """Which figures, in which buckets; `dimension` None is a single group, at most `first` are shown."""

    figures: FiguresAsked
    granularity: Granularity
    max_points: int | None
    dimension: str | None
    first: int


@dataclass(frozen=True, slots=True)
class FigureSeries:
    """One group, in one currency where amounts are shown."""

    key: str | None
    currency: str | None
    columns: FigureColumns


@dataclass(frozen=True, slots=True)
class FigureTimeline:
    """The answer, the groups with the most events first; `previous` has the same in the same order."""

    series: list[FigureSeries]
    previous: list[FigureSeries] | None
    meta: Meta


@dataclass(frozen=True, slots=True)
class _Cut:
    granularity: Granularity
    edges: tuple[datetime, ...]
    earlier: Comparison | None


async def figure_series(scope: Scope, span: Window, asked: SeriesAsked) -> FigureTimeline:
    """One read for each source of the buckets, and one of the earlier ones: a single statement."""
    by = _by(asked)
    check_page(asked.first, scope.limits.groups)
    cut = _cut(scope, span, asked)
    before = None if cut.earlier is None else cut.earlier.edges
    found = await counted_twice(scope, asked.figures, cut.edges, before, by)
    keys = _most_events_first(found) if by else [()]
    shown = keys[: asked.first]
    _check_cells(scope, asked, cut, len(shown))
    said = _truncated(len(keys), asked.first)
    return FigureTimeline(
        series=[_series(asked, by, key, _now(cut, span, found, key)) for key in shown],
        previous=_previous(asked, cut, span, by, shown, found),
        meta=meta(span, found.frames, granularity=cut.granularity, warnings=said),
    )


def _by(asked: SeriesAsked) -> tuple[str, ...]:
    kind = asked.figures.kind
    own = () if asked.dimension is None else (kind.dimension(asked.dimension),)
    money = (CURRENCY,) if kind.has_money(asked.figures.names | asked.figures.compared) else ()
    return tuple(dict.fromkeys((*own, *money)))


def _cut(scope: Scope, span: Window, asked: SeriesAsked) -> _Cut:
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


def _check_cells(scope: Scope, asked: SeriesAsked, cut: _Cut, groups: int) -> None:
    numbers = groups * (len(cut.edges) - 1) * len(asked.figures.names | asked.figures.compared)
    check_limit(
        numbers,
        scope.limits.cells,
        "numbers (groups × buckets × figures)",
        code="TOO_MANY_POINTS",
        field="granularity",
    )


def _most_events_first(found: CountedTwice) -> list[GroupKey]:
    """Groups of the range by their events, then those that only the earlier range has."""

    def place(key: GroupKey) -> tuple[int, int, tuple[tuple[bool, str], ...]]:
        earlier = _events(found.before, key) if found.before else 0
        named = tuple((part is None, part or "") for part in key)
        return -_events(found.now, key), -earlier, named

    before = found.before.keys if found.before else []
    return sorted({*found.now.keys, *before}, key=place)


def _events(found: Counted, key: GroupKey) -> int:
    return sum(
        int(value or 0)
        for groups in found.parts.values()
        for part in groups.get(key, ())
        for value in part.columns.values[COUNT]
    )


def _series(
    asked: SeriesAsked, by: tuple[str, ...], key: GroupKey, columns: FigureColumns
) -> FigureSeries:
    names = dict(zip(by, key, strict=True))
    return FigureSeries(names.get(asked.dimension or ""), names.get(CURRENCY), columns)


def _now(cut: _Cut, span: Window, found: CountedTwice, key: GroupKey) -> FigureColumns:
    figures = Figures(found.asked.kind, found.now.tallies(key))
    return FigureColumns(figures, current_buckets(cut.edges, span.now), len(cut.edges) - 1)


def _previous(
    asked: SeriesAsked,
    cut: _Cut,
    span: Window,
    by: tuple[str, ...],
    keys: Sequence[GroupKey],
    found: CountedTwice,
) -> list[FigureSeries] | None:
    if found.before is None or cut.earlier is None:
        return None
    buckets, length = earlier_buckets(cut.earlier, span.now), len(cut.earlier.edges) - 1
    figures = [Figures(found.asked.kind, found.before.tallies(key)) for key in keys]
    columns = [FigureColumns(each, buckets, length) for each in figures]
    return [_series(asked, by, *pair) for pair in zip(keys, columns, strict=True)]


def _truncated(groups: int, first: int) -> list[Warning]:
    if groups <= first:
        return []
    return [
        Warning(
            "GROUPS_TRUNCATED",
            f"The {first} series with the most events of {groups} are shown.",
        )
    ]
