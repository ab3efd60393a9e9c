"""Figures of messages to people: how many were sent, arrived, were opened and clicked."""

from domain.figures import Figure, Kind, Tallies, needs, rate
from domain.questions import COUNT, USERS, Filter, MeasureKey
from domain.tallies import Source

STEPS = Source("notification", ("status",))
RECIPIENTS = Source("notification")
ARRIVALS = Source("notification", condition=Filter(dimension="status", isin=("delivered",)))

_MEDIAN = MeasureKey("quantile", "durationMs", 0.5)
_SLOW = MeasureKey("quantile", "durationMs", 0.95)


def _count(tallies: Tallies, *states: str) -> int:
    return tallies[STEPS].only("status", *states).count()


def _attempts(tallies: Tallies) -> int:
    """Messages that were sent; where senders do not say so, those whose end is known."""
    return max(_count(tallies, "sent"), _count(tallies, "delivered", "failed", "bounced"))


def _step(state: str) -> Figure:
    said = f"Messages {state}."
    return Figure(said, "whole", needs(STEPS, COUNT), lambda found: _count(found, state))


def _share(description: str, part: tuple[str, ...], whole: str | None) -> Figure:
    """A share of the messages in the state `whole`, or of all that were sent."""

    def value(found: Tallies) -> float | None:
        of = _attempts(found) if whole is None else _count(found, whole)
        return rate(_count(found, *part), of)

    return Figure(description, "number", needs(STEPS, COUNT), value)


DELIVERY_KIND = Kind(
    name="Messages",
    description="Messages to people and what became of them.",
    figures={
        "sent": Figure(
            "Messages sent; where no sent is told, those whose end is known.",
            "whole",
            needs(STEPS, COUNT),
            _attempts,
        ),
        "delivered": _step("delivered"),
        "opened": _step("opened"),
        "clicked": _step("clicked"),
        "failed": _step("failed"),
        "bounced": _step("bounced"),
        "deliveryRate": _share("Delivered over sent; null without any sent.", ("delivered",), None),
        "failureRate": _share(
            "Failed or bounced over sent; null without any sent.", ("failed", "bounced"), None
        ),
        "openRate": _share(
            "Opened over delivered; null without any delivered.", ("opened",), "delivered"
        ),
        "clickRate": _share(
            "Clicked over delivered; null without any delivered.", ("clicked",), "delivered"
        ),
        "recipients": Figure(
            "Distinct users who were written to; null in other.",
            "count",
            needs(RECIPIENTS, USERS),
            lambda found: found[RECIPIENTS].users(),
        ),
        "medianDeliveryMs": Figure(
            "The median time to delivery, in ms.",
            "number",
            needs(ARRIVALS, _MEDIAN),
            lambda found: found[ARRIVALS].quantile("durationMs", 0.5),
        ),
        "p95DeliveryMs": Figure(
            "95 % were delivered within this, in ms.",
            "number",
            needs(ARRIVALS, _SLOW),
            lambda found: found[ARRIVALS].quantile("durationMs", 0.95),
        ),
    },
    rank="sent",
    dimensions=("channel", "campaign", "template", "source"),
)
"""Messages as a whole, by channel and over time."""
