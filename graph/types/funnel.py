"""Funnels."""

from enum import Enum

import strawberry

from domain import funnels
from graph.inputs import FilterInput
from graph.scalars import Duration, Long
from graph.types.meta import Meta


@strawberry.enum(description="Who takes the steps of a funnel.")
class FunnelActor(Enum):
    USER = strawberry.enum_value("USER", description="Users, by userId.")
    SESSION = strawberry.enum_value("SESSION", description="Sessions, by sessionId.")


@strawberry.input(description="One step: events of a type that meet a condition.")
class FunnelStepInput:
    event_type: str = strawberry.field(description="An event type of the catalogue.")
    name: str | None = strawberry.field(
        default=None, description="What the step is called; the event type without it."
    )
    filter: FilterInput | None = strawberry.field(
        default=None, description="Which events of the type; all without it."
    )

    def step(self) -> funnels.Step:
        """The step as the rules take it."""
        tree = None if self.filter is None else self.filter.tree()
        return funnels.Step(self.name or self.event_type, self.event_type, tree)


@strawberry.type(description="One step of a funnel.")
class FunnelStep:
    name: str = strawberry.field(description="What the step is called.")
    count: Long = strawberry.field(
        description="How many got here by all steps before it; where not exact, at most."
    )
    lower: Long = strawberry.field(description="At least so many got here.")
    upper: Long = strawberry.field(description="At most so many got here.")
    rate: float | None = strawberry.field(
        description="Those who got here over those of the first step; null where not exact."
    )
    rate_of_previous: float | None = strawberry.field(
        description="Those who got here over those of the step before; null where not exact."
    )
    drop_off: Long | None = strawberry.field(
        description="Those who took the step before and got no further; null where not exact."
    )


@strawberry.type(
    description="How many users or sessions got how far, by steps in order within the window."
)
class Funnel:
    steps: list[FunnelStep] = strawberry.field(description="The steps in order.")
    exact: bool = strawberry.field(
        description="Whether everyone was followed event by event; else numbers are bounds."
    )
    window: Duration = strawberry.field(
        description="How long it may take from the first step to the last."
    )
    meta: Meta = strawberry.field(description="How good the answer is.")
