"""Fields that need nothing but their object are asked without the detour that arguments take."""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLField, GraphQLSchema
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from graph.permissions import own_fields

Resolve = Callable[..., Any]


def shorten(schema: GraphQLSchema) -> None:
    """To be done before anything is put around the resolvers."""
    for _, _, field in own_fields(schema):
        if not field.args and field.subscribe is None:
            field.resolve = _short_way(field) or field.resolve


def _short_way(field: GraphQLField) -> Resolve | None:
    declared = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(declared, StrawberryField) or declared.extensions:
        return None
    if declared.base_resolver is None:
        return _attribute(declared.python_name)
    return _of_object(declared.base_resolver)


def _attribute(name: str) -> Resolve:
    def resolve(source: Any, info: Any) -> Any:
        return getattr(source, name)

    return resolve


def _of_object(resolver: StrawberryResolver[Any]) -> Resolve | None:
    """What the resolver says of the object; None where it takes anything else."""
    taken = [*resolver.signature.parameters.values()]
    if len(taken) != 1 or taken[0] not in (resolver.self_parameter, resolver.parent_parameter):
        return None
    shown: Any = resolver.wrapped_func

    def resolve(source: Any, info: Any) -> Any:
        return shown(source)

    return resolve
