"""The API over HTTP in process: the real routes, on a real database, with a clock that tests set."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import asyncpg
import httpx
import pytest
from asyncpg.connection import LoggedQuery
from starlette.applications import Starlette
from starlette.requests import Request

from db.dead_letters import keep
from db.events import EventStore
from db.group_commit import GroupCommit
from db.partitions import EventPartitions
from db.pool import open_pool
from db.rate_limit import RateLimit
from db.rollup_sets import ensure_catalogue
from db.rollups import roll_all
from domain.builtin import BUILTIN
from domain.callers import Caller, Role
from domain.catalogue import Catalogue, catalogue_of
from domain.errors import Unauthenticated
from domain.events import EventRules
from domain.grains import Grain
from domain.limits import Limits
from domain.questions import Frame, Read
from domain.token_bucket import Allowance
from graph.http import GraphQLEndpoint, routes
from graph.schema import schema
from resolvers.ingest import Ingest
from resolvers.rooms import open_rooms
from resolvers.scope import ReadPresent, Rooms, no_present
from tests.api.demo_events import demo_events
from tests.stored import store

NOW = datetime(2026, 3, 10, 12, 7, tzinfo=UTC)
CORRELATION = "c0ffee"


async def by_role_name(request: Request) -> Caller:
    """Tokens of these tests are role names."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if given not in {role.value for role in Role}:
        raise Unauthenticated("The token is not valid.", code="TOKEN_INVALID")
    return Caller(f"test-{given}", Role(given), None, CORRELATION)


@dataclass
class Answered:
    """One response."""

    response: httpx.Response

    @property
    def body(self) -> dict[str, Any]:
        return self.response.json()

    @property
    def data(self) -> dict[str, Any]:
        assert "errors" not in self.body, self.body["errors"]
        return self.body["data"]

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in self.body.get("errors", [])]

    @property
    def error(self) -> dict[str, Any]:
        (error,) = self.body["errors"]
        return error


@dataclass
class Api:
    """The API, and what a test needs behind it."""

    client: httpx.AsyncClient
    rooms: Rooms
    pool: asyncpg.Pool
    counted: asyncpg.Pool
    catalogue: Catalogue
    statements: list[LoggedQuery]
    now: datetime = NOW
    reads: list[Read] = field(default_factory=list)

    async def ask(
        self,
        query: str,
        role: str = "admin",
        headers: Mapping[str, str] | None = None,
        **variables: Any,
    ) -> Answered:
        response = await self.client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {role}", **(headers or {})},
        )
        return Answered(response)

    async def store(self, events: Iterable[Mapping[str, Any]], **options: Any) -> None:
        await store(self.pool, self.catalogue, events, now=self.now, **options)


async def serving(
    dsn: str,
    pool: asyncpg.Pool,
    *,
    development: bool = True,
    limits: Limits | None = None,
    catalogue: Catalogue | None = None,
    realtime: ReadPresent = no_present,
    parts: Mapping[str, Any] | None = None,
) -> AsyncIterator[Api]:
    """`parts` of the endpoint stand in for the usual ones."""
    catalogue = catalogue or catalogue_of(BUILTIN)
    statements: list[LoggedQuery] = []
    counted = await open_pool(dsn, on_statement=statements.append)
    events = EventStore(EventPartitions(), 7)
    moment: dict[str, Api] = {}
    await ensure_catalogue(pool, catalogue, (Grain.HOUR, Grain.DAY, Grain.WEEK, Grain.MONTH))
    async with GroupCommit(pool, events, clock=lambda: moment["api"].now) as commits:
        ingest = Ingest(EventRules.of(catalogue), commits, partial(keep, pool))
        opened = open_rooms(counted, catalogue, ingest.record, realtime=realtime)

        async def noted(reads: Sequence[Read]) -> list[Frame]:
            moment["api"].reads.extend(reads)
            return await opened.answer(reads)

        rooms = replace(opened, answer=noted, limits=limits or Limits())
        endpoint = GraphQLEndpoint(
            schema=schema(),
            rooms=rooms,
            authenticate=by_role_name,
            correlation=lambda _: CORRELATION,
            clock=lambda: moment["api"].now,
            development=development,
            **{
                "points": RateLimit(None, Allowance(), lambda: moment["api"].now.timestamp()),
                **(parts or {}),
            },
        )
        transport = httpx.ASGITransport(app=Starlette(routes=routes(endpoint)))
        async with httpx.AsyncClient(transport=transport, base_url="http://tidemark") as client:
            moment["api"] = Api(client, rooms, pool, counted, catalogue, statements)
            yield moment["api"]
    counted.terminate()


@pytest.fixture
async def api(dsn: str, pool: asyncpg.Pool) -> AsyncIterator[Api]:
    """The API in development."""
    async for served in serving(dsn, pool):
        yield served


@pytest.fixture(params=["tail", "rolled up"])
async def demo(api: Api, request: pytest.FixtureRequest) -> Api:
    """Three days of the demo's events of the module's TYPES, before and after they are rolled up."""
    types = request.module.TYPES
    await api.store(each for each in demo_events(3, 12_000) if each["type"] in types)
    if request.param == "rolled up":
        await roll_all(api.pool, api.catalogue)
    return api


@pytest.fixture
async def production_api(dsn: str, pool: asyncpg.Pool) -> AsyncIterator[Api]:
    """The API in production."""
    async for served in serving(dsn, pool, development=False):
        yield served


@pytest.fixture
def moment() -> Callable[[int], str]:
    """Instants on the day before NOW by minute."""
    return lambda minute: f"2026-03-09T{minute // 60:02}:{minute % 60:02}:00Z"
