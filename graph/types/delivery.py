"""Messages to people and whether they arrived."""

import strawberry

from domain.delivery_figures import DELIVERY_KIND
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

_DELIVERY = KindTypes(DELIVERY_KIND)


@strawberry.type(description="Messages to people: how many arrived, were opened and clicked.")
class NotificationDelivery:
    @computed("All messages together.", _DELIVERY.overview | None)
    async def statistics(root: Root, info: Info) -> object:
        return await figures.overview(root, info, _DELIVERY)

    @computed("Delivery over time.", _DELIVERY.series | None)
    async def delivery(
        root: Root,
        info: Info,
        granularity: Length = AUTO,
        max_points: MaxPoints = None,
        dimension: SeriesDimension = None,
        first: FirstSeries = FIRST_GROUPS,
    ) -> object:
        return await figures.series(
            root, info, _DELIVERY, granularity, max_points, dimension, first
        )

    @computed(
        "Channels beside each other; also by campaign, template or source.", _DELIVERY.groups | None
    )
    async def channels(
        root: Root,
        info: Info,
        dimension: GroupDimension = "channel",
        first: First = FIRST_GROUPS,
        order_by: OrderFigure = None,
        direction: Towards = Direction.DESC,
    ) -> object:
        return await figures.groups(root, info, _DELIVERY, dimension, first, order_by, direction)

    @computed("How good the section is, over all of its selected parts.", Meta)
    async def meta(root: Root) -> object:
        return await root.section.meta()
