"""What a document may weigh, counted before it is validated."""

from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from domain.errors import OverLimit
from domain.limits import Limits, check_limit

Spreads = dict[str, FragmentDefinitionNode]

_MANY = 1_000_000_000
"""More fields than any limit allows."""


@dataclass(slots=True)
class _Weight:
    aliases: int = 0
    directives: int = 0
    spreads: int = 0
    repeats: int = 0

    def count(self, node: FieldNode, names: set[str]) -> None:
        """Count one field among those of its selection."""
        self.aliases += node.alias is not None
        name = (node.alias or node.name).value
        self.repeats += name in names
        names.add(name)


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
    check_limit(weight.repeats, limits.repeats, "repeated fields", code="TOO_MANY_REPEATS")
    check_limit(
        weight.spreads, limits.fragment_spreads, "fragment spreads", code="TOO_MANY_FRAGMENTS"
    )
    sizes = _Sizes(fragments)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            _check_shape(definition, fragments, sizes, limits)


def _weigh(selections: SelectionSetNode, weight: _Weight) -> None:
    """Count what the document holds as written, each fragment once.

    A name that comes again in one selection is a repeat: validation holds each against each.
    """
    stack: list[tuple[SelectionSetNode, set[str]]] = [(selections, set())]
    while stack:
        current, names = stack.pop()
        for node in current.selections:
            weight.directives += len(node.directives or ())
            if isinstance(node, FieldNode):
                weight.count(node, names)
                if node.selection_set is not None:
                    stack.append((node.selection_set, set()))
            elif isinstance(node, InlineFragmentNode):
                stack.append((node.selection_set, names))
            else:
                weight.spreads += 1


def _check_shape(
    operation: OperationDefinitionNode, fragments: Spreads, sizes: "_Sizes", limits: Limits
) -> None:
    """Sizes come first: whatever walks through opened fragments afterwards walks a bounded way."""
    roots, fields = sizes.of(operation.selection_set)
    if fields > limits.fields:
        raise OverLimit(
            f"With its fragments opened the operation has more than {limits.fields:,} fields.",
            code="TOO_MANY_FIELDS",
            limit=limits.fields,
        )
    check_limit(roots, limits.root_fields, "top-level fields", code="TOO_MANY_ROOT_FIELDS")
    if _depth(operation.selection_set, fragments, {}, limits.depth) > limits.depth:
        raise OverLimit(
            f"The operation is nested more than {limits.depth} levels deep.",
            code="TOO_DEEP",
            limit=limits.depth,
        )


class _Sizes:
    """How many fields a selection has with its fragments opened: its own, and with all below.

    Each fragment is measured once, so that a document of fragments that spread others twice, and those
    others again, is measured in the time that its text takes. One that spreads itself has too many.
    """

    def __init__(self, fragments: Spreads) -> None:
        self._fragments = fragments
        self._known: dict[str, tuple[int, int]] = {}

    def of(self, selections: SelectionSetNode) -> tuple[int, int]:
        own = below = 0
        for node in selections.selections:
            if isinstance(node, FieldNode):
                own += 1
                below += self.of(node.selection_set)[1] if node.selection_set else 0
            else:
                more, under = self._spread(node)
                own += more
                below += under - more
        return min(own, _MANY), min(own + below, _MANY)

    def _spread(self, node: SelectionNode) -> tuple[int, int]:
        if isinstance(node, InlineFragmentNode):
            return self.of(node.selection_set)
        assert isinstance(node, FragmentSpreadNode)
        name = node.name.value
        if name not in self._fragments:
            return 0, 0
        if name not in self._known:
            self._known[name] = (_MANY, _MANY)
            self._known[name] = self.of(self._fragments[name].selection_set)
        return self._known[name]


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
