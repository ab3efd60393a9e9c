"""The fields of sections made of figures: their arguments, and how they are answered."""

from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from domain import buckets
from graph.arguments import UTC, CompareTo, Condition, Range, Zone, when
from graph.fields import computed
from graph.figure_types import KindTypes
from graph.inputs import Direction
from graph.section_arguments import AUTO, FIRST_GROUPS, First, Info, Length, MaxPoints
from graph.selection import selection_of
from graph.types.meta import Meta
from resolvers.figure_rows import FigureRows, RowsAsked
from resolvers.figure_section import FigureSection
from resolvers.figure_series import SeriesAsked
from resolvers.section_parts import Section

Root = strawberry.Parent[FigureSection]
OrderFigure = Annotated[
    str | None,
    strawberry.argument(description="The figure that groups are ordered by; the main one without."),
]
Towards = Annotated[Direction, strawberry.argument(description="Which end comes first.")]
GroupDimension = Annotated[str, strawberry.argument(description="What to group by.")]
SeriesDimension = Annotated[
    str | None, strawberry.argument(description="What to make a series for each value of.")
]
FirstSeries = Annotated[
    int | None, strawberry.argument(description="How many series at most, with a dimension.")
]


def section_of(
    info: Info, range: Range, time_zone: Zone, compare_to: CompareTo, filter: Condition
) -> FigureSection:
    """The section that the arguments mean."""
    section = Section.of(info.context, when(range, time_zone, compare_to))
    return FigureSection(section, None if filter is None else filter.tree())


def overview_field(description: str, types: KindTypes) -> Any:
    """A field: the figures of all events."""

    async def shown(root: Root, info: Info) -> object:
        return await root.totals(types.total_of(selection_of(info), root.filter))

    return computed(description, types.overview | None)(shown)


def groups_field(
    description: str, types: KindTypes, by: str = strawberry.UNSET, rank: str | None = None
) -> Any:
    """A field: the figures by one dimension, `by` where the question names none; without it it must."""

    async def shown(
        root: Root,
        info: Info,
        dimension: GroupDimension = by,
        first: First = FIRST_GROUPS,
        order_by: OrderFigure = rank,
        direction: Towards = Direction.DESC,
    ) -> object:
        return await _groups(root, info, types, RowsShown(dimension, first, order_by, direction))

    return computed(description, types.groups | None)(shown)


def groups_by_field(description: str, types: KindTypes, dimension: str) -> Any:
    """A field: the figures by this dimension."""

    async def shown(
        root: Root,
        info: Info,
        first: First = FIRST_GROUPS,
        order_by: OrderFigure = None,
        direction: Towards = Direction.DESC,
    ) -> object:
        return await _groups(root, info, types, RowsShown(dimension, first, order_by, direction))

    return computed(description, types.groups | None)(shown)


def series_field(description: str, types: KindTypes) -> Any:
    """A field: the figures over time."""

    async def shown(
        root: Root,
        info: Info,
        granularity: Length = AUTO,
        max_points: MaxPoints = None,
        dimension: SeriesDimension = None,
        first: FirstSeries = FIRST_GROUPS,
    ) -> object:
        asked = SeriesAsked(
            figures=types.series_of(selection_of(info), root.filter),
            granularity=buckets.Granularity[(granularity or AUTO).name],
            max_points=max_points,
            dimension=dimension,
            first=FIRST_GROUPS if first is None else first,
        )
        return await root.series(asked)

    return computed(description, types.series | None)(shown)


def meta_field() -> Any:
    """A field: how good the section is."""

    async def shown(root: Root) -> object:
        return await root.section.meta()

    return computed("How good the section is, over all of its selected parts.", Meta)(shown)


def section_field(description: str, shown_as: Any) -> Any:
    """A field of the query: a section of a range, all of whose figures meet a condition."""

    def shown(
        info: Info,
        range: Range,
        filter: Condition = None,
        time_zone: Zone = UTC,
        compare_to: CompareTo = None,
    ) -> object:
        return section_of(info, range, time_zone, compare_to, filter)

    return computed(description, shown_as | None)(shown)


@dataclass(frozen=True, slots=True)
class RowsShown:
    """Which groups are listed, as the arguments say it."""

    dimension: str
    first: int | None
    order_by: str | None
    direction: Direction


async def _groups(
    root: FigureSection, info: Info, types: KindTypes, shown: RowsShown
) -> FigureRows:
    asked = RowsAsked(
        figures=types.groups_of(selection_of(info), root.filter),
        dimension=shown.dimension,
        first=FIRST_GROUPS if shown.first is None else shown.first,
        order_by=shown.order_by,
        descending=shown.direction is Direction.DESC,
    )
    return await root.rows(asked)
