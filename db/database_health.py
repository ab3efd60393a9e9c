"""One look at the database: its connections, statistics, sizes, and how far the rollups are behind."""

import time

import asyncpg

from db.pool import Connection, the_row
from db.queries import load
from domain.database_health import (
    Connections,
    DatabaseHealth,
    PoolUse,
    QueryLatency,
    RollupLag,
    TableSize,
)

_QUERIES = load("database_health")


async def database_health(pool: asyncpg.Pool) -> DatabaseHealth:
    """The pool's use is taken down before the look takes a connection of it."""
    use = PoolUse(pool.get_size(), pool.get_idle_size(), pool.get_max_size())
    async with pool.acquire() as connection:
        began = time.perf_counter()
        row = the_row(await connection.fetchrow(_QUERIES["look"]))
        round_trip = (time.perf_counter() - began) * 1000
        statements = await _statements(connection, row["statements"])
    return _health(row, use, _latency(row, statements, round_trip))


async def _statements(connection: Connection, view: str | None) -> asyncpg.Record | None:
    """What the extension has counted; None where it is not there, or there and not loaded."""
    if view is None:
        return None
    try:
        return await connection.fetchrow(
            f"""\
SELECT (sum(total_exec_time) / nullif(sum(calls), 0))::float8 AS mean,
       max(mean_exec_time) AS slowest_mean, coalesce(sum(calls), 0)::bigint AS calls
FROM {view}
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"""
        )
    except asyncpg.ObjectNotInPrerequisiteStateError:
        return None


def _health(row: asyncpg.Record, use: PoolUse, latency: QueryLatency) -> DatabaseHealth:
    return DatabaseHealth(
        as_of=row["as_of"],
        version=row["version"],
        pool=use,
        connections=Connections(
            row["total"],
            row["active"],
            row["idle"],
            row["idle_in_transaction"],
            row["waiting"],
            row["max_connections"],
        ),
        latency=latency,
        bytes=row["bytes"],
        cache_hit_ratio=row["cache_hit_ratio"],
        commits=row["commits"],
        rollbacks=row["rollbacks"],
        deadlocks=row["deadlocks"],
        since=row["since"],
        tables=[
            TableSize(*each) for each in zip(row["names"], row["sizes"], row["counts"], strict=True)
        ],
        rollups=RollupLag(
            row["pending_batches"],
            row["pending_events"],
            row["pending_seconds"],
            row["sealed_until"],
        ),
    )


def _latency(
    row: asyncpg.Record, statements: asyncpg.Record | None, round_trip: float
) -> QueryLatency:
    return QueryLatency(
        round_trip=round_trip,
        longest_running=row["longest_running"],
        mean=statements["mean"] if statements else None,
        slowest_mean=statements["slowest_mean"] if statements else None,
        calls=statements["calls"] if statements else None,
    )
