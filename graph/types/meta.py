"""How good an answer is, and what it covers."""

from datetime import datetime

import strawberry

from graph.inputs import Granularity
from graph.scalars import TimeZone


@strawberry.type(description="What a range came to: half-open, from ≤ t < to.")
class ResolvedRange:
    start: datetime = strawberry.field(name="from", description="The first instant of it.")
    end: datetime = strawberry.field(name="to", description="The first instant after it.")
    time_zone: TimeZone = strawberry.field(description="The zone that days and weeks were cut in.")
    granularity: Granularity | None = strawberry.field(
        description="The buckets' length, where the answer has buckets."
    )


@strawberry.type(description="Something the reader of a number should know.")
class Warning:
    code: str = strawberry.field(description="A stable code.")
    message: str = strawberry.field(description="A sentence for people.")


@strawberry.type(description="How good an answer is.")
class Meta:
    range: ResolvedRange = strawberry.field(description="What the range came to.")
    as_of: datetime = strawberry.field(
        description="The answer counts every event acknowledged before."
    )
    cached: bool = strawberry.field(description="Whether the answer was kept from before.")
    served_by: list[str] = strawberry.field(
        description="What answered: rollup:<grain>, tail (not rolled up yet), raw."
    )
    warnings: list[Warning] = strawberry.field(description="What to know about the numbers.")
