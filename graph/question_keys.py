"""Which subscriptions ask the same: all but the cursor from which each goes on."""

import hashlib

import orjson
from graphql import FieldNode, VariableNode, Visitor, visit
from graphql.language.ast import VariableDefinitionNode

from domain.callers import Role
from graph.asked_operation import Operation
from graph.prepared import Prepared

_CURSOR = "after"


def question_key(prepared: Prepared, operation: Operation, role: Role) -> bytes:
    """Equal for operations whose answers to an event are equal."""
    left_out = _cursor_variable(operation)
    variables = {
        name: value for name, value in (prepared.asked.variables or {}).items() if name != left_out
    }
    asked = [role.value, prepared.text, prepared.asked.operation_name, variables]
    return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).digest()


def _cursor_variable(operation: Operation) -> str | None:
    """The variable that the root field's cursor comes from, if nothing else reads it."""
    root = next(operation.fields(operation.node.selection_set), None)
    name = None if root is None else _variable_of(root)
    if name is None:
        return None
    uses = _Uses(name)
    for node in (operation.node, *operation.fragments.values()):
        visit(node, uses)
    return name if uses.count == 1 else None


def _variable_of(root: FieldNode) -> str | None:
    for argument in root.arguments or ():
        if argument.name.value == _CURSOR and isinstance(argument.value, VariableNode):
            return argument.value.name.value
    return None


class _Uses(Visitor):
    """Counts where a variable is read."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.count = 0

    def enter_variable(
        self, node: VariableNode, _key: object, parent: object, *_rest: object
    ) -> None:
        if node.name.value == self._name and not isinstance(parent, VariableDefinitionNode):
            self.count += 1
