"""Where an answer says of itself that it was kept: `meta { cached warnings }`, wherever they are selected."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type

from graph.asked_operation import Operation, response_key

META = "Meta"


@dataclass(frozen=True, slots=True)
class Mark:
    """One selected field of Meta: the response keys that lead to it, and the fields asked of it."""

    path: tuple[str, ...]
    name: str
    fields: tuple[tuple[str, str], ...]


def marks_of(schema: GraphQLSchema, operation: Operation) -> tuple[Mark, ...]:
    """Every place where the operation selects `cached` or `warnings` of a Meta."""
    root = schema.get_root_type(operation.kind)
    return tuple(_marks(operation, operation.node, root, ()))


def mark_kept(data: Any, marks: tuple[Mark, ...]) -> None:
    """Say `cached: true` at every mark, in place."""
    for mark in marks:
        if mark.name == "cached":
            for holder in _holders(data, mark.path[:-1]):
                holder[mark.path[-1]] = True


def add_warning(data: Any, marks: tuple[Mark, ...], warning: Mapping[str, str]) -> None:
    """Add a warning at every mark that shows warnings, in place."""
    for mark in marks:
        if mark.name == "warnings":
            shown = {key: warning[name] for key, name in mark.fields if name in warning}
            for holder in _holders(data, mark.path[:-1]):
                holder[mark.path[-1]] = [*(holder[mark.path[-1]] or ()), shown]


def _holders(data: Any, path: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    if isinstance(data, list):
        for each in data:
            yield from _holders(each, path)
    elif isinstance(data, dict):
        if path:
            yield from _holders(data.get(path[0]), path[1:])
        else:
            yield data


def _marks(
    operation: Operation, node: Any, parent: object, path: tuple[str, ...]
) -> Iterator[Mark]:
    for each in operation.fields(node.selection_set):
        name, here = each.name.value, (*path, response_key(each))
        if not isinstance(parent, GraphQLObjectType) or name not in parent.fields:
            continue
        if parent.name == META and name in ("cached", "warnings"):
            inside = operation.fields(each.selection_set)
            yield Mark(here, name, tuple((response_key(one), one.name.value) for one in inside))
        elif each.selection_set is not None:
            below = get_named_type(parent.fields[name].type)
            yield from _marks(operation, each, below, here)
