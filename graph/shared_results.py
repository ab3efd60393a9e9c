"""Results of events, executed once for all who ask the same of the same event."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson
from graphql import FieldNode, VariableNode, Visitor, visit
from graphql.language.ast import VariableDefinitionNode

from domain.callers import Role
from graph.asked_operation import Operation
from graph.prepared import Prepared

Key = tuple[bytes, tuple[object, ...]]
"""The question and the event."""

_FRESH = 5.0
"""Seconds for which a result is given again: it may show an alert as it was when it was made."""

_MOST = 1_000
_MOST_BYTES = 32 * 1024 * 1024
_CURSOR = "after"


@dataclass(frozen=True, slots=True)
class _Shared:
    """A result, which may be under way, and until when it is given."""

    task: "asyncio.Task[str]"
    until: float


class SharedResults:
    """Holds the latest results of a process, up to a number and a size."""

    def __init__(self) -> None:
        self._known: OrderedDict[Key, _Shared] = OrderedDict()
        self._bytes = 0

    async def of(
        self,
        key: Key,
        make: Callable[[], Awaitable[str]],
        pay: Callable[[], Awaitable[None]] | None = None,
    ) -> str:
        """The result as JSON. Who asks first pays for it, and may leave before it is made."""
        if self._fresh(key) is None and pay is not None:
            await pay()
        task = self._fresh(key)
        if task is None:
            self._forget(key)
            task = asyncio.create_task(self._made(key, make))
            self._known[key] = _Shared(task, asyncio.get_running_loop().time() + _FRESH)
        return task.result() if task.done() else await asyncio.shield(task)

    def _fresh(self, key: Key) -> "asyncio.Task[str] | None":
        found = self._known.get(key)
        now = asyncio.get_running_loop().time()
        return found.task if found is not None and now < found.until else None

    async def _made(self, key: Key, make: Callable[[], Awaitable[str]]) -> str:
        mine = asyncio.current_task()
        try:
            made = await make()
        except BaseException:
            if (found := self._known.get(key)) is not None and found.task is mine:
                del self._known[key]
            raise
        if (found := self._known.get(key)) is not None and found.task is mine:
            self._bytes += len(made)
            self._shrink()
        return made

    def _shrink(self) -> None:
        while len(self._known) > 1 and (len(self._known) > _MOST or self._bytes > _MOST_BYTES):
            oldest = next(iter(self._known))
            if not self._known[oldest].task.done():
                return
            self._forget(oldest)

    def _forget(self, key: Key) -> None:
        found = self._known.pop(key, None)
        if found is not None and found.task.done():
            self._bytes -= len(found.task.result())


def question_key(prepared: Prepared, role: Role) -> bytes:
    """Equal for operations whose answers to an event are equal: they may go on from different cursors."""
    left_out = _cursor_variable(prepared.operation) if prepared.operation else None
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
