"""What each user did in all: added up as batches are merged, answered together with the tail."""

from collections.abc import Collection, Sequence
from datetime import datetime

import asyncpg

from db.pool import Connection
from db.queries import load
from domain.user_totals import TypeTotals, UserTotals

_QUERIES = load("user_totals")


async def add_users(
    connection: Connection, ids: Sequence[int], received: Sequence[datetime]
) -> None:
    """Add the events of batches that are being merged to their users' totals."""
    await connection.execute(_QUERIES["add"], ids, received, True)


async def recount_users(
    connection: Connection, ids: Sequence[int], received: Sequence[datetime]
) -> None:
    """Add the events of batches that were merged before to what the running rebuild counts."""
    await connection.execute(_QUERIES["add"], ids, received, False)


async def begin_recount(connection: Connection) -> None:
    """A rebuild begins."""
    await connection.execute(_QUERIES["begin"])


async def take_recount(connection: Connection, types: Sequence[str]) -> None:
    """A rebuild of these types ends. Of types that have lost raw events, what was counted stays."""
    for name in ("forget", "take_over"):
        await connection.execute(_QUERIES[name], types)
    await connection.execute(_QUERIES["begin"])


async def user_totals(
    pool: asyncpg.Pool, user_id: str, types: Collection[str]
) -> UserTotals | None:
    """A user's events of these types; None for a user who has none."""
    rows = await pool.fetch(_QUERIES["of_user"], user_id, list(types))
    if not rows:
        return None
    tail = any(row["tail"] for row in rows)
    return UserTotals(
        user_id,
        [_totals(row) for row in rows],
        rows[0]["as_of"],
        ("user_totals", "tail") if tail else ("user_totals",),
    )


def _totals(row: asyncpg.Record) -> TypeTotals:
    return TypeTotals(
        event_type=row["event_type"],
        count=row["count"],
        errors=row["error_count"],
        timed=row["duration_count"],
        duration_sum=row["duration_sum"],
        first_at=row["first_at"],
        last_at=row["last_at"],
    )
