"""The arguments that questions share, described once."""

from typing import Annotated

import strawberry

from graph.inputs import CompareInput, FilterInput, RangeInput
from graph.scalars import TimeZone
from resolvers.windows import When

Range = Annotated[RangeInput, strawberry.argument(description="The span of time to look at.")]
Zone = Annotated[
    TimeZone | None,
    strawberry.argument(description="The zone that days, weeks and presets are cut in."),
]
CompareTo = Annotated[
    CompareInput | None, strawberry.argument(description="An earlier period to compare to.")
]
Condition = Annotated[
    FilterInput | None, strawberry.argument(description="Which events to count; all without it.")
]
EventTypeName = Annotated[
    str, strawberry.argument(description="An event type of the catalogue; * is every event.")
]
EventTypeOrAll = Annotated[
    str | None, strawberry.argument(description="An event type of the catalogue; * is every event.")
]
First = Annotated[int, strawberry.argument(description="How many a page has.")]
After = Annotated[str | None, strawberry.argument(description="The endCursor of the page before.")]

UTC = TimeZone("UTC")


def when(
    range: RangeInput, time_zone: TimeZone | None, compare_to: CompareInput | None = None
) -> When:
    """What a question says about time, as the rules take it."""
    return When(range.spec(), time_zone or UTC, compare_to.compare() if compare_to else None)
