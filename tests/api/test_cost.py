"""What questions cost, that they are paid for, and that bombs are refused before they cost anything."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from graphql import validate
from redis.asyncio import Redis

import graph.documents
from db.rate_limit import RateLimit
from domain.limits import Limits
from domain.token_bucket import Allowance
from graph.asked_operation import operation_of
from graph.cost import cost_of
from graph.documents import checked
from graph.schema import schema
from tests.api.conftest import NOW, Api, serving

SERIES = """query ($range: RangeInput!, $by: [String!], $length: Granularity, $compare: CompareInput) {
    timeseries(eventType: "click", range: $range, groupBy: $by, granularity: $length, compareTo: $compare)
    { series { columns { count %s } } } }"""
CHEAP = "{ viewer { subject } }"
WEEK = {"last": "P7D"}


def cost(query: str, **variables: Any) -> int:
    built, limits = schema()._schema, Limits()
    document = checked(built, query, limits, introspection=True).document
    assert document is not None
    operation = operation_of(document, None, variables)
    assert operation is not None
    return cost_of(built, operation, limits)


def test_cost_rises_with_each_of_range_granularity_groups_and_fields() -> None:
    base = cost(SERIES % "", range=WEEK, length="HOUR")
    assert cost(CHEAP) < base
    assert cost(SERIES % "", range={"last": "P30D"}, length="HOUR") > base
    assert cost(SERIES % "", range=WEEK, length="HOUR", by=["path"]) > base
    assert cost(SERIES % "", range=WEEK, length="HOUR", compare={}) > base
    finer = cost(SERIES % "", range=WEEK, length="QUARTER_HOUR")
    assert cost(SERIES % "errorCount", range=WEEK, length="QUARTER_HOUR") > finer > base
    assert cost(SERIES % "uniqueUsers", range=WEEK, length="HOUR") > base + 10
    points = SERIES.replace("columns { count %s }", "points { aggregates { count } }")
    assert cost(points, range=WEEK, length="HOUR") > base


def test_the_same_question_costs_the_same_however_it_is_written() -> None:
    text = '{ summary(range: { last: "P7D" }) { totalEvents uniqueUsers } }'
    spread = """query ($r: RangeInput = { last: "P7D" }, $no: Boolean = false) { ...A }
        fragment A on Query { summary(range: $r) { ... { totalEvents } uniqueUsers
        totals @include(if: $no) { quantile(of: "value", q: 0.5) } } }"""
    assert cost(text) == cost(spread)


@pytest.mark.parametrize(
    "given", [None, 7, [], {}, {"last": 3}, {"last": "x"}, {"between": {"from": 1}}]
)
def test_variables_that_make_no_sense_are_priced_all_the_same(given: object) -> None:
    assert cost(SERIES % "", range=given, length="HOUR", by=given) > 0


def test_events_to_record_are_priced_one_by_one() -> None:
    text = "mutation ($e: [EventInput!]!) { recordEvents(input: { events: $e }) { accepted } }"
    assert cost(text, e=[{}] * 1_000) > cost(text, e=[{}]) + 100


async def test_every_answer_says_what_it_cost(api: Api) -> None:
    for query in (CHEAP, "{ nothing }", "{", "mutation { aggregate(input: {}) { batches } }"):
        spent = (await api.ask(query)).body["extensions"]["cost"]
        assert 1 <= spent["actual"] <= spent["requested"]
        assert spent["remaining"] < Allowance().capacity


@pytest.fixture
async def tight(dsn: str, pool: asyncpg.Pool, redis: Redis) -> AsyncIterator[Api]:
    points = RateLimit(redis, Allowance(100, 1.0), NOW.timestamp)
    async for served in serving(dsn, pool, parts={"points": points}):
        yield served


async def test_without_points_nothing_is_read_and_the_answer_says_when_to_come_back(
    tight: Api,
) -> None:
    query = SERIES % ""
    answers = [await tight.ask(query, range=WEEK, length="HOUR") for _ in range(12)]
    refused = [each for each in answers if each.response.status_code == 429]
    assert refused and len(refused) < 12
    assert refused[-1].codes == ["RATE_LIMITED"]
    wait = refused[-1].error["extensions"]["retryAfter"]
    assert int(refused[-1].response.headers["retry-after"]) >= wait > 0
    assert len(tight.reads) == 12 - len(refused)
    other = await tight.ask(query, role="business_viewer", range=WEEK, length="HOUR")
    assert other.response.status_code == 200


async def test_an_operation_that_no_bucket_could_pay_is_said_to_be_too_expensive(
    tight: Api,
) -> None:
    answered = await tight.ask(
        SERIES % "uniqueUsers", range={"last": "P90D"}, length="QUARTER_HOUR"
    )
    assert answered.codes == ["TOO_EXPENSIVE"] and tight.reads == []


async def test_viewers_see_their_points(tight: Api) -> None:
    asked = "{ viewer { limits { capacity perSecond remaining } } }"
    limits = (await tight.ask(asked)).data["viewer"]["limits"]
    assert limits["capacity"] == 100 and limits["perSecond"] == 1.0
    assert 90 <= limits["remaining"] < 100


def doubling(levels: int) -> str:
    """Fragments that spread the next one twice: 2 to the power of `levels` fields."""
    chain = "".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }} " for n in range(levels))
    return f"{{ ...f0 }} {chain} fragment f{levels} on Query {{ viewer {{ subject }} }}"


BOMBS = {
    "aliases": "{" + " ".join(f"a{n}: viewer {{ subject }}" for n in range(40_000)) + "}",
    "directives": "{ viewer { subject " + "@a " * 330_000 + "} }",
    "fragments": "{ viewer { subject } } " + "fragment f on Query { viewer { subject } } " * 24_000,
    "text": '{ viewer(x: "' + "b" * 1_000_000 + '") { subject } }',
    "short aliases": "{" + " ".join(f"a{n}:__typename" for n in range(600)) + "}",
    "short directives": "{ viewer { subject " + "@a" * 900 + "} }",
    "doubling": doubling(45),
    "circle": "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a ...a }",
    "repeats": "{ viewer { " + "limits { depth } " * 350 + "} }",
    "spreads": "{ viewer { " + "...f " * 900 + "} } fragment f on Viewer { subject }",
    "braces": "{ viewer " * 900,
    "lists": "{ viewer(x: " + "[" * 1_900,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_it_is_validated(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    validated = []

    def counted(*given: Any, **more: Any) -> Any:
        validated.append(given)
        return validate(*given, **more)

    monkeypatch.setattr(graph.documents, "validate", counted)
    found = checked(schema()._schema, BOMBS[name], Limits(), introspection=False)
    assert found.document is None and len(found.errors) == 1
    assert validated == []


async def test_variables_nested_without_end_are_refused(api: Api) -> None:
    nested: Any = {"dimension": "path", "eq": "a"}
    for _ in range(200):
        nested = {"not": nested}
    query = (
        'query ($f: FilterInput) { summary(range: { last: "P1D" }, filter: $f) { totalEvents } }'
    )
    assert (await api.ask(query, f=nested)).codes == ["VARIABLES_TOO_DEEP"]
