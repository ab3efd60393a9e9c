"""Bulk ingest over HTTP: the real route behind the real edge, on a real database."""

import asyncio
import contextlib
import gzip
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import asyncpg
import httpx
import pytest
import uvicorn
from starlette.routing import Router
from starlette.types import ASGIApp

from app.auth import Authenticator
from app.edge import Edge
from app.ingest_http import EventsEndpoint, ingest_routes
from app.metrics import Metrics
from app.request_body import BodyBudget, BodyLimits
from app.settings import Settings
from app.telemetry import spans_to
from app.tokens import trust_of
from db.dead_letters import keep
from db.events import EventStore
from db.group_commit import GroupCommit
from db.partitions import EventPartitions
from domain.builtin import BUILTIN
from domain.callers import Role
from domain.catalogue import catalogue_of
from domain.events import EventRules
from resolvers.ingest import Ingest
from tests.tokens import token_of

SECRET = "s" * 32
SETTINGS = Settings(_env_file=None, jwt_secret=SECRET)
LIMITS = BodyLimits(max_bytes=4 * 1024 * 1024, chunk_timeout=0.3, total_timeout=5)
NDJSON = "application/x-ndjson"


def token(role: Role = Role.INGEST) -> str:
    return token_of(SETTINGS, role, subject="shop")


def event(**fields: Any) -> dict[str, Any]:
    return {"type": "click", "occurredAt": "2026-01-22T08:00:00Z", **fields}


@dataclass
class Door:
    """The API and the database behind it."""

    app: ASGIApp
    client: httpx.AsyncClient
    pool: asyncpg.Pool
    endpoint: EventsEndpoint

    async def send(
        self,
        body: Any,
        content_type: str = "application/json",
        *,
        role: Role = Role.INGEST,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.client.post(
            "/v1/events",
            content=content,
            headers={
                "Authorization": f"Bearer {token(role)}",
                "Content-Type": content_type,
                **(headers or {}),
            },
        )

    async def count(self, table: str = "analytics_events") -> int:
        return await self.pool.fetchval(f"SELECT count(*) FROM {table}")


@pytest.fixture
async def door(pool: asyncpg.Pool) -> AsyncIterator[Door]:
    clock = partial(datetime.now, UTC)
    async with GroupCommit(pool, EventStore(EventPartitions(), 7), clock=clock) as commits:
        endpoint = EventsEndpoint(
            ingest=Ingest(
                EventRules.of(catalogue_of(BUILTIN)), commits, partial(keep, pool), 2_000
            ),
            authenticator=Authenticator(pool, trust_of(SETTINGS)),
            clock=clock,
            limits=LIMITS,
        )
        app = Edge(Router(ingest_routes(endpoint)), Metrics(), spans_to(None, "test"))
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://tidemark") as client:
            yield Door(app, client, pool, endpoint)


def error_of(response: httpx.Response) -> dict[str, Any]:
    found = response.json()["error"]
    assert found["message"] and found["correlationId"]
    return found


async def test_an_array_is_taken_with_a_receipt(door: Door) -> None:
    response = await door.send([event(id="a"), event(id="b"), event(id="a")])
    assert response.status_code == 200
    assert response.json() == {"accepted": 2, "duplicates": 1, "rejected": []}
    assert await door.count() == 2


@pytest.mark.parametrize(("body", "content_type"), [(b"[]", "application/json"), (b"\n\n", NDJSON)])
async def test_nothing_is_taken_for_nothing(door: Door, body: bytes, content_type: str) -> None:
    response = await door.send(body, content_type)
    assert response.status_code == 200
    assert response.json() == {"accepted": 0, "duplicates": 0, "rejected": []}


async def test_one_object_is_taken(door: Door) -> None:
    assert (await door.send(event(id="a"))).json()["accepted"] == 1
    assert (await door.send(event(id="a"))).json()["duplicates"] == 1


async def test_lines_are_taken_and_a_bad_one_is_refused_alone(door: Door) -> None:
    body = b"\n".join(
        [json.dumps(event(id="a")).encode(), b"", b"{oops", json.dumps(event(id="b")).encode(), b""]
    )
    receipt = (await door.send(body, NDJSON)).json()
    assert receipt["accepted"] == 2
    assert [(each["index"], each["code"]) for each in receipt["rejected"]] == [
        (1, "MALFORMED_JSON")
    ]
    assert await door.pool.fetchval("SELECT body FROM dead_letters") == b"{oops"


async def test_gzip_is_taken(door: Door) -> None:
    body = gzip.compress(json.dumps([event(id=str(n)) for n in range(500)]).encode())
    response = await door.send(body, headers={"Content-Encoding": "gzip"})
    assert response.json()["accepted"] == 500


async def test_nothing_sent_is_nothing_taken(door: Door) -> None:
    for body, content_type in ((b"[]", "application/json"), (b"\n", NDJSON)):
        response = await door.send(body, content_type)
        assert response.json() == {"accepted": 0, "duplicates": 0, "rejected": []}
    assert await door.count("pending_batches") == 0


@pytest.mark.parametrize(
    ("bad", "code", "field"),
    [
        (
            b'{"type":"click","occurredAt":"2026-01-22T08:00:00Z","durationMs":NaN}',
            "NOT_FINITE",
            "durationMs",
        ),
        (
            b'{"type":"click","occurredAt":"2026-01-22T08:00:00Z",'
            b'"durationMs":12345678901234567890.123456789012}',
            "OUT_OF_RANGE",
            "durationMs",
        ),
        (
            b'{"type":"click","occurredAt":"2026-01-22T08:00:00Z","userId":"\\ud800"}',
            "INVALID_TEXT",
            "userId",
        ),
        (b'{"type":"nope","occurredAt":"2026-01-22T08:00:00Z"}', "UNKNOWN_EVENT_TYPE", "type"),
        (b"17", "NOT_AN_OBJECT", None),
    ],
)
async def test_one_bad_event_of_a_thousand_is_refused_alone(
    door: Door, bad: bytes, code: str, field: str | None
) -> None:
    good = [json.dumps(event(id=f"e{n}")).encode() for n in range(999)]
    response = await door.send(b"[" + b",".join([*good[:400], bad, *good[400:]]) + b"]")
    receipt = response.json()
    assert response.status_code == 200
    assert (receipt["accepted"], receipt["duplicates"]) == (999, 0)
    (rejected,) = receipt["rejected"]
    assert (rejected["index"], rejected["code"], rejected["field"]) == (400, code, field)
    assert rejected["message"]
    letter = await door.pool.fetchrow("SELECT * FROM dead_letters")
    assert (letter["code"], letter["field"], letter["body"]) == (code, field, bad)
    assert (letter["origin"], letter["subject"]) == ("http", "shop")


async def test_a_conflict_is_refused_and_kept_as_it_came(door: Door) -> None:
    await door.send([event(id="a", userId="1")])
    receipt = (await door.send([event(id="b"), event(id="a", userId="2")])).json()
    assert receipt["accepted"] == 1
    assert [(each["index"], each["code"]) for each in receipt["rejected"]] == [(1, "ID_CONFLICT")]
    body = await door.pool.fetchval("SELECT body FROM dead_letters")
    assert json.loads(body) == event(id="a", userId="2")


async def test_a_request_of_only_bad_events_is_answered_and_kept(door: Door) -> None:
    receipt = (await door.send([{"x": 1}, {"type": "nope"}])).json()
    assert receipt["accepted"] == 0 and len(receipt["rejected"]) == 2
    assert await door.count("dead_letters") == 2
    assert await door.count("pending_batches") == 0


async def test_unicode_and_empty_texts_come_back_as_they_were(door: Door) -> None:
    for text in ("", "é漢🎉", 'a"\\\n\t', "\u2028"):
        await door.send([event(id=f"x{text}", userId=text, properties={"k": text})])
        row = await door.pool.fetchrow(
            "SELECT user_id, properties ->> 'k' AS k FROM analytics_events WHERE client_id = $1",
            f"x{text}",
        )
        assert (row["user_id"], row["k"]) == (text, text)


async def test_an_event_has_the_correlation_id_of_its_request(door: Door) -> None:
    await door.send([event(id="a")], headers={"X-Correlation-ID": "trace-7"})
    again = await door.send([event(id="a")], headers={"X-Correlation-ID": "trace-8"})
    assert again.json()["duplicates"] == 1
    assert await door.pool.fetchval("SELECT correlation_id FROM analytics_events") == "trace-7"


async def test_malformed_json_is_refused_with_its_position_and_kept(door: Door) -> None:
    response = await door.send(b'[{"type": "click"}, ')
    assert response.status_code == 400
    assert error_of(response)["code"] == "MALFORMED_JSON"
    assert error_of(response)["position"] == 20
    assert await door.pool.fetchval("SELECT body FROM dead_letters") == b'[{"type": "click"}, '
    assert await door.count() == 0


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("text/plain", "identity"),
        ("", "identity"),
        ("application/json; charset=latin-1", "identity"),
        ("application/json", "br"),
    ],
)
async def test_another_form_is_refused_with_the_valid_ones(
    door: Door, content_type: str, encoding: str
) -> None:
    response = await door.send([event()], content_type, headers={"Content-Encoding": encoding})
    assert response.status_code == 415
    assert error_of(response)["valid"]


async def test_who_may_not_write_is_refused(door: Door) -> None:
    for role in (Role.BUSINESS_VIEWER, Role.OPS_VIEWER):
        response = await door.send([event()], role=role)
        assert (response.status_code, error_of(response)["code"]) == (403, "FORBIDDEN")
    response = await door.client.post("/v1/events", json=[event()])
    assert response.status_code == 401
    assert (await door.send([event()], role=Role.ADMIN)).status_code == 200
    assert await door.count() == 1


async def test_too_much_is_refused(door: Door) -> None:
    many = await door.send([event() for _ in range(2_001)])
    assert (many.status_code, error_of(many)["code"]) == (413, "TOO_MANY_EVENTS")
    large = await door.send(b" " * (LIMITS.max_bytes + 1))
    assert (large.status_code, error_of(large)["code"]) == (413, "BODY_TOO_LARGE")
    assert await door.count() == 0


async def test_a_gzip_bomb_is_refused_while_it_comes_in(door: Door) -> None:
    bomb = gzip.compress(b"[" + b" " * (256 * 1024 * 1024))
    taken = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal taken
        for start in range(0, len(bomb), 4096):
            taken += 1
            yield bomb[start : start + 4096]

    response = await door.client.post(
        "/v1/events",
        content=chunks(),
        headers={
            "Authorization": f"Bearer {token()}",
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
        },
    )
    assert response.status_code == 413
    assert taken < 10
    assert door.endpoint.budget.used == 0


async def test_what_all_bodies_hold_together_is_bounded(door: Door) -> None:
    tight = EventsEndpoint(
        door.endpoint.ingest,
        door.endpoint.authenticator,
        door.endpoint.clock,
        LIMITS,
        BodyBudget(most=1_000),
    )
    app = Edge(Router(ingest_routes(tight)), Metrics(), spans_to(None, "test"))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://tidemark"
    ) as client:
        headers = {"Authorization": f"Bearer {token()}", "Content-Type": "application/json"}
        large = await client.post("/v1/events", content=b" " * 1_001, headers=headers)
        assert (large.status_code, large.headers["retry-after"]) == (503, "1")
        small = await client.post("/v1/events", content=b"[]", headers=headers)
        assert small.status_code == 200
    assert tight.budget.used == 0


@contextlib.asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[int]:
    """The application on a real socket; yields its port."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
        task = asyncio.create_task(server.serve(sockets=[bound]))
        yield bound.getsockname()[1]
        server.should_exit = True
        await task


async def test_a_body_that_does_not_come_is_not_waited_for(door: Door) -> None:
    async with listening(door.app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_beginning())
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"BODY_TOO_SLOW" in answer


async def test_a_client_that_goes_away_leaves_the_others_alone(door: Door) -> None:
    async with listening(door.app) as port:
        _, gone = await asyncio.open_connection("127.0.0.1", port)
        gone.write(_beginning())
        await gone.drain()
        gone.transport.abort()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            headers = {"Authorization": f"Bearer {token()}"}
            response = await client.post("/v1/events", json=[event(id="a")], headers=headers)
    assert response.json()["accepted"] == 1


def _beginning() -> bytes:
    """A request of which the body never comes but for its first byte."""
    return (
        "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token()}\r\nContent-Length: 1000\r\n\r\n["
    ).encode()
