"""Partners and what they give."""

import strawberry

from domain.partner_figures import DONATION_KIND, ENGAGEMENT_KIND, PARTNER_KIND
from graph.fields import computed
from graph.figure_fields import Root, groups_field, meta_field, overview_field, series_field
from graph.figure_types import KindTypes

_PARTNERS = KindTypes(PARTNER_KIND)
_DONATIONS = KindTypes(DONATION_KIND)
_ENGAGEMENT = KindTypes(ENGAGEMENT_KIND)


@strawberry.type(description="How partners are kept in touch with.")
class PartnerEngagement:
    overview = overview_field("All contacts together.", _ENGAGEMENT)
    breakdown = groups_field("Contacts by channel, kind, partnerType or partner.", _ENGAGEMENT)
    timeseries = series_field("Contacts over time.", _ENGAGEMENT)


@strawberry.type(description="Partners, what they give, and how they are kept in touch with.")
class Partners:
    statistics = overview_field("All partners together.", _PARTNERS)
    donations = series_field("Donations over time.", _DONATIONS)

    @computed("Contacts with partners.", PartnerEngagement)
    def engagement(root: Root) -> object:
        return root

    breakdown = groups_field(
        "Donations by partnerType, partner, campaign, status, recurring or currency.",
        _DONATIONS,
        by="partnerType",
    )
    meta = meta_field()
