"""The policy before the resolver: a field that the role may not see is never computed."""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema

from domain.errors import Forbidden
from domain.policy import ANYONE, Roles, roles_of

Resolve = Callable[..., Any]


def guard(schema: GraphQLSchema) -> None:
    """Put the policy before every field that not everyone may see. A field without a policy is an error."""
    for type_name, field_name, field in own_fields(schema):
        roles = roles_of(type_name, field_name)
        if roles is None:
            raise LookupError(f"domain/policy.py says nothing about {type_name}.{field_name}")
        if roles != ANYONE:
            _put_before(field, f"{type_name}.{field_name}", roles)


def own_fields(schema: GraphQLSchema) -> list[tuple[str, str, GraphQLField]]:
    """Every field of every object type but introspection's."""
    return [
        (name, field_name, field)
        for name, each in schema.type_map.items()
        if isinstance(each, GraphQLObjectType) and not name.startswith("__")
        for field_name, field in each.fields.items()
    ]


def _put_before(field: GraphQLField, name: str, roles: Roles) -> None:
    """Subscriptions are guarded where their source is opened, other fields where they are resolved."""
    if field.subscribe is not None:
        field.subscribe = _guarded(field.subscribe, name, roles)
    else:
        assert field.resolve is not None
        field.resolve = _guarded(field.resolve, name, roles)


def _guarded(resolve: Resolve, name: str, roles: Roles) -> Resolve:
    def checked(source: Any, info: Any, **arguments: Any) -> Any:
        role = info.context.caller.role
        if role not in roles:
            raise Forbidden(
                f"{name} is not for role {role.value}; it is for {', '.join(sorted(roles))}."
            )
        return resolve(source, info, **arguments)

    return checked
