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
from db.alert_bell import announce
from db.alert_history import append
from db.alert_outbox import enqueue
from db.keys import PREFIX, ApiKey, NewKey, create_key
from domain.alert_records import AlertEvent
from domain.alerts import Severity
from domain.callers import Role
from domain.streams import StreamLimits
from tests.tokens import token_of

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
        lives = timedelta(seconds=ttl)
        return token_of(self.state.settings, role, subject=subject, ttl=lives)

    async def happen(self, reason: str | None = None, **fields: Any) -> int:
        """One thing happens to an alert; returns its cursor."""
        async with self.pool.acquire() as connection, connection.transaction():
            said = reason or f"event {next(self.numbers)}"
            kept = await append(connection, [alert_event(said, **fields)])
            await enqueue(connection, kept)
        await announce(self.state.redis)
        return kept[0].id

    async def ended_streams(self) -> None:
        """Return when nothing is served any more, though clients may be connected still."""
        await until(lambda: not self.server.server_state.tasks)

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


async def new_key(pool: asyncpg.Pool, role: Role = Role.ADMIN) -> tuple[str, ApiKey]:
    """An API key and its secret."""
    secret = PREFIX + uuid4().hex * 2
    return secret, await create_key(pool, NewKey("streams", role, secret, None), by="ada")


def alert_event(
    reason: str,
    severity: Severity = Severity.INFO,
    config_id: UUID | None = None,
    notice: str = "none",
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
        notice=notice,
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
    url = f"ws://127.0.0.1:{served.port}{options.pop('path', '/graphql')}"
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
    params: Mapping[str, str] | None = None,
    **variables: Any,
) -> "AsyncIterator[Events]":
    """A response of server-sent events."""
    sent = {"Accept": "text/event-stream", **(headers or {})}
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    asked = {"query": query, "variables": variables}
    options: dict[str, Any] = {"json": asked}
    if method == "GET":
        options = {"params": {"query": query, "variables": json.dumps(variables), **(params or {})}}
    timeout = httpx.Timeout(PATIENCE)
    async with (
        httpx.AsyncClient(base_url=served.url, timeout=timeout) as client,
        client.stream(method, "/graphql", headers=sent, **options) as response,
    ):
        yield Events(response)


class Events:
    """Server-sent events as they come; `last_id` is what an EventSource would send on its return."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()
        self.response = response
        self.last_id: str | None = None
        self.comments = 0

    def __aiter__(self) -> "Events":
        return self

    async def __anext__(self) -> Sent:
        found: dict[str, str] = {}
        async for line in self._lines:
            if line.startswith(":"):
                self.comments += 1
            elif line:
                name, _, value = line.partition(":")
                found[name] = value.removeprefix(" ")
            elif found:
                self.last_id = found.get("id", self.last_id)
                if "data" in found:
                    return Sent(found.get("event", "message"), found.get("id"), found["data"])
                found = {}
        raise StopAsyncIteration

    async def data(self) -> dict[str, Any]:
        """The data of the next result."""
        sent = await anext(self)
        assert sent.event == "next", sent
        assert "errors" not in sent.json, sent
        data: dict[str, Any] = sent.json["data"]
        return data

    async def codes(self) -> list[str]:
        """The codes of the errors that come next."""
        sent = await anext(self)
        return [error["extensions"]["code"] for error in sent.json["errors"]]
