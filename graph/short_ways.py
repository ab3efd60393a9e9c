"""Resolvers as values that say what they need, so that most are asked without the detour of Strawberry."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from graphql import GraphQLField, GraphQLSchema
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from graph.permissions import own_fields

Resolve = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class OfObject:
    """Needs nothing but the object that the field belongs to."""

    shown: Callable[[Any], Any]

    def __call__(self, source: Any, info: Any) -> Any:
        return self.shown(source)


@dataclass(frozen=True, slots=True)
class WithArguments:
    """Takes arguments or the request; `resolve` is Strawberry's way to it."""

    declared: StrawberryField
    resolver: StrawberryResolver[Any]
    resolve: Resolve

    def __call__(self, source: Any, info: Any, **arguments: Any) -> Any:
        return self.resolve(source, info, **arguments)


def shorten(schema: GraphQLSchema) -> None:
    """To be done before anything is put around the resolvers."""
    for _, _, field in own_fields(schema):
        if field.subscribe is None and field.resolve is not None:
            field.resolve = _short_way(field, field.resolve)


def _short_way(field: GraphQLField, resolve: Resolve) -> Resolve:
    declared = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(declared, StrawberryField) or declared.extensions:
        return resolve
    resolver = declared.base_resolver
    if resolver is None:
        return OfObject(attrgetter(declared.python_name))
    shown: Any = resolver.wrapped_func
    if not field.args and _takes_the_object_alone(resolver):
        return OfObject(shown)
    return WithArguments(declared, resolver, resolve)


def _takes_the_object_alone(resolver: StrawberryResolver[Any]) -> bool:
    taken = [*resolver.signature.parameters.values()]
    return len(taken) == 1 and taken[0] in (resolver.self_parameter, resolver.parent_parameter)
