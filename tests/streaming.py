"""A real server on a real socket for tests of streams, clients for it, and things that happen to alerts."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from app.asgi import open_web
from app.serve import server_of
from app.settings import Settings
from app.state import AppState, open_state
from app.tokens import issue, trust_of
from db.alert_bell import announce
from db.alert_history import append
from domain.alert_records import AlertEvent
from domain.alerts import Severity
from domain.callers import Role
from domain.streams import StreamLimits

SECRET = "a secret of tests, which is long enough"
PROTOCOL = "graphql-transport-ws"
EVENTS = "subscription ($after: String) { alertEvents(after: $after) { cursor reason } }"
PATIENCE = 20.0
"""Seconds after which a test gives up waiting."""


@dataclass
class Served:
    """A server with its own database."""

    state: AppState
    server: uvicorn.Server
    port: int
    numbers: "count[int]" = field(default_factory=count)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pool(self) -> asyncpg.Pool:
        return self.state.pool

    def token(self, role: Role = Role.ADMIN, ttl: float = 600.0, subject: str = "ada") -> str:
        return issue(
            trust_of(self.state.settings),
            secret=SECRET,
            role=role,
            subject=subject,
            ttl=timedelta(seconds=ttl),
            now=datetime.now(UTC),
        )

    async def happen(self, reason: str | None = None, **fields: Any) -> int:
        """One thing happens to an alert; returns its cursor."""
        async with self.pool.acquire() as connection, connection.transaction():
            said = reason or f"event {next(self.numbers)}"
            (kept,) = await append(connection, [alert_event(said, **fields)])
        await announce(self.state.redis)
        return kept.id

    async def quiet(self) -> None:
        """Return when no client is connected."""
        await until(lambda: not self.server.server_state.connections)


async def until(holds: Callable[[], bool]) -> None:
    """Return as soon as it holds."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if holds():
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def serving(
    dsn: str, redis_url: str, limits: StreamLimits | None = None, **settings: Any
) -> AsyncIterator[Served]:
    """The whole application behind a socket of its own."""
    given: dict[str, Any] = {
        "_env_file": None,
        "database_url": dsn,
        "redis_url": redis_url,
        "jwt_secret": SECRET,
        **settings,
    }
    wanted = Settings(**given)
    async with open_state(wanted, "api") as state, open_web(state, limits) as web:
        config = server_of(web, wanted)
        config.port = 0
        config.timeout_graceful_shutdown = 1
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        task = asyncio.create_task(server.serve())
        await until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield Served(state, server, port)
        finally:
            server.should_exit = True
            await task


def alert_event(
    reason: str, severity: Severity = Severity.INFO, config_id: UUID | None = None
) -> AlertEvent:
    """Something to append to the history."""
    return AlertEvent(
        id=0,
        at=datetime(2026, 3, 10, tzinfo=UTC),
        event="changed",
        config_id=config_id or uuid4(),
        alert_id=None,
        name="slow",
        severity=severity,
        group_key="[]",
        labels={},
        from_phase="ok",
        to_phase="pending",
        value=1.5,
        threshold=None,
        reason=reason,
        subject=None,
        notice="none",
    )


class Talk:
    """One connection of graphql-transport-ws, spoken by hand."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            message: dict[str, Any] = json.loads(await self.connection.recv())
        return message

    async def init(self, payload: Mapping[str, Any] | None = None) -> None:
        await self.send(type="connection_init", payload=payload)
        assert await self.receive() == {"type": "connection_ack"}

    async def subscribe(self, query: str = EVENTS, id: str = "1", **variables: Any) -> None:
        await self.send(type="subscribe", id=id, payload={"query": query, "variables": variables})

    async def next(self, id: str = "1") -> dict[str, Any]:
        """The data of the next result."""
        message = await self.receive()
        assert (message["type"], message["id"]) == ("next", id), message
        assert "errors" not in message["payload"], message
        data: dict[str, Any] = message["payload"]["data"]
        return data

    async def closed(self) -> tuple[int | None, str | None]:
        """The code and reason with which the server ends the connection."""
        async with asyncio.timeout(PATIENCE):
            await self.connection.wait_closed()
        return self.connection.close_code, self.connection.close_reason


@asynccontextmanager
async def talking(served: Served, token: str | None = None, **options: Any) -> AsyncIterator[Talk]:
    """A connection; initialised with the token, if one is given."""
    options.setdefault("subprotocols", [PROTOCOL])
    url = f"ws://127.0.0.1:{served.port}/graphql"
    async with connect(url, max_size=None, **options) as connection:
        talk = Talk(connection)
        if token is not None:
            await talk.init({"Authorization": f"Bearer {token}"})
        yield talk


@dataclass(frozen=True, slots=True)
class Sent:
    """One server-sent event."""

    event: str
    id: str | None
    data: str

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.data)
        return value


@asynccontextmanager
async def streaming(
    served: Served,
    query: str = EVENTS,
    token: str | None = None,
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    **variables: Any,
) -> "AsyncIterator[tuple[httpx.Response, AsyncIterator[Sent]]]":
    """A response of server-sent events, and its events as they come."""
    sent = {"Accept": "text/event-stream", **(headers or {})}
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    asked = {"query": query, "variables": variables}
    options: dict[str, Any] = {"json": asked}
    if method == "GET":
        options = {"params": {"query": query, "variables": json.dumps(variables)}}
    timeout = httpx.Timeout(PATIENCE)
    async with (
        httpx.AsyncClient(base_url=served.url, timeout=timeout) as client,
        client.stream(method, "/graphql", headers=sent, **options) as response,
    ):
        yield response, _events(response)


async def _events(response: httpx.Response) -> AsyncIterator[Sent]:
    found: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(":")
            found[name] = value.removeprefix(" ")
        elif found:
            yield Sent(found.get("event", "message"), found.get("id"), found.get("data", ""))
            found = {}
