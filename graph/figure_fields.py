"""What the fields of sections made of figures have in common: arguments, and how they are answered."""

from typing import Annotated

import strawberry

from domain import buckets
from graph.arguments import CompareTo, Condition, Range, Zone, when
from graph.figure_types import KindTypes
from graph.inputs import Direction, Granularity
from graph.section_arguments import FIRST_GROUPS, Info, Length, MaxPoints
from graph.selection import selection_of
from resolvers.figure_rows import RowsAsked
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


async def overview(root: FigureSection, info: Info, types: KindTypes) -> object:
    """The figures of all events."""
    return await root.totals(types.total_of(selection_of(info), root.filter))


async def groups(
    root: FigureSection,
    info: Info,
    types: KindTypes,
    dimension: str,
    first: int | None,
    order_by: str | None,
    direction: Direction,
) -> object:
    """The figures by one dimension."""
    asked = RowsAsked(
        figures=types.groups_of(selection_of(info), root.filter),
        dimension=dimension,
        first=FIRST_GROUPS if first is None else first,
        order_by=order_by,
        descending=direction is Direction.DESC,
    )
    return await root.rows(asked)


async def series(
    root: FigureSection,
    info: Info,
    types: KindTypes,
    granularity: Length,
    max_points: MaxPoints,
    dimension: str | None,
    first: int | None,
) -> object:
    """The figures over time."""
    asked = SeriesAsked(
        figures=types.series_of(selection_of(info), root.filter),
        granularity=buckets.Granularity[(granularity or Granularity.AUTO).name],
        max_points=max_points,
        dimension=dimension,
        first=FIRST_GROUPS if first is None else first,
    )
    return await root.series(asked)
