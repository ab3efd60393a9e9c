"""The largest groups by one dimension, and the rest."""

from dataclasses import dataclass

from domain.catalogue import EventType
from domain.limits import check_page
from domain.questions import COUNT, Filter, Frame, GroupKey, MeasureKey, Read, Top
from resolvers.answers import Aggregates, Ratios, without_events
from resolvers.conditions import condition_on, joined
from resolvers.measures import checked_measure, checked_measures
from resolvers.scope import Scope
from resolvers.sight import check_sight, of_groups
from resolvers.windows import Meta, When, Window, meta, window


@dataclass(frozen=True, slots=True)
class BreakdownAsked:
    """The question; what is not selected is not computed."""

    event_type: str
    dimension: str
    when: When
    filter: Filter | None
    order: MeasureKey
    descending: bool
    first: int
    measures: frozenset[MeasureKey]
    earlier_measures: frozenset[MeasureKey]


@dataclass(frozen=True, slots=True)
class BreakdownRow:
    """One group."""

    key: str | None
    aggregates: Aggregates
    previous: Aggregates | None

    @property
    def change(self) -> Ratios | None:
        """How the group compares to its earlier self."""
        return None if self.previous is None else Ratios(self.aggregates, self.previous)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The answer, its rows in the order asked for."""

    rows: list[BreakdownRow]
    other: Aggregates | None
    total_groups: int
    meta: Meta


async def breakdown(scope: Scope, asked: BreakdownAsked) -> Breakdown:
    """One read; where an earlier period is compared, one more for the groups that the first one found."""
    event_type = scope.event_type(asked.event_type)
    event_type.dimension(asked.dimension, field="dimension")
    check_page(asked.first, scope.limits.breakdown_rows)
    span = window(scope, asked.when)
    condition = condition_on(scope, event_type, asked.filter)
    groups = (asked.dimension,)
    await check_sight(scope, event_type, span, groups, asked.filter, condition)
    read = of_groups(
        scope,
        Read(
            event_type=event_type.name,
            edges=span.edges,
            measures=checked_measures(asked.measures, event_type),
            group_by=groups,
            filter=condition,
            top=Top(asked.first, _order(asked, event_type), asked.descending),
        ),
    )
    frame = await scope.loaders.frames.load(read)
    earlier = await _earlier(scope, asked, event_type, span, read, frame)
    return Breakdown(
        rows=_rows(frame, earlier, asked.earlier_measures | {COUNT}),
        other=None if frame.other is None else Aggregates(frame.other),
        total_groups=frame.total_groups,
        meta=meta(span, [frame] if earlier is None else [frame, earlier]),
    )


def _order(asked: BreakdownAsked, event_type: EventType) -> MeasureKey:
    return checked_measure(asked.order, event_type, field="orderBy")


async def _earlier(
    scope: Scope,
    asked: BreakdownAsked,
    event_type: EventType,
    span: Window,
    read: Read,
    frame: Frame,
) -> Frame | None:
    edges = span.earlier_edges()
    if edges is None or not frame.groups:
        return None
    keys = tuple(key[0] for key in frame.groups)
    among = Filter(dimension=asked.dimension, isin=keys)
    earlier = Read(
        event_type=event_type.name,
        edges=edges,
        measures=checked_measures(asked.earlier_measures, event_type),
        group_by=read.group_by,
        filter=joined(read.filter, among),
    )
    return await scope.loaders.frames.load(of_groups(scope, earlier))


def _rows(
    frame: Frame, earlier: Frame | None, measures: frozenset[MeasureKey]
) -> list[BreakdownRow]:
    return [
        BreakdownRow(key[0], Aggregates(columns), _earlier_row(key, earlier, measures))
        for key, columns in frame.groups.items()
    ]


def _earlier_row(
    key: GroupKey, earlier: Frame | None, measures: frozenset[MeasureKey]
) -> Aggregates | None:
    """The group's earlier measures; one that was not there yet had no events.

    None where it is among those that the caller may not see.
    """
    if earlier is None or (key not in earlier.groups and earlier.other is not None):
        return None
    return Aggregates(earlier.groups.get(key) or without_events(measures))
