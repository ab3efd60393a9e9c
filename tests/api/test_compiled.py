"""Compiled queries answer, byte by byte, what GraphQL's own execution answers.

FUZZ_OPERATIONS and FUZZ_SEED ask more (see test_fuzz.py).
"""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from domain.callers import Caller, Role
from domain.database_health import DatabaseHealth
from domain.errors import TidemarkError
from domain.funnels import Followed, FunnelRead
from domain.limits import Limits
from domain.questions import Frame, Read
from domain.token_bucket import Allowance
from graph.http import GraphQLEndpoint
from graph.prepared import Prepared
from graph.requests import GraphQLRequest
from graph.responses import Executed
from graph.schema import schema
from tests.api.conftest import CORRELATION, NOW, Api, by_role_name
from tests.api.demo_events import demo_events
from tests.api.test_features import EXAMPLES
from tests.operations import Asked, Operations

COUNT = int(os.environ.get("FUZZ_OPERATIONS", "300"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
_GOOD: Mapping[str, Any] = {
    "Int": 10,
    "Long": 10,
    "Float": 0.5,
    "DateTime": "2026-03-09T00:00:00Z",
    "Duration": "P7D",
    "TimeZone": "Europe/Berlin",
    "String": "order",
    "ID": "0195d3a0-0000-7000-8000-000000000000",
}
_LIMITS = replace(Limits(), cost=10**6)


class Usual(Operations):
    """Queries with values that are mostly good, so that most are executed."""

    def make(self) -> Asked:
        asked = super().make()
        return asked if asked.query.startswith("query") else self.make()

    def _value(self, kind: Any, depth: int) -> Any:
        found = super()._value(kind, depth)
        return super()._value(kind, depth) if found is None else found

    def _scalar(self, name: str) -> Any:
        return (
            _GOOD[name] if name in _GOOD and self.random.random() < 0.9 else super()._scalar(name)
        )


class Plenty:
    """Points that never become fewer, so that two answers after one another are told the same."""

    allowance = Allowance(10**6)

    async def charge(self, caller: str, points: int) -> None:
        pass

    def spend(self, caller: str, points: int) -> bool:
        return True

    def refund(self, caller: str, points: float) -> None:
        pass

    def remaining(self, caller: str) -> int:
        return 1


async def endpoint_of(api: Api) -> GraphQLEndpoint:
    """An endpoint whose answers depend on the question alone, and not on when it is asked."""
    health = await api.rooms.database()

    async def database() -> DatabaseHealth:
        return health

    async def answer(reads: Sequence[Read]) -> list[Frame]:
        return [replace(each, as_of=NOW) for each in await api.rooms.answer(reads)]

    async def follow(read: FunnelRead) -> Followed | None:
        found = await api.rooms.follow(read)
        return found and replace(found, as_of=NOW)

    return GraphQLEndpoint(
        schema=schema(),
        rooms=replace(api.rooms, answer=answer, database=database, follow=follow, limits=_LIMITS),
        authenticate=by_role_name,
        correlation=lambda _: CORRELATION,
        clock=lambda: NOW,
        points=Plenty(),
        development=True,
    )


async def both(
    endpoint: GraphQLEndpoint, prepared: Prepared, role: Role
) -> tuple[Executed, Executed]:
    caller = Caller(f"test-{role}", role, None, CORRELATION)
    usual = replace(prepared, document=None)
    assert usual.compiled is None
    made = [await endpoint.made(caller, each, by_get=False) for each in (prepared, usual)]
    return made[0].answer, made[1].answer


async def test_each_example_is_compiled_and_answered_alike_for_every_role(api: Api) -> None:
    await api.store(demo_events())
    endpoint, seen = await endpoint_of(api), Counter[bool]()
    for example in EXAMPLES:
        for role in Role:
            caller = Caller(f"test-{role}", role, None, CORRELATION)
            prepared = await endpoint.prepare(GraphQLRequest(example, None, None), caller)
            assert prepared.operation is not None
            seen[prepared.compiled is not None] += 1
            compiled, usual = await both(endpoint, prepared, role)
            assert compiled == usual, f"{role}: {example}"
    assert seen[True] > 0.9 * seen.total(), seen


async def test_whatever_is_asked_is_answered_alike(api: Api) -> None:
    await api.store(demo_events(2, 2_000))
    endpoint, seen = await endpoint_of(api), Counter[str]()
    operations = Usual(schema()._schema, Random(SEED))
    for number in range(COUNT):
        asked, role = operations.make(), list(Role)[number % len(Role)]
        caller = Caller(f"test-{role}", role, None, CORRELATION)
        request = GraphQLRequest(asked.query, dict(asked.variables), None)
        prepared = await endpoint.prepare(request, caller)
        if prepared.operation is None or prepared.compiled is None:
            seen["invalid" if prepared.operation is None else "not compiled"] += 1
            continue
        try:
            compiled, usual = await both(endpoint, prepared, role)
        except TidemarkError as refusal:
            seen[refusal.code] += 1
            continue
        assert compiled == usual, f"{role}: {asked.query}\n{asked.variables}"
        seen["with errors" if compiled.errors else "without"] += 1
    assert seen["with errors"] > COUNT / 20 and seen["without"] > COUNT / 60, seen
