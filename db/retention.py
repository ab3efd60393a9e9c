"""Dropping what is older than it has to be kept, by partition.

Raw events count from their receipt: the partition of a day goes when the class's days have passed, and how
far back raw events are complete is noted before it goes. A month of rollups goes when it ended, and was last
written, longer ago than rollups are kept, so that imported history is not dropped on arrival.
"""

from datetime import UTC, date, datetime, time, timedelta

import asyncpg

from db.pool import Connection
from db.queries import load
from db.rollup_partitions import partition_name

_QUERIES = load("retention")


async def drop_raw(pool: asyncpg.Pool, now: datetime) -> list[str]:
    """Drop the partitions whose days have passed and whose events are all merged. Returns their names."""
    dropped = []
    for row in await pool.fetch(_QUERIES["partitions"]):
        received_until = _midnight(row["day"] + timedelta(days=1))
        if received_until + timedelta(days=row["raw_days"]) > now:
            continue
        if not row["attached"] or await _note_gap(pool, row["name"], row["day"]):
            await _drop(pool, row)
            await pool.execute(_QUERIES["bump"])
            dropped.append(row["name"])
    return dropped


async def drop_rollups(pool: asyncpg.Pool, now: datetime, *, days: int) -> list[str]:
    """Drop the months of rollups that are older than `days`. Returns their names."""
    dropped = []
    for row in await pool.fetch(_QUERIES["old_months"], now - timedelta(days=days)):
        name = partition_name(row["month"])
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(_QUERIES["lock"])
            await connection.execute(f"DROP TABLE IF EXISTS {name}")
            await connection.execute(_QUERIES["forget_month"], row["month"])
            await connection.execute(_QUERIES["bump"])
        dropped.append(name)
    return dropped


async def _drop(pool: asyncpg.Pool, partition: asyncpg.Record) -> None:
    """Detach first, in a way that readers do not wait for; go on where a detach was cut off."""
    async with pool.acquire() as connection:
        if partition["attached"]:
            how = "FINALIZE" if partition["detaching"] else "CONCURRENTLY"
            await connection.execute(
                f"ALTER TABLE {partition['parent']} DETACH PARTITION {partition['name']} {how}"
            )
        await connection.execute(f"DROP TABLE {partition['name']}")


async def _note_gap(pool: asyncpg.Pool, partition: str, day: date) -> bool:
    """Note that raw events up to the partition's newest are not all there any more; False if it must stay."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_QUERIES["lock"])
        if await _is_needed(connection, day):
            return False
        await connection.execute(
            f"""\
INSERT INTO raw_gaps AS g (event_type, raw_from, dropped_at)
SELECT event_type, max(occurred_at) + interval '1 microsecond', now() FROM {partition} GROUP BY event_type
ON CONFLICT (event_type) DO UPDATE SET
    raw_from = greatest(g.raw_from, excluded.raw_from), dropped_at = excluded.dropped_at"""
        )
        await connection.execute(_QUERIES["bump"])
        return True


async def _is_needed(connection: Connection, day: date) -> bool:
    span = (_midnight(day), _midnight(day + timedelta(days=1)))
    pending = await connection.fetchval(_QUERIES["pending_between"], *span)
    return bool(pending or await connection.fetchval(_QUERIES["rebuilding"]))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
