"""How the schema may change: by additions, and by deprecations that say until when."""

import re
from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
)

_DATED = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def breaking_changes(before: str, after: str) -> list[str]:
    """What a client of the schema `before` could stumble over; both are schema texts."""
    old, new = build_schema(before), build_schema(after)
    broken = [change.description for change in find_breaking_changes(old, new)]
    return broken + [
        f"{name} is deprecated without a date (YYYY-MM-DD) from which it may be gone."
        for name, reason in _deprecated(new)
        if not _DATED.search(reason)
    ]


def _deprecated(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    for name, each in schema.type_map.items():
        if name.startswith("__"):
            continue
        if isinstance(each, GraphQLEnumType):
            members = dict(each.values.items())
        elif isinstance(each, GraphQLObjectType | GraphQLInputObjectType):
            members = dict(each.fields.items())
        else:
            continue
        for member_name, member in members.items():
            if member.deprecation_reason is not None:
                yield f"{name}.{member_name}", member.deprecation_reason
