"""What a document may weigh, counted before it is validated."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from domain.errors import OverLimit
from domain.limits import Limits, check_limit

Spreads = dict[str, FragmentDefinitionNode]


@dataclass(slots=True)
class _Weight:
    aliases: int = 0
    directives: int = 0
    spreads: int = 0


def check_document(document: DocumentNode, limits: Limits) -> None:
    """Refuse a document that is too deep, too wide or has too many aliases or directives."""
    fragments = {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    weight = _Weight()
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            weight.directives += len(definition.directives or ())
            _weigh(definition.selection_set, weight)
    check_limit(weight.aliases, limits.aliases, "aliases", code="TOO_MANY_ALIASES")
    check_limit(weight.directives, limits.directives, "directives", code="TOO_MANY_DIRECTIVES")
    check_limit(
        weight.spreads, limits.fragment_spreads, "fragment spreads", code="TOO_MANY_FRAGMENTS"
    )
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            _check_shape(definition, fragments, limits)


def _weigh(selections: SelectionSetNode, weight: _Weight) -> None:
    """Count what the document holds as written, each fragment once."""
    stack = [selections]
    while stack:
        for node in stack.pop().selections:
            weight.directives += len(node.directives or ())
            if isinstance(node, FragmentSpreadNode):
                weight.spreads += 1
                continue
            if isinstance(node, FieldNode) and node.alias is not None:
                weight.aliases += 1
            nested = getattr(node, "selection_set", None)
            if nested is not None:
                stack.append(nested)


def _check_shape(operation: OperationDefinitionNode, fragments: Spreads, limits: Limits) -> None:
    roots = sum(1 for _ in _fields(operation.selection_set, fragments, frozenset()))
    check_limit(roots, limits.root_fields, "top-level fields", code="TOO_MANY_ROOT_FIELDS")
    if _depth(operation.selection_set, fragments, {}, limits.depth) > limits.depth:
        raise OverLimit(
            f"The operation is nested more than {limits.depth} levels deep.",
            code="TOO_DEEP",
            limit=limits.depth,
        )


def _fields(
    selections: SelectionSetNode, fragments: Spreads, seen: frozenset[str]
) -> Iterator[FieldNode]:
    for node in selections.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from _fields(node.selection_set, fragments, seen)
        elif isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name in fragments and name not in seen:
                yield from _fields(fragments[name].selection_set, fragments, seen | {name})


def _depth(
    selections: SelectionSetNode, fragments: Spreads, known: dict[str, int], left: int
) -> int:
    """Levels of fields; stops one past `left`. A fragment that spreads itself counts as too deep."""
    if left < 0:
        return 1
    deepest = 0
    for node in selections.selections:
        if isinstance(node, FieldNode):
            nested = node.selection_set
            below = 0 if nested is None else _depth(nested, fragments, known, left - 1)
            deepest = max(deepest, 1 + below)
        elif isinstance(node, InlineFragmentNode):
            deepest = max(deepest, _depth(node.selection_set, fragments, known, left))
        elif isinstance(node, FragmentSpreadNode):
            deepest = max(deepest, _fragment_depth(node.name.value, fragments, known, left))
    return deepest


def _fragment_depth(name: str, fragments: Spreads, known: dict[str, int], left: int) -> int:
    if name not in known and name in fragments:
        known[name] = left + 1
        known[name] = _depth(fragments[name].selection_set, fragments, known, left)
    return known.get(name, 0)
