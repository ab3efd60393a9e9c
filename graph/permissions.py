"""The policy before the resolver: a field that the role may not see is never computed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema

from domain.callers import Role
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


@dataclass(frozen=True, slots=True)
class Guarded:
    """A resolver behind the policy of its field."""

    resolve: Resolve
    name: str
    roles: Roles

    def __call__(self, source: Any, info: Any, **arguments: Any) -> Any:
        self.check(info.context.caller.role)
        return self.resolve(source, info, **arguments)

    def check(self, role: Role) -> None:
        """Raises Forbidden."""
        if role not in self.roles:
            raise Forbidden(
                f"{self.name} is not for role {role.value}; it is for"
                f" {', '.join(sorted(self.roles))}."
            )


def _put_before(field: GraphQLField, name: str, roles: Roles) -> None:
    """Subscriptions are guarded where their source is opened, other fields where they are resolved."""
    if field.subscribe is not None:
        field.subscribe = Guarded(field.subscribe, name, roles)
    else:
        assert field.resolve is not None
        field.resolve = Guarded(field.resolve, name, roles)
