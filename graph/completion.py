"""Values completed as GraphQL says: leaves written, lists and objects walked, errors put in their place.

What `graphql.execution.Executor` does step by step for each value is bound here once for each selected field.
A value that has to be waited for comes as a coroutine; the fields and items beside it are waited for at once.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from math import isfinite
from types import CoroutineType
from typing import Any, TypeVar

from graphql import (
    FieldNode,
    GraphQLBoolean,
    GraphQLError,
    GraphQLFloat,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
    located_error,
)
from graphql.pyutils import gather_with_cancel, inspect, is_iterable
from strawberry.execution import optimized_is_awaitable as is_awaitable

from resolvers.scope import Scope

K = TypeVar("K")

Path = tuple[Any, str | int] | None
"""A place in the answer: the place around it and the key in that; None is the root."""

_INT_LIMIT = 2**31


@dataclass(frozen=True, slots=True)
class Place:
    """Fields or items of one kind: where the document asks for them, and whether they may be null."""

    nodes: list[FieldNode]
    strict: bool


@dataclass(slots=True)
class Run:
    """One execution: what its fields work with, what their arguments came to, and what went wrong."""

    scope: Scope
    given: Any
    errors: list[GraphQLError] = field(default_factory=list)
    _nulled: set[Path] = field(default_factory=set)

    def failed(self, problem: Exception, place: Place, path: Path) -> None:
        """Note what went wrong in a place that is null for it; a strict place passes it on."""
        error = located_error(problem, place.nodes, _keys(path))
        if place.strict:
            raise error
        self.add(error, path)

    def add(self, error: GraphQLError, path: Path) -> None:
        """Note an error, but for one inside of what is null already."""
        if not self._is_nulled(path):
            self._nulled.add(path)
            self.errors.append(error)

    def _is_nulled(self, path: Path) -> bool:
        while path is not None:
            if path in self._nulled:
                return True
            path = path[0]
        return None in self._nulled


Complete = Callable[[Any, Run, Path], Any]
"""Makes the answer of a value, or a coroutine that does."""

Answer = Callable[[Any, Run, Path], Any]
"""Makes the answer of a field of an object in this place, or a coroutine that does."""

Resolve = Callable[[Any, Run], Any]
"""Gives a field's value of an object."""


def simple(key: str, place: Place, shown: Callable[[Any], Any], complete: Complete) -> Answer:
    """A field of the object alone whose value is a leaf: nothing in it has a place of its own."""

    def answer(source: Any, run: Run, around: Path) -> Any:
        try:
            value = shown(source)
            if is_awaitable(value):
                return _awaited(value, run, (around, key), place, complete)
            return complete(value, run, None)
        except Exception as problem:
            return run.failed(problem, place, (around, key))

    return answer


def resolved(key: str, place: Place, resolve: Resolve, complete: Complete) -> Answer:
    """A field of any kind."""

    def answer(source: Any, run: Run, around: Path) -> Any:
        path = (around, key)
        try:
            value = resolve(source, run)
            if is_awaitable(value):
                return _awaited(value, run, path, place, complete)
            found = complete(value, run, path)
        except Exception as problem:
            return run.failed(problem, place, path)
        return _settled(found, run, path, place) if type(found) is CoroutineType else found

    return answer


def leaf(kind: GraphQLLeafType) -> Complete:
    """The written form of a scalar or an enum; values that are written as they are pass."""
    fits = _FITTING.get(kind)
    write = kind.coerce_output_value

    def complete(value: Any, run: Run, path: Path) -> Any:
        if fits is not None and fits(value):
            return value
        if value is None or value is Undefined:
            return None
        if isinstance(value, Exception):
            raise value
        written = write(value)
        if written is None or written is Undefined:
            raise TypeError(
                f"Expected `{inspect(kind)}.coerce_output_value({inspect(value)})` to return"
                f" non-nullable value, returned: {inspect(written)}"
            )
        return written

    return complete


def strict(inner: Complete, name: str) -> Complete:
    """What may not be null, of the field with this name."""

    def complete(value: Any, run: Run, path: Path) -> Any:
        found = inner(value, run, path)
        if found is None:
            raise TypeError(f"Cannot return null for non-nullable field {name}.")
        return found

    return complete


def listed(inner: Complete, item: Place, name: str) -> Complete:
    """A list of the field with this name."""

    def complete(value: Any, run: Run, path: Path) -> Any:
        if value is None or value is Undefined:
            return None
        found: list[Any] = []
        waiting: list[int] = []
        items = iter(_items(value, name))
        try:
            for index, each in enumerate(items):
                shown = _item(each, run, (path, index), item, inner)
                if type(shown) is CoroutineType:
                    waiting.append(index)
                found.append(shown)
        except Exception:
            _leave([*(found[at] for at in waiting), *filter(is_awaitable, items)])
            raise
        return _together(found, waiting, run) if waiting else found

    return complete


def shaped(fields: Collection[tuple[str, Answer]]) -> Complete:
    """An object with these fields."""

    def complete(value: Any, run: Run, path: Path) -> Any:
        if value is None or value is Undefined:
            return None
        if isinstance(value, Exception):
            raise value
        found: dict[str, Any] = {}
        waiting: list[str] = []
        try:
            for key, answer in fields:
                found[key] = shown = answer(value, run, path)
                if type(shown) is CoroutineType:
                    waiting.append(key)
        except Exception:
            _leave([found[key] for key in waiting])
            raise
        return _together(found, waiting, run) if waiting else found

    return complete


def _item(value: Any, run: Run, path: Path, item: Place, complete: Complete) -> Any:
    try:
        if is_awaitable(value):
            return _awaited(value, run, path, item, complete)
        found = complete(value, run, path)
    except Exception as problem:
        return run.failed(problem, item, path)
    return _settled(found, run, path, item) if type(found) is CoroutineType else found


def _items(value: Any, name: str) -> Iterable[Any]:
    if isinstance(value, Exception):
        raise value
    if not is_iterable(value):
        raise GraphQLError(f"Expected Iterable, but did not find one for field '{name}'.")
    items: Iterable[Any] = value
    return items


async def _awaited(value: Any, run: Run, path: Path, place: Place, complete: Complete) -> Any:
    try:
        found = complete(await value, run, path)
        return await found if type(found) is CoroutineType else found
    except Exception as problem:
        return run.failed(problem, place, path)


async def _settled(found: Any, run: Run, path: Path, place: Place) -> Any:
    try:
        return await found
    except Exception as problem:
        return run.failed(problem, place, path)


async def _together(found: Any, waiting: list[Any], run: Run) -> Any:
    """The parts that were not there at once, in their places."""
    if len(waiting) == 1:
        found[waiting[0]] = await found[waiting[0]]
        return found
    run.scope.loaders.beginnings.expect()
    shown = await gather_with_cancel(*(found[key] for key in waiting))
    for key, each in zip(waiting, shown, strict=True):
        found[key] = each
    return found


_LEFT: set["asyncio.Future[Any]"] = set()
"""What nobody waits for any more, held until it is over."""


def _leave(waiting: list[Any]) -> None:
    """An error does not wait for what is under way beside it."""
    if waiting:
        over = asyncio.gather(*waiting, return_exceptions=True)
        _LEFT.add(over)
        over.add_done_callback(_LEFT.discard)


def _keys(path: Path) -> list[str | int]:
    keys: list[str | int] = []
    while path is not None:
        path, key = path
        keys.append(key)
    return keys[::-1]


def _is_int(value: Any) -> bool:
    return type(value) is int and -_INT_LIMIT <= value < _INT_LIMIT


def _is_float(value: Any) -> bool:
    return type(value) is float and isfinite(value)


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_truth(value: Any) -> bool:
    return type(value) is bool


_FITTING: dict[GraphQLLeafType, Callable[[Any], bool]] = {
    GraphQLInt: _is_int,
    GraphQLFloat: _is_float,
    GraphQLString: _is_text,
    GraphQLBoolean: _is_truth,
}
"""What the built-in scalars write as it is."""
