"""One operation of a valid document and the variables it came with, looked at before it is executed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    value_from_ast_untyped,
)


@dataclass(frozen=True, slots=True)
class Operation:
    """`variables` hold the defaults of those that were not sent, and are as unchecked as they came."""

    node: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: dict[str, Any]

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.node.operation

    @property
    def roots(self) -> frozenset[str]:
        """The names of the root fields."""
        return frozenset(each.name.value for each in self.fields(self.node.selection_set))

    def fields(self, selections: SelectionSetNode | None) -> Iterator[FieldNode]:
        """The fields of a selection: fragments opened, @skip and @include applied.

        How many there can be is bounded when the document is checked (see graph/limits.py).
        """
        for node in selections.selections if selections else ():
            if not all(self._included(each) for each in node.directives or ()):
                continue
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                yield from self.fields(node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                yield from self.fields(self.fragments[node.name.value].selection_set)

    def value(self, node: Any) -> Any:
        """A value as it was written or sent; graphql.Undefined for a variable that was not sent."""
        return value_from_ast_untyped(node, self.variables)

    def _included(self, directive: DirectiveNode) -> bool:
        name = directive.name.value
        if name not in ("skip", "include") or not directive.arguments:
            return True
        return self.value(directive.arguments[0].value) is not (name == "skip")


def operation_of(
    document: DocumentNode, name: str | None, variables: Mapping[str, Any] | None
) -> Operation | None:
    """The operation of that name, or the only one; None where there is not exactly one."""
    found = [
        each
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode)
        and (name is None or (each.name is not None and each.name.value == name))
    ]
    if len(found) != 1:
        return None
    return Operation(found[0], fragments_of(document), _given(found[0], variables or {}))


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """The fragments of a document by name."""
    return {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }


def response_key(node: FieldNode) -> str:
    """What a field is called in the answer."""
    return node.alias.value if node.alias is not None else node.name.value


def _given(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {
        each.variable.name.value: value_from_ast_untyped(each.default_value)
        for each in operation.variable_definitions or ()
        if each.default_value is not None
    }
    return {**defaults, **variables}
