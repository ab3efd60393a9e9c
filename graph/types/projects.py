"""Projects by their news."""

import strawberry

from domain.project_figures import PROJECT_KIND
from graph import figure_fields as figures
from graph.fields import computed
from graph.figure_fields import (
    FirstSeries,
    GroupDimension,
    OrderFigure,
    Root,
    SeriesDimension,
    Towards,
)
from graph.figure_types import KindTypes
from graph.inputs import Direction
from graph.section_arguments import AUTO, FIRST_GROUPS, First, Info, Length, MaxPoints
from graph.types.meta import Meta

_PROJECTS = KindTypes(PROJECT_KIND)


@strawberry.type(
    description="Projects that had news in the range; each is in the furthest state told."
)
class Projects:
    @computed("All projects together.", _PROJECTS.overview | None)
    async def statistics(root: Root, info: Info) -> object:
        return await figures.overview(root, info, _PROJECTS)

    @computed(
        "Whom they reach and at what cost, by sector, region, project or status.",
        _PROJECTS.groups | None,
    )
    async def impact(
        root: Root,
        info: Info,
        dimension: GroupDimension = "sector",
        first: First = FIRST_GROUPS,
        order_by: OrderFigure = "beneficiaries",
        direction: Towards = Direction.DESC,
    ) -> object:
        return await figures.groups(root, info, _PROJECTS, dimension, first, order_by, direction)

    @computed("How many are completed, by sector, region or project.", _PROJECTS.groups | None)
    async def completion(
        root: Root,
        info: Info,
        dimension: GroupDimension = "sector",
        first: First = FIRST_GROUPS,
        order_by: OrderFigure = "completionRate",
        direction: Towards = Direction.DESC,
    ) -> object:
        return await figures.groups(root, info, _PROJECTS, dimension, first, order_by, direction)

    @computed("People reached over time.", _PROJECTS.series | None)
    async def beneficiaries(
        root: Root,
        info: Info,
        granularity: Length = AUTO,
        max_points: MaxPoints = None,
        dimension: SeriesDimension = None,
        first: FirstSeries = FIRST_GROUPS,
    ) -> object:
        return await figures.series(
            root, info, _PROJECTS, granularity, max_points, dimension, first
        )

    @computed("How good the section is, over all of its selected parts.", Meta)
    async def meta(root: Root) -> object:
        return await root.section.meta()
