"""Social media."""

import strawberry

from domain.social_figures import SOCIAL_KIND
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

_SOCIAL = KindTypes(SOCIAL_KIND)


@strawberry.type(description="Posts on social platforms and what they got.")
class SocialMedia:
    @computed("All platforms together.", _SOCIAL.overview | None)
    async def performance(root: Root, info: Info) -> object:
        return await figures.overview(root, info, _SOCIAL)

    @computed(
        "Platforms beside each other; also by kind of post, account or source.",
        _SOCIAL.groups | None,
    )
    async def platforms(
        root: Root,
        info: Info,
        dimension: GroupDimension = "platform",
        first: First = FIRST_GROUPS,
        order_by: OrderFigure = None,
        direction: Towards = Direction.DESC,
    ) -> object:
        return await figures.groups(root, info, _SOCIAL, dimension, first, order_by, direction)

    @computed("Engagement over time.", _SOCIAL.series | None)
    async def engagement(
        root: Root,
        info: Info,
        granularity: Length = AUTO,
        max_points: MaxPoints = None,
        dimension: SeriesDimension = None,
        first: FirstSeries = FIRST_GROUPS,
    ) -> object:
        return await figures.series(root, info, _SOCIAL, granularity, max_points, dimension, first)

    @computed("How good the section is, over all of its selected parts.", Meta)
    async def meta(root: Root) -> object:
        return await root.section.meta()
