"""Probes and the edge: what is open to all, what each answer carries, and how failures look."""

import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from starlette.types import Receive, Scope, Send

from app.asgi import open_web
from app.edge import Edge
from app.metrics import Metrics
from app.settings import Settings
from app.state import open_state
from app.telemetry import NoSpans
from db.heartbeats import ALIVE_FOR, beat
from domain.callers import Role
from domain.errors import Unavailable
from tests.tokens import token_of

MANUAL = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text("utf-8")
SECRET = "x" * 32
NOWHERE = "redis://127.0.0.1:1/0"


def _token(role: Role) -> str:
    return token_of(Settings.model_validate({"jwt_secret": SecretStr(SECRET)}), role)


async def _web(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with open_state(settings, "test") as state, open_web(state) as web:
        transport = httpx.ASGITransport(app=web)
        async with httpx.AsyncClient(transport=transport, base_url="http://tidemark") as client:
            yield client


def _settings(dsn: str, redis_url: str, **more: object) -> Settings:
    return Settings.model_validate(
        {
            "database_url": dsn,
            "redis_url": redis_url,
            "jwt_secret": SecretStr(SECRET),
            "cors_origins": ("https://shop.example",),
            **more,
        }
    )


@pytest.fixture
async def web(dsn: str, redis_url: str, redis: Redis) -> AsyncIterator[httpx.AsyncClient]:
    async for client in _web(_settings(dsn, redis_url)):
        yield client


@pytest.fixture
async def web_without_redis(dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    async for client in _web(_settings(dsn, NOWHERE)):
        yield client


async def test_health_says_ok_to_all(web: httpx.AsyncClient) -> None:
    answer = await web.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_ready_once_all_parts_answer(web: httpx.AsyncClient, redis: Redis) -> None:
    await beat(redis, "worker-1", datetime.now(UTC))
    answer = await web.get("/ready")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "postgres": "ok", "redis": "ok", "worker": "ok"}


async def test_not_ready_once_the_worker_is_silent(web: httpx.AsyncClient, redis: Redis) -> None:
    await beat(redis, "worker-1", datetime.now(UTC) - ALIVE_FOR)
    answer = await web.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["worker"] == "down"
    assert answer.json()["postgres"] == "ok"


async def test_not_ready_without_redis_and_healthy_still(
    web_without_redis: httpx.AsyncClient,
) -> None:
    answer = await web_without_redis.get("/ready")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not ready",
        "postgres": "ok",
        "redis": "down",
        "worker": "down",
    }
    assert (await web_without_redis.get("/health")).status_code == 200
    assert 'tidemark_up{part="redis"} 0.0' in (await web_without_redis.get("/metrics")).text


async def test_metrics_show_requests_pool_and_tail(web: httpx.AsyncClient) -> None:
    await web.get("/health")
    await web.get("/health/../no/such/path")
    text = (await web.get("/metrics")).text
    assert (
        'tidemark_http_request_seconds_count{method="GET",route="/health",status="200"} 1.0' in text
    )
    assert 'route="other",status="404"} 1.0' in text
    assert 'tidemark_postgres_connections{state="limit"} 10.0' in text
    assert "tidemark_tail_events 0.0" in text


async def test_metrics_count_events_by_what_became_of_them(web: httpx.AsyncClient) -> None:
    good = {"id": "a", "type": "click", "occurredAt": "2026-01-22T08:00:00Z"}
    headers = {"Authorization": f"Bearer {_token(Role.INGEST)}"}
    answer = await web.post("/v1/events", headers=headers, json=[good, good, {"type": "no such"}])
    assert answer.status_code == 200, answer.text
    text = (await web.get("/metrics")).text
    assert 'tidemark_events_total{outcome="accepted"} 1.0' in text
    assert 'tidemark_events_total{outcome="duplicate"} 1.0' in text
    assert 'tidemark_events_total{outcome="rejected"} 1.0' in text
    assert "tidemark_dead_letters 1.0" in text


async def test_metrics_show_what_waits_for_people(
    web: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    await pool.execute(
        """INSERT INTO alerts
            (id, config_id, name, severity, labels, group_key, status, triggered_at, reason)
        VALUES (gen_random_uuid(), gen_random_uuid(), 'slow', 'critical', '{}', '[]', 'firing',
            now(), 'slow')"""
    )
    await pool.execute(
        """INSERT INTO notification_messages (id, channel, address, severity, status, created_at, due_at)
        SELECT gen_random_uuid(), 'email', 'a@b.example', 'critical', s, now(), now()
        FROM unnest(ARRAY['pending', 'dead', 'dead']) AS s"""
    )
    text = (await web.get("/metrics")).text
    assert 'tidemark_alerts_open{severity="critical"} 1.0' in text
    assert 'tidemark_alerts_open{severity="info"} 0.0' in text
    assert 'tidemark_notification_messages{status="pending"} 1.0' in text
    assert 'tidemark_notification_messages{status="dead"} 2.0' in text
    assert "tidemark_evaluation_late_seconds 0.0" in text


async def test_the_manual_names_each_metric(web: httpx.AsyncClient) -> None:
    text = (await web.get("/metrics")).text
    families = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")]
    own = [name for name in families if name.startswith("tidemark_")]
    own = [name for name in own if not name.endswith("_created")]
    assert own
    assert [name for name in own if f"`{name}" not in MANUAL] == []


@pytest.mark.parametrize("path", ["/graphql", "/v1/events"])
async def test_nothing_else_answers_without_a_credential(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.post(path, json={"query": "{ viewer { subject } }"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "UNAUTHENTICATED" in answer.text
    assert answer.headers["x-correlation-id"] in answer.text


async def test_an_unknown_path_is_json_with_the_correlation_id(web: httpx.AsyncClient) -> None:
    answer = await web.get("/nothing", headers={"X-Correlation-ID": "mine-1"})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NOT_FOUND"
    assert answer.json()["error"]["correlationId"] == "mine-1"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/events", "POST"),
        ("POST", "/health", "GET, HEAD"),
        ("PUT", "/metrics", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_named_with_the_right_one(
    web: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    answer = await web.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.json()["error"]["code"] == "METHOD_NOT_ALLOWED"
    assert answer.json()["error"]["message"] == f"{method} is not answered at {path}; {allowed} is."


async def test_the_address_alone_leads_to_graphiql(web: httpx.AsyncClient) -> None:
    answer = await web.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/graphql")


@pytest.mark.parametrize("name", ["nothing.js", "..%2fconsole.py", "%2e%2e/http.py"])
async def test_graphiql_serves_no_other_file(web: httpx.AsyncClient, name: str) -> None:
    assert (await web.get(f"/graphql/console/{name}")).status_code == 404


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Correlation-ID": "order-7:retry/2"}, "order-7:retry/2"),
        (
            {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
            "0af7651916cd43dd8448eb211c80319c",
        ),
    ],
)
async def test_a_sane_correlation_id_is_kept(
    web: httpx.AsyncClient, headers: dict[str, str], expected: str
) -> None:
    assert (await web.get("/health", headers=headers)).headers["x-correlation-id"] == expected


@pytest.mark.parametrize("given", ["", "with space", "x" * 129, "a\tb", "<script>"])
async def test_another_correlation_id_is_replaced(web: httpx.AsyncClient, given: str) -> None:
    answer = await web.get("/health", headers={"X-Correlation-ID": given})
    assert len(answer.headers["x-correlation-id"]) == 32


async def test_each_answer_has_the_security_headers(web: httpx.AsyncClient) -> None:
    for path in ("/health", "/nothing", "/metrics"):
        headers = (await web.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["content-security-policy"].startswith("default-src 'none'")


async def test_only_listed_origins_may_call_from_a_page(web: httpx.AsyncClient) -> None:
    ask = {"Access-Control-Request-Method": "POST"}
    listed = await web.options("/graphql", headers={"Origin": "https://shop.example", **ask})
    other = await web.options("/graphql", headers={"Origin": "https://evil.example", **ask})
    assert listed.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-origin" not in other.headers


async def _failing(error: Exception) -> httpx.Response:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    transport = httpx.ASGITransport(app=Edge(app, Metrics(), NoSpans()))
    async with httpx.AsyncClient(transport=transport, base_url="http://tidemark") as client:
        return await client.get("/", headers={"X-Correlation-ID": "mine-2"})


async def test_an_unexpected_failure_is_masked_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await _failing(ValueError("password=hunter2"))
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert answer.json()["error"]["code"] == "INTERNAL"
    assert answer.headers["x-correlation-id"] == answer.json()["error"]["correlationId"] == "mine-2"


async def test_an_unavailable_server_says_when_to_come_back() -> None:
    answer = await _failing(Unavailable("PostgreSQL is away.", retry_after=3))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert json.loads(answer.text)["error"]["code"] == "UNAVAILABLE"
