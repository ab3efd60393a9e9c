"""What a field's selection asks for, read from the document before anything is computed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    NullValueNode,
    SelectionNode,
    ValueNode,
    VariableNode,
)
from graphql.execution.values import VariableValues
from strawberry import Info

from domain.questions import COUNT, ERRORS, USERS, MeasureKey, MeasureKind
from resolvers.answers import estimate_key

_PLAIN: Mapping[str, tuple[MeasureKey, ...]] = {
    "count": (COUNT,),
    "errorCount": (ERRORS,),
    "errorRate": (COUNT, ERRORS),
    "successRate": (COUNT, ERRORS),
    "uniqueUsers": (USERS,),
}
_OF: Mapping[str, MeasureKind] = {
    "sum": "sum",
    "sumExact": "sum",
    "avg": "avg",
    "min": "min",
    "max": "max",
}


@dataclass(frozen=True, slots=True)
class Selection:
    """The fields below one field; fragments are opened, @skip and @include are applied.

    What was looked up is remembered, as compiled operations look at the same selection again and again.
    """

    nodes: tuple[FieldNode, ...]
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    _children: dict[str, tuple[FieldNode, ...]] = field(default_factory=dict)
    _below: dict[str, "Selection"] = field(default_factory=dict)
    _measures: list[frozenset[MeasureKey]] = field(default_factory=list)

    def __contains__(self, name: str) -> bool:
        return name in self._fields()

    def at(self, *path: str) -> "Selection":
        """The selection below a path of field names; empty where it is not selected."""
        found = self
        for name in path:
            found = found._inside(name)
        return found

    def measures(self) -> frozenset[MeasureKey]:
        """The measures that fields of Aggregates or AggregateColumns need."""
        if not self._measures:
            named = self._fields().items()
            keys = (
                key for name, nodes in named for node in nodes for key in self._keys(name, node)
            )
            self._measures.append(frozenset(keys))
        return self._measures[0]

    def _inside(self, name: str) -> "Selection":
        if name not in self._below:
            nodes = self._fields().get(name, ())
            self._below[name] = Selection(nodes, self.fragments, self.variables)
        return self._below[name]

    def _keys(self, name: str, node: FieldNode) -> Iterable[MeasureKey]:
        if name in _PLAIN:
            return _PLAIN[name]
        if name in _OF:
            return (MeasureKey(_OF[name], self._argument(node, "of")),)
        if name == "quantile":
            q = float(self._argument(node, "q"))
            return (MeasureKey("quantile", self._argument(node, "of"), q),)
        if name == "estimate":
            q = self._argument(node, "q")
            return (estimate_key(self._argument(node, "of"), None if q is None else float(q)),)
        return ()

    def _argument(self, node: FieldNode, name: str) -> Any:
        value = next((each.value for each in node.arguments or () if each.name.value == name), None)
        return self._value(value)

    def _value(self, value: ValueNode | None) -> Any:
        if value is None or isinstance(value, NullValueNode):
            return None
        if isinstance(value, VariableNode):
            return self.variables.get(value.name.value)
        return value.value  # type: ignore[attr-defined]

    def _fields(self) -> dict[str, tuple[FieldNode, ...]]:
        if not self._children:
            for node in self.nodes:
                if node.selection_set is not None:
                    for child in self._opened(node.selection_set.selections):
                        name = child.name.value
                        self._children[name] = (*self._children.get(name, ()), child)
        return self._children

    def _opened(self, nodes: Iterable[SelectionNode]) -> Iterator[FieldNode]:
        for node in nodes:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                yield from self._opened(node.selection_set.selections)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                yield from self._opened(fragment.selection_set.selections)

    def _included(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            if directive.name.value in ("skip", "include"):
                (argument,) = directive.arguments or ()
                condition = self._value(argument.value)
                if condition is (directive.name.value == "skip"):
                    return False
        return True


class Selected(list[FieldNode]):
    """The nodes of a field, with the selection below them."""

    def __init__(self, nodes: Iterable[FieldNode], selection: Selection) -> None:
        super().__init__(nodes)
        self.selection = selection


def selection_of(info: Info[Any, Any]) -> Selection:
    """What is selected below the field that is being resolved."""
    raw = info._raw_info
    if isinstance(raw.field_nodes, Selected):
        return raw.field_nodes.selection
    variables: Any = raw.variable_values
    if isinstance(variables, VariableValues):  # what graphql-core's own executor passes, of streams
        variables = variables.coerced
    return Selection(tuple(raw.field_nodes), raw.fragments, variables)
