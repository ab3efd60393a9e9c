"""Requests that come again are answered by a shorter way, and as by the long one in everything."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import asyncpg
import httpx
import pytest

from app.auth import KEY_REMEMBERED
from db.data_version import VersionReader
from db.keys import revoke_key
from domain.callers import Role
from domain.errors import Unavailable
from graph.http import GraphQLEndpoint
from tests.stored import store
from tests.streaming import Served, new_key, serving

NOW = datetime.now(UTC).replace(second=20, microsecond=0)
QUERY = '{ summary(range: {last: "P2D"}) { totalEvents meta { cached } } }'
SUMMARY = '{ summary(range: {last: "P2D"}) { totalEvents uniqueUsers } }'
BUSINESS = '{ business(range: {last: "P2D"}) { overview { orders } } }'
CHANGING = {"date", "x-correlation-id", "content-length"}


class Ways:
    """How many requests went the long way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.long = 0
        answer = GraphQLEndpoint.answer

        async def counted(endpoint: GraphQLEndpoint, request: Any) -> Any:
            self.long += 1
            return await answer(endpoint, request)

        monkeypatch.setattr(GraphQLEndpoint, "answer", counted)


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Ways:
    """The clock stands within a minute, so that no answer ends by itself."""
    monkeypatch.setattr("app.asgi._now", lambda: NOW)
    return Ways(monkeypatch)


class Asking:
    """A client of one server."""

    def __init__(self, served: Served, client: httpx.AsyncClient) -> None:
        self.served = served
        self.client = client
        self.headers = {"Authorization": f"Bearer {served.token()}"}

    async def ask(self, query: str = QUERY, **headers: str) -> httpx.Response:
        given = {**self.headers, **{k.replace("_", "-"): v for k, v in headers.items()}}
        return await self.client.post("/graphql", json={"query": query}, headers=given)

    async def known(self, query: str = QUERY, **headers: str) -> httpx.Response:
        """The long way's last answer; from now on the request is known."""
        await self.ask(query, **headers)
        return await self.ask(query, **headers)

    async def happen(self, name: str) -> None:
        at = (NOW - timedelta(hours=1)).isoformat()
        event = {"id": name, "type": "click", "occurredAt": at}
        await store(self.served.pool, self.served.state.catalogue, [event], now=NOW)


@asynccontextmanager
async def asking(dsn: str, redis_url: str, **settings: Any) -> AsyncIterator[Asking]:
    async with (
        serving(dsn, redis_url, **settings) as served,
        httpx.AsyncClient(base_url=served.url) as client,
    ):
        yield Asking(served, client)


@pytest.fixture
async def one(dsn: str, pool: asyncpg.Pool, redis_url: str, ways: Ways) -> AsyncIterator[Asking]:
    async with asking(dsn, redis_url) as found:
        yield found


def total(answer: httpx.Response) -> int:
    return int(answer.json()["data"]["summary"]["totalEvents"])


def steady(answer: httpx.Response) -> list[tuple[bytes, bytes]]:
    """Names of all headers in their order, and what the steady ones say."""
    return [
        (name.lower(), b"" if name.decode().lower() in CHANGING else value)
        for name, value in answer.headers.raw
    ]


async def test_the_short_way_says_what_the_long_one_says(one: Asking, ways: Ways) -> None:
    await one.happen("a")
    long = await one.known()
    assert ways.long == 2
    short = await one.ask()
    assert ways.long == 2
    assert (short.status_code, steady(short)) == (long.status_code, steady(long))
    said, before = short.json(), long.json()
    assert (
        said["data"] == before["data"] == {"summary": {"totalEvents": 1, "meta": {"cached": True}}}
    )
    cost, cost_before = said["extensions"]["cost"], before["extensions"]["cost"]
    assert cost == {**cost_before, "remaining": cost_before["remaining"] - 1}
    assert said["extensions"]["cache"] == before["extensions"]["cache"]
    assert int(short.headers["content-length"]) == len(short.content)


async def test_what_was_committed_is_in_the_next_answer(one: Asking, ways: Ways) -> None:
    for number in range(5):
        await one.known()
        gone = ways.long
        assert total(await one.ask()) == number
        assert ways.long == gone
        await one.happen(f"event {number}")
        assert total(await one.ask()) == number + 1


async def test_the_version_is_read_once_for_either_way(
    one: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    await one.known()
    read, readings = VersionReader.__call__, []

    async def counted(self: VersionReader) -> str:
        readings.append(await read(self))
        return readings[-1]

    monkeypatch.setattr(VersionReader, "__call__", counted)
    for number in range(3):
        assert total(await one.ask()) == number
        await one.happen(f"event {number}")
        assert total(await one.ask()) == number + 1
    assert len(readings) == 6


async def test_a_minute_later_the_answer_is_made_anew(
    one: Asking, ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    await one.known()
    later = NOW + timedelta(minutes=1)
    object.__setattr__(endpoint_of(one), "clock", lambda: later)
    again = one.served.server.config.app.again  # type: ignore[union-attr]
    monkeypatch.setattr(again, "_clock", lambda: later)
    answer = await one.ask()
    assert answer.json()["data"]["summary"]["meta"]["cached"] is False


def endpoint_of(one: Asking) -> GraphQLEndpoint:
    paths: Any = one.served.server.config.app._app  # type: ignore[union-attr]
    (found, *_) = (each for each in paths._router.routes if isinstance(each.app, GraphQLEndpoint))
    endpoint: GraphQLEndpoint = found.app
    return endpoint


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_asked_in_whatever_order_both_ways_agree(
    one: Asking, ways: Ways, seed: int
) -> None:
    random = Random(seed)
    roles = (Role.ADMIN, Role.ADMIN, Role.OPS_VIEWER, Role.INGEST)
    tokens = [one.served.token(role, subject=role.value) for role in roles] + ["no.such.token"]
    questions = [SUMMARY, SUMMARY, BUSINESS, "{ wrong }"]
    went_short = 0
    for number in range(250):
        if random.random() < 0.08:
            await one.happen(f"event {number}")
        headers = {
            "Authorization": f"Bearer {random.choice(tokens)}",
            "Accept": random.choice(["*/*", "application/graphql-response+json"]),
        }
        extensions = random.choice([{}, {}, {}, {"maxAge": 0}])
        body = {"query": random.choice(questions), "extensions": extensions}
        found = {}
        for path in random.sample(["/graphql", "/graphql?long"], 2):
            gone = ways.long
            answer = await one.client.post(path, json=body, headers=headers)
            said = answer.json()
            outcome = (answer.status_code, said.get("data"), codes(said), steady(answer))
            found[path] = outcome
            went_short += ways.long == gone
        assert found["/graphql"] == found["/graphql?long"]
    assert went_short > 20


def codes(said: dict[str, Any]) -> list[str]:
    return [each["extensions"]["code"] for each in said.get("errors", [])]


async def test_other_bytes_other_callers_and_other_methods_are_not_known(
    one: Asking, ways: Ways
) -> None:
    await one.known()
    other = {"Authorization": f"Bearer {one.served.token(subject='bob')}"}
    body = json.dumps({"query": QUERY})
    gone = ways.long
    await one.ask(QUERY + " ")
    await one.ask(QUERY, Accept="application/graphql-response+json")
    await one.ask(QUERY, **other)
    await one.client.get("/graphql", params={"query": QUERY}, headers=one.headers)
    plain = await one.client.post("/graphql", content=body, headers=one.headers)
    assert plain.status_code == 415
    assert ways.long == gone + 5


async def test_a_role_that_may_not_see_it_is_refused_whatever_is_known(one: Asking) -> None:
    await one.known(BUSINESS)
    token = one.served.token(Role.OPS_VIEWER)
    for _ in range(3):
        refused = await one.ask(BUSINESS, Authorization=f"Bearer {token}")
        assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_without_a_token_or_with_a_wrong_one_nothing_is_answered(one: Asking) -> None:
    await one.known()
    body = {"query": QUERY}
    assert (await one.client.post("/graphql", json=body)).status_code == 401
    wrong = one.headers["Authorization"] + "x"
    assert (await one.ask(Authorization=wrong)).status_code == 401


async def test_a_revoked_key_is_refused_once_it_is_not_remembered(
    one: Asking, ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, key = await new_key(one.served.pool)
    one.headers = {"X-API-Key": secret}
    await one.known()
    gone = ways.long
    assert (await one.ask()).status_code == 200
    assert ways.long == gone
    await revoke_key(one.served.pool, key.id, by="ada")
    memory = one.served.state.authenticator._keys
    tick = memory._tick
    monkeypatch.setattr(memory, "_tick", lambda: tick() + KEY_REMEMBERED)
    assert (await one.ask()).status_code == 401


async def test_a_token_is_looked_at_anew_once_it_has_expired(one: Asking) -> None:
    await one.known()
    authenticator = one.served.state.authenticator
    authenticator._trust = replace(authenticator._trust, secret="that signed no token of this test")
    assert (await one.ask()).status_code == 200, "it is remembered"
    ((hashed, (caller, _)),) = authenticator._tokens._held.items()
    authenticator._tokens.put(hashed, replace(caller, expires_at=NOW - timedelta(minutes=1)))
    assert (await one.ask()).status_code == 401


async def test_known_requests_spend_points_until_there_are_none(
    dsn: str, pool: asyncpg.Pool, redis_url: str, ways: Ways
) -> None:
    few = {"rate_limit_capacity": 100, "rate_limit_per_second": 0.001}
    async with asking(dsn, redis_url, **few) as one:
        left = (await one.known()).json()["extensions"]["cost"]["remaining"]
        answers = [await one.ask() for _ in range(left + 2)]
        assert [each.status_code for each in answers] == [200] * left + [429] * 2
        assert answers[-1].headers["retry-after"]
        assert ways.long < left


async def test_cross_origin_answers_say_so_each_time(
    dsn: str, pool: asyncpg.Pool, redis_url: str, ways: Ways
) -> None:
    origin = "https://shop.example"
    async with asking(dsn, redis_url, cors_origins=(origin,)) as one:
        for _ in range(4):
            answer = await one.ask(Origin=origin)
            assert answer.headers["access-control-allow-origin"] == origin
        await one.known()
        gone = ways.long
        await one.ask()
        assert ways.long == gone


async def test_behind_tls_every_answer_says_so(one: Asking, ways: Ways) -> None:
    for _ in range(4):
        assert "strict-transport-security" in (await one.ask(X_Forwarded_Proto="https")).headers
        assert "strict-transport-security" not in (await one.ask()).headers
    assert ways.long < 8


async def test_each_answer_has_the_correlation_id_of_its_request(one: Asking, ways: Ways) -> None:
    await one.known()
    gone = ways.long
    assert (await one.ask(X_Correlation_ID="mine-7")).headers["x-correlation-id"] == "mine-7"
    made = {(await one.ask(X_Correlation_ID=given)).headers["x-correlation-id"] for given in "{}"}
    assert len(made) == 2
    assert made.isdisjoint("{}")
    assert ways.long == gone


async def test_requests_of_either_way_are_counted(one: Asking) -> None:
    for _ in range(5):
        await one.ask()
    shown = (await one.client.get("/metrics")).text
    count = 'tidemark_http_request_seconds_count{method="POST",route="/graphql",status="200"} 5.0'
    assert count in shown


async def test_while_the_database_is_down_the_last_answer_is_marked(
    one: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    await one.known()

    async def away(self: VersionReader) -> str:
        raise Unavailable("The database is away.")

    monkeypatch.setattr(VersionReader, "__call__", away)
    assert (await one.ask()).json()["extensions"]["cache"]["stale"] is True


def raw(one: Asking, query: str = QUERY, *more: str) -> bytes:
    body = json.dumps({"query": query})
    lines = [
        "POST /graphql HTTP/1.1",
        "Host: tidemark",
        "Content-Type: application/json",
        f"Authorization: {one.headers['Authorization']}",
        f"Content-Length: {len(body)}",
        *more,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


async def answer_of(reader: asyncio.StreamReader) -> dict[str, Any]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    found: dict[str, Any] = json.loads(await reader.readexactly(length))
    return found


async def test_pipelined_requests_are_answered_in_their_order(one: Asking, ways: Ways) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", one.served.port)
    known, other = raw(one), raw(one, "{ a: __typename }")
    for _ in range(2):
        writer.write(known)
        await answer_of(reader)
    writer.write(known + other + known + other + known)
    found = [(await answer_of(reader))["data"] for _ in range(5)]
    assert [[*each] for each in found] == [["summary"], ["a"], ["summary"], ["a"], ["summary"]]
    assert ways.long < 7
    writer.close()


async def test_bodies_in_pieces_are_put_together(one: Asking) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", one.served.port)
    for cut in (*range(10, len(raw(one)), 25), len(raw(one)) - 1):
        writer.write(raw(one)[:cut])
        await writer.drain()
        await one.client.get("/health")
        writer.write(raw(one)[cut:])
        assert (await answer_of(reader))["data"]["summary"]["totalEvents"] == 0
    writer.close()


async def test_a_connection_that_is_to_be_closed_is(one: Asking) -> None:
    await one.known()
    for _ in range(3):
        reader, writer = await asyncio.open_connection("127.0.0.1", one.served.port)
        writer.write(raw(one, QUERY, "Connection: close"))
        assert b"totalEvents" in await reader.read()
        writer.close()


async def test_who_leaves_before_the_version_is_read_disturbs_nobody(
    one: Asking, ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", one.served.port)
    for _ in range(2):
        writer.write(raw(one))
        await answer_of(reader)
    gate, asked = asyncio.Event(), asyncio.Event()
    read = VersionReader.__call__

    async def gated(self: VersionReader) -> str:
        asked.set()
        await gate.wait()
        return await read(self)

    monkeypatch.setattr(VersionReader, "__call__", gated)
    writer.write(raw(one))
    await asked.wait()
    stays, other = await asyncio.open_connection("127.0.0.1", one.served.port)
    other.write(raw(one))
    writer.transport.abort()
    left = one.served.server.server_state.connections
    while len(left) > 2:
        await one.client.get("/health")
    gate.set()
    assert "data" in await answer_of(stays)
    assert ways.long == 2
    other.close()
