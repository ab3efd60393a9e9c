"""Partners and what they give."""

import strawberry

from domain.partner_figures import DONATION_KIND, ENGAGEMENT_KIND, PARTNER_KIND
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

_PARTNERS = KindTypes(PARTNER_KIND)
_DONATIONS = KindTypes(DONATION_KIND)
_ENGAGEMENT = KindTypes(ENGAGEMENT_KIND)


@strawberry.type(description="How partners are kept in touch with.")
class PartnerEngagement:
    @computed("All contacts together.", _ENGAGEMENT.overview | None)
    async def overview(root: Root, info: Info) -> object:
        return await figures.overview(root, info, _ENGAGEMENT)

    @computed("Contacts by channel, kind, partnerType or partner.", _ENGAGEMENT.groups | None)
    async def breakdown(
        root: Root,
        info: Info,
        dimension: GroupDimension,
        first: First = FIRST_GROUPS,
        order_by: OrderFigure = None,
        direction: Towards = Direction.DESC,
    ) -> object:
        return await figures.groups(root, info, _ENGAGEMENT, dimension, first, order_by, direction)

    @computed("Contacts over time.", _ENGAGEMENT.series | None)
    async def timeseries(
        root: Root,
        info: Info,
        granularity: Length = AUTO,
        max_points: MaxPoints = None,
        dimension: SeriesDimension = None,
        first: FirstSeries = FIRST_GROUPS,
    ) -> object:
        return await figures.series(
            root, info, _ENGAGEMENT, granularity, max_points, dimension, first
        )


@strawberry.type(description="Partners, what they give, and how they are kept in touch with.")
class Partners:
    @computed("All partners together.", _PARTNERS.overview | None)
    async def statistics(root: Root, info: Info) -> object:
        return await figures.overview(root, info, _PARTNERS)

    @computed("Donations over time.", _DONATIONS.series | None)
    async def donations(
        root: Root,
        info: Info,
        granularity: Length = AUTO,
        max_points: MaxPoints = None,
        dimension: SeriesDimension = None,
        first: FirstSeries = FIRST_GROUPS,
    ) -> object:
        return await figures.series(
            root, info, _DONATIONS, granularity, max_points, dimension, first
        )

    @computed("Contacts with partners.", PartnerEngagement)
    def engagement(root: Root) -> object:
        return root

    @computed(
        "Donations by partnerType, partner, campaign, status, recurring or currency.",
        _DONATIONS.groups | None,
    )
    async def breakdown(
        root: Root,
        info: Info,
        dimension: GroupDimension = "partnerType",
        first: First = FIRST_GROUPS,
        order_by: OrderFigure = None,
        direction: Towards = Direction.DESC,
    ) -> object:
        return await figures.groups(root, info, _DONATIONS, dimension, first, order_by, direction)

    @computed("How good the section is, over all of its selected parts.", Meta)
    async def meta(root: Root) -> object:
        return await root.section.meta()
