"""Errors, nulls, lists and waiting in every mixture: compiled queries and GraphQL's own execution agree."""

import asyncio
import gc
from collections import Counter
from collections.abc import Callable
from random import Random
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import strawberry
from graphql import GraphQLObjectType, get_named_type, is_object_type, parse

from domain.callers import Role
from domain.errors import InvalidInput
from graph.compiled import compiled
from graph.permissions import Guarded
from graph.requests import GraphQLRequest
from graph.schema import TidemarkSchema
from graph.selection import selection_of
from graph.short_ways import shorten
from resolvers.beginnings import Beginnings

DOCUMENTS = 500
VARIABLES = {"yes": True, "no": False, "word": "wave"}
_HIDDEN = frozenset({Role.OPS_VIEWER})


class FaultError(Exception):
    """Nobody expected it."""


class Drawn:
    """An object whose members come out at random, but the same for the same seed."""

    def __init__(self, seed: str) -> None:
        self.seed = seed

    def __getattr__(self, name: str) -> Any:
        right = {"text": "é", "number": len(self.seed), "share": 0.5}
        if name not in right:
            raise AttributeError(name)
        return self.draw(name, right[name])

    def draw(self, name: str, right: Any) -> Any:
        luck = Random(f"{self.seed} {name}").random()
        if luck < 0.02:
            raise InvalidInput(f"no {name}")
        if luck < 0.03:
            raise FaultError
        if luck < 0.04:
            return FaultError("given, not raised")
        return None if luck < 0.07 else right

    def one(self, name: str) -> Any:
        """A node below."""
        return self.draw(name, Drawn(f"{self.seed}.{name}"))

    def some(self, name: str, each: Callable[[str], Any]) -> Any:
        """Some of them; now and then what is no list."""
        random = Random(f"{self.seed} of {name}")
        if random.random() < 0.03:
            return self.draw(name, 7)
        places = self.draw(name, range(random.randrange(4)))
        if not isinstance(places, range):
            return places
        return [each(f"{name}{at}") for at in places]

    def item(self, name: str) -> Any:
        """A node below, or its error as a value."""
        try:
            return self.one(name)
        except (InvalidInput, FaultError) as problem:
            return problem

    async def later(self, name: str) -> Any:
        """A node below that has to be waited for."""
        for _ in range(Random(name).randrange(3)):
            await asyncio.sleep(0)
        return self.one(name)


Root = strawberry.Parent[Drawn]


@strawberry.type
class Node:
    text: str | None
    number: int
    share: float | None

    @strawberry.field
    def said(root: Root, info: strawberry.Info, of: str, times: int = 1) -> str | None:
        return f"{of * times} {'text' in selection_of(info)} {info.context.caller.role}"

    @strawberry.field
    def one(root: Root) -> "Node | None":
        return root.one("one")

    @strawberry.field
    def sure(root: Root) -> "Node":
        return root.one("sure")

    @strawberry.field
    def some(root: Root) -> "list[Node | None] | None":
        return root.some("some", root.item)

    @strawberry.field
    def surely(root: Root) -> "list[Node] | None":
        return root.some("surely", root.item)

    @strawberry.field
    async def awaited(root: Root) -> "Node | None":
        return await root.later("awaited")

    @strawberry.field
    async def awaited_some(root: Root, at_most: int = 9) -> "list[Node] | None":
        await asyncio.sleep(0)
        found = root.some("awaited some", root.item)
        return found[:at_most] if isinstance(found, list) else found

    @strawberry.field
    def promised(root: Root) -> "list[Node | None] | None":
        return root.some("promised", root.later)

    @strawberry.field
    def hidden(root: Root) -> str | None:
        return "seen"


@strawberry.type
class Query:
    @strawberry.field
    def start(self, seed: str) -> Node | None:
        return Drawn(seed)  # type: ignore[return-value]

    @strawberry.field
    async def awaited(self, seed: str) -> Node:
        return await Drawn(seed).later("start")  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def schema() -> TidemarkSchema:
    built = TidemarkSchema(query=Query)
    shorten(built._schema)
    node = built._schema.type_map["Node"]
    assert isinstance(node, GraphQLObjectType)
    hidden = node.fields["hidden"]
    assert hidden.resolve is not None
    hidden.resolve = Guarded(hidden.resolve, "Node.hidden", _HIDDEN)
    return built


class Documents:
    """Valid documents with aliases, fields selected twice, fragments, directives and variables."""

    def __init__(self, schema: TidemarkSchema, random: Random) -> None:
        self._schema = schema._schema
        self._random = random

    def make(self) -> str:
        root = self._schema.type_map["Query"]
        fragment = f"fragment F on Node {self._selection(self._schema.type_map['Node'], 3)}"
        declared = "($yes: Boolean!, $no: Boolean = true, $word: String!)"
        return f"query {declared} {self._selection(root, 0)} {fragment}"

    def _selection(self, kind: Any, depth: int) -> str:
        names = sorted(kind.fields)
        chosen = [self._random.choice(names) for _ in range(self._random.randrange(1, 6))]
        parts = [self._field(kind, name, depth) for name in chosen]
        if kind.name == "Node" and depth < 3 and self._random.random() < 0.2:
            parts.append(f"...F{self._directive()}")
        return "{ __typename " + " ".join(parts) + " }"

    def _field(self, kind: Any, name: str, depth: int) -> str:
        field = kind.fields[name]
        below = get_named_type(field.type)
        if is_object_type(below) and depth > 3:
            return "x: __typename"
        given = f"(seed: {self._random.choice(('$word', chr(34) + str(depth) + chr(34)))})"
        given = given if "seed" in field.args else "(of: $word)" if "of" in field.args else ""
        asked = f"{name}{given}{self._directive()}"
        alias = f"{name}{self._random.randrange(3)}{len(given)}: " if given else ""
        body = self._selection(below, depth + 1) if is_object_type(below) else ""
        wrapped = f"{alias}{asked} {body}"
        if self._random.random() < 0.15:
            return f"... on {kind.name}{self._directive()} {{ {wrapped} }}"
        return wrapped

    def _directive(self) -> str:
        luck, word = self._random.random(), self._random.choice(("skip", "include"))
        return f" @{word}(if: {self._random.choice(('$yes', '$no', 'true'))})" if luck < 0.1 else ""


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_any_mixture_is_answered_alike(schema: TidemarkSchema) -> None:
    documents, seen = Documents(schema, Random(7)), Counter[str]()
    for number in range(DOCUMENTS):
        text, role = documents.make(), (Role.ADMIN, Role.OPS_VIEWER)[number % 2]
        loaders = SimpleNamespace(beginnings=Beginnings())
        scope: Any = SimpleNamespace(caller=SimpleNamespace(role=role), loaders=loaders)
        ready = compiled(schema, parse(text), GraphQLRequest(text, VARIABLES, None), text, role)
        assert ready is not None
        usual = await schema.execute(text, variable_values=VARIABLES, context_value=scope)
        if any(error.path is None for error in usual.errors or ()):
            seen["invalid"] += 1
            continue
        for _ in range(2):
            found = await ready.execute(scope)
            assert written(found) == written(usual), text
        await over()
        seen["with errors" if usual.errors else "without"] += 1
        seen["all null"] += usual.data is None
    gc.collect()
    assert seen["with errors"] > 100 and seen["without"] > 10, seen
    assert seen["all null"] and seen["invalid"] < DOCUMENTS / 2, seen


async def over() -> None:
    """Until nothing is under way any more that an error left behind.

    Tasks that were cancelled before they began leave their coroutines alone, here as in GraphQL's own way.
    """
    while len(tasks := asyncio.all_tasks()) > 1:
        await asyncio.wait(tasks - {asyncio.current_task()})


def written(result: Any) -> tuple[bytes, list[bytes]]:
    """The answer and its errors, of which those that are waited for have no order."""
    errors = [(each.formatted, repr(each.original_error)) for each in result.errors or ()]
    return orjson.dumps(result.data), sorted(orjson.dumps(each) for each in errors)
