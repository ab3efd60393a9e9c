"""Small questions to the servers: are they there, which ones are they, how far behind is the work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import orjson
import redis as redis_sync
from redis.asyncio import Redis
from redis.exceptions import RedisError

from db.pool import Connection, the_row
from db.queries import load

QUERIES = load("probes")
_PATIENCE = 1.0


@dataclass(frozen=True, slots=True)
class Tail:
    """What is committed and not yet in the rollups; `oldest` is None where nothing is."""

    batches: int
    events: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for people or workers: counts, open alerts by severity, and seconds.

    `evaluation_late` is how long the evaluation that waits longest has been due; 0 where none waits.
    """

    dead_letters: int
    messages_pending: int
    messages_dead: int
    alerts: Mapping[str, int]
    evaluation_late: float


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """A PostgreSQL server: version as 180006, its clock, connection limit and the database's bytes."""

    version: int
    now: datetime
    max_connections: int
    bytes: int


async def ask_postgres(pool: asyncpg.Pool) -> None:
    """Return where PostgreSQL answers within a second, raise where it does not."""
    async with pool.acquire(timeout=_PATIENCE) as connection:
        await connection.fetchval(QUERIES["one"], timeout=_PATIENCE)


async def ask_redis(redis: Redis) -> None:
    """Return where Redis answers, raise where it does not."""
    await redis.ping()


async def tail(pool: asyncpg.Pool) -> Tail:
    """How much the rollups do not hold yet."""
    async with pool.acquire(timeout=_PATIENCE) as connection:
        row = the_row(await connection.fetchrow(QUERIES["tail"], timeout=_PATIENCE))
    return Tail(row["batches"], int(row["events"]), row["oldest"])


async def backlog(pool: asyncpg.Pool) -> Backlog:
    """What waits for people or workers."""
    async with pool.acquire(timeout=_PATIENCE) as connection:
        row = the_row(await connection.fetchrow(QUERIES["backlog"], timeout=_PATIENCE))
    return Backlog(
        row["dead_letters"],
        row["messages_pending"],
        row["messages_dead"],
        orjson.loads(row["alerts"]),
        row["evaluation_late"] or 0.0,
    )


async def waiting_events(connection: Connection) -> int:
    """How many events are committed and not yet in the rollups."""
    row = the_row(await connection.fetchrow(QUERIES["tail"]))
    return int(row["events"])


async def is_empty(connection: Connection) -> bool:
    """Whether no event was ever accepted."""
    return bool(await connection.fetchval(QUERIES["is_empty"]))


async def server_facts(connection: Connection) -> ServerFacts:
    """What the server says of itself."""
    return ServerFacts(**the_row(await connection.fetchrow(QUERIES["server"])))


def redis_process_id(url: str) -> int | None:
    """The process id of the server at `url`; None while it does not answer or still loads."""
    try:
        with redis_sync.Redis.from_url(
            url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE
        ) as client:
            client.ping()
            return int(client.info("server")["process_id"])
    except (RedisError, OSError):
        return None
