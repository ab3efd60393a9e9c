"""The arguments that the parts of sections share."""

from enum import Enum
from typing import Annotated

import strawberry

from domain import buckets
from graph.inputs import Granularity, OrderInput
from resolvers.scope import Scope
from resolvers.section_parts import Cut, Order

Info = strawberry.Info[Scope, None]

First = Annotated[int | None, strawberry.argument(description="How many groups to list.")]
OrderBy = Annotated[
    OrderInput | None,
    strawberry.argument(description="How groups are ordered; by count without it."),
]
Length = Annotated[Granularity | None, strawberry.argument(description="The length of buckets.")]
MaxPoints = Annotated[int | None, strawberry.argument(description="How many buckets at most.")]
FIRST_GROUPS = 10
AUTO = Granularity.AUTO


def order(first: int | None, order_by: OrderInput | None) -> Order:
    """Which groups are listed, as the rules take it."""
    given = order_by or OrderInput()
    count = FIRST_GROUPS if first is None else first
    return Order(count, given.measure(), given.direction.name == "DESC")


def cut(granularity: Granularity | None, max_points: int | None, by: Enum | None) -> Cut:
    """How a series is cut, as the rules take it; the values of `by` are dimensions."""
    groups = () if by is None else (by.value,)
    return Cut(buckets.Granularity[(granularity or AUTO).name], max_points, groups)
