"""Figures of partners: what they give, and how they are kept in touch with."""

from domain.amounts import Amounts
from domain.figures import Figure, Kind, Tallies, needs, rate
from domain.questions import COUNT, MeasureKey
from domain.tallies import Source, Tally

PLEDGED = ("pledged", "pledge")
COMMITTED = ("committed", "commitment")
PAID = ("paid",)
TAKEN_BACK = ("refunded", "cancelled", "canceled")
"""States of donations; imported ones may be nouns. What is taken back has a negative value."""

_STATUS = "status"
_VALUE = MeasureKey("sum", "value")

DONATIONS = Source("donation", ("currency", _STATUS))
GIVERS = Source("donation", ("partner",))
RECURRING = Source("donation", ("recurring",))
CONTACTS = Source("partner_engagement", ("partner",))

_MONEY = needs(DONATIONS, COUNT, _VALUE)
_BOTH = {**needs(GIVERS, COUNT), **needs(CONTACTS, COUNT)}


def _in(tallies: Tallies, states: tuple[str, ...]) -> Tally:
    return tallies[DONATIONS].only(_STATUS, *states)


def _paid(tallies: Tallies) -> Amounts:
    """What arrived, less what was sent back."""
    return _in(tallies, (*PAID, *TAKEN_BACK)).amounts("value")


def _average(tallies: Tallies) -> Amounts:
    paid = _in(tallies, PAID)
    counts = {name: each.having("value") for name, each in paid.by("currency").items()}
    return paid.amounts("value").over(counts)


def _partners(tallies: Tallies) -> int:
    return len(tallies[GIVERS].named("partner") | tallies[CONTACTS].named("partner"))


_DONATION_FIGURES = {
    "donations": Figure(
        "Donations at any step; those taken back are none.",
        "whole",
        needs(DONATIONS, COUNT),
        lambda found: found[DONATIONS].without(_STATUS, *TAKEN_BACK).count(),
    ),
    "paid": Figure("What arrived, less what was sent back.", "money", _MONEY, _paid),
    "committed": Figure(
        "What is committed and has not arrived as such.",
        "money",
        _MONEY,
        lambda found: _in(found, COMMITTED).amounts("value"),
    ),
    "pledged": Figure(
        "What is pledged.", "money", _MONEY, lambda found: _in(found, PLEDGED).amounts("value")
    ),
    "averageDonation": Figure(
        "The mean of the donations that arrived.",
        "money",
        needs(DONATIONS, COUNT, _VALUE, MeasureKey("n", "value")),
        _average,
    ),
    "donors": Figure(
        "Partners who gave or promised.",
        "whole",
        needs(GIVERS, COUNT),
        lambda found: found[GIVERS].distinct("partner"),
    ),
}

DONATION_KIND = Kind(
    name="Donations",
    description="What partners gave and promised.",
    figures=_DONATION_FIGURES,
    rank="donations",
    dimensions=("partnerType", "partner", "campaign", "status", "recurring", "currency"),
)
"""Donations as a whole, by whom and for what, and over time."""

PARTNER_KIND = Kind(
    name="PartnerStatistics",
    description="Partners, their donations and how they are kept in touch with.",
    figures={
        **_DONATION_FIGURES,
        "recurringShare": Figure(
            "Donations of a series over all; null without donations.",
            "number",
            needs(RECURRING, COUNT),
            lambda found: rate(
                found[RECURRING].only("recurring", "true").count(), found[RECURRING].count()
            ),
        ),
        "partners": Figure(
            "Partners who gave, promised or were in touch.", "whole", _BOTH, _partners
        ),
        "engagements": Figure(
            "Contacts with partners.",
            "whole",
            needs(CONTACTS, COUNT),
            lambda found: found[CONTACTS].count(),
        ),
        "engagedPartners": Figure(
            "Partners who were in touch.",
            "whole",
            needs(CONTACTS, COUNT),
            lambda found: found[CONTACTS].distinct("partner"),
        ),
        "engagementRate": Figure(
            "Partners in touch over all partners of the range; null without partners.",
            "number",
            _BOTH,
            lambda found: rate(found[CONTACTS].distinct("partner"), _partners(found)),
        ),
    },
    rank="donations",
)
"""Partners as a whole."""

ENGAGEMENT_KIND = Kind(
    name="PartnerContacts",
    description="Contacts with partners.",
    figures={
        "engagements": Figure(
            "Contacts with partners.",
            "whole",
            needs(CONTACTS, COUNT),
            lambda found: found[CONTACTS].count(),
        ),
        "engagedPartners": Figure(
            "Partners who were in touch.",
            "whole",
            needs(CONTACTS, COUNT),
            lambda found: found[CONTACTS].distinct("partner"),
        ),
        "perPartner": Figure(
            "Contacts over the partners in touch; null without any.",
            "number",
            needs(CONTACTS, COUNT),
            lambda found: rate(found[CONTACTS].count(), found[CONTACTS].distinct("partner")),
        ),
    },
    rank="engagements",
    dimensions=("channel", "kind", "partnerType", "partner"),
)
"""Contacts with partners."""
