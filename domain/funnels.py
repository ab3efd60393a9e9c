"""A funnel: steps that users or sessions take in order, within a window from the first to the last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import accumulate

from domain.errors import InvalidInput
from domain.limits import check_limit
from domain.order_figures import REVERSALS
from domain.questions import Filter

MOST_STEPS = 10
MOST_EVENTS = 1_000_000
"""How many events of its steps are followed one by one; beyond, a funnel is bounded from rollups."""

DEFAULT_WINDOW = timedelta(days=1)
LONGEST_WINDOW = timedelta(days=90)


class Actor(Enum):
    """Who takes the steps. Events without one are not followed."""

    USER = "user"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Step:
    """Events of one type that meet a condition."""

    name: str
    event_type: str
    condition: Filter | None = None


SHOP: tuple[Step, ...] = (
    Step("traffic", "page_view"),
    Step("cart", "add_to_cart"),
    Step("checkout", "checkout_start"),
    Step("complete", "order", Filter(negated=Filter(dimension="status", isin=REVERSALS))),
)
"""The way through a shop."""


@dataclass(frozen=True, slots=True)
class FunnelRead:
    """Who got how far, of the events in [start, end)."""

    steps: tuple[Step, ...]
    start: datetime
    end: datetime
    actor: Actor
    window: timedelta


@dataclass(frozen=True, slots=True)
class Followed:
    """How many took each step after all before it."""

    counts: tuple[int, ...]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Reached:
    """How many took a step: the number lies in [lower, upper], and is known where both are equal."""

    lower: int
    upper: int


def checked_steps(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Steps that make a funnel: two or more."""
    if len(steps) < 2:
        raise InvalidInput("A funnel has at least two steps.", code="INVALID_FUNNEL", field="steps")
    check_limit(len(steps), MOST_STEPS, "steps", code="INVALID_FUNNEL", field="steps")
    return tuple(steps)


def checked_window(window: timedelta) -> timedelta:
    """A window of more than nothing and at most `LONGEST_WINDOW`."""
    if not timedelta(0) < window <= LONGEST_WINDOW:
        raise InvalidInput(
            f"The window must be longer than nothing and at most {LONGEST_WINDOW.days} days.",
            code="INVALID_FUNNEL",
            field="window",
        )
    return window


def bounded(most: Sequence[int], certain: int) -> list[Reached]:
    """What is known where nobody can be followed: `most` did each step at all, in whatever order.

    Nobody takes a step without those before it, so no step has more than the one before. `certain` did
    the first for sure; of the others nobody may have taken them in order.
    """
    uppers = accumulate(most, min)
    return [Reached(0 if at else certain, upper) for at, upper in enumerate(uppers)]
