"""Dropping alerts that are older than they have to be kept, with all that was written about them.

What is not finished stays, however old: alerts that are open, messages on their way, ends that are still to
be told. So does what cursors of subscriptions stand on: the newest history row and notification.
"""

from datetime import datetime

import asyncpg

from db.queries import load

QUERIES = load("alert_retention")

_APART = ("drop_apart", "drop_messages", "drop_silences")


async def forget_alerts(pool: asyncpg.Pool, before: datetime, limit: int) -> int:
    """Drop at most so many alerts that ended before then; returns how many."""
    async with pool.acquire() as connection, connection.transaction():
        ids = [row["id"] for row in await connection.fetch(QUERIES["over"], before, limit)]
        if ids:
            for name in ("drop_outbox", "drop_history", "drop_alerts"):
                await connection.execute(QUERIES[name], ids)
    return len(ids)


async def forget_leftovers(pool: asyncpg.Pool, before: datetime, limit: int) -> int:
    """Drop history without an alert, messages without news and silences, at most so many of each.

    Returns the most that was dropped of one kind.
    """
    most = 0
    for name in _APART:
        status: str = await pool.execute(QUERIES[name], before, limit)
        most = max(most, int(status.rpartition(" ")[2]))
    return most
