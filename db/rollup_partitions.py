"""Monthly partitions of the rollups, made when the first event of a month is merged."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from db.pool import Connection
from db.queries import load

_QUERIES = load("rollups")


async def ensure_months(connection: Connection, months: Iterable[datetime]) -> None:
    """Have partitions for the events of these months, within a transaction, and note that they are written.

    A week may begin in the month before, so that one is there too.
    """
    firsts = {each.astimezone(UTC).date().replace(day=1) for each in months}
    wanted = sorted(firsts | {_before(first) for first in firsts})
    rows = await connection.fetch(_QUERIES["months_with_partitions"], wanted)
    missing = set(wanted) - {row["month"] for row in rows}
    if missing:
        await connection.execute(_QUERIES["lock_partitions"])
        for month in sorted(missing):
            await _create(connection, month)
    await connection.execute(_QUERIES["touch_months"], wanted)


def partition_name(month: date) -> str:
    """As rollups_202611."""
    return f"rollups_{month:%Y%m}"


def after(month: date) -> date:
    """The first of the next month."""
    return (month + timedelta(days=32)).replace(day=1)


def _before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


async def _create(connection: Connection, month: date) -> None:
    """Make the table apart and attach it, so that readers are not held up."""
    name = partition_name(month)
    if await connection.fetchval("SELECT to_regclass($1) IS NULL", name):
        await connection.execute(
            f"CREATE TABLE {name} (LIKE rollups INCLUDING ALL);"
            f" ALTER TABLE rollups ATTACH PARTITION {name}"
            f" FOR VALUES FROM ('{month}T00:00:00Z') TO ('{after(month)}T00:00:00Z')"
        )
