"""Fields with a resolver, declared in one typed way."""

from collections.abc import Callable
from typing import Any

import strawberry

Declare = Callable[[Callable[..., object]], Any]


def computed(description: str, shown_as: Any = None) -> Declare:
    """A field of the resolver's own type, or of the GraphQL type that shows what it returns."""
    declare: Declare = strawberry.field(description=description, graphql_type=shown_as)
    return declare


def command(description: str, shown_as: Any) -> Declare:
    """A mutation."""
    declare: Declare = strawberry.mutation(description=description, graphql_type=shown_as)
    return declare


def followed(description: str, shown_as: Any) -> Declare:
    """A subscription, whose resolver gives a graph.happenings.Source."""
    declare: Declare = strawberry.subscription(description=description, graphql_type=shown_as)
    return declare
