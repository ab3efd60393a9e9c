"""Merging committed batches into the rollups: one transaction takes them, adds them and marks them done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from db.pool import Connection
from db.queries import load
from db.roll_sql import RollSet, roll_statement
from db.rollup_partitions import ensure_months
from domain import distinct, quantiles
from domain.catalogue import ALL_EVENTS, Catalogue, EventType
from domain.grains import BASE

_QUERIES = load("rollups")
_CLAIMED = """\
unnest($3::bigint[], $4::timestamptz[]) AS b (batch_id, received_at)
    CROSS JOIN LATERAL (
        SELECT * FROM analytics_events e
        WHERE e.batch_id = b.batch_id AND e.received_at = b.received_at OFFSET 0
    ) e
    WHERE true"""


@dataclass(frozen=True, slots=True)
class RollReport:
    """What one run merged; `left` where more is waiting."""

    batches: int = 0
    events: int = 0
    left: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """What the rollups do not hold yet."""

    batches: int
    events: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Batches:
    """Some batches by id and time of receipt."""

    ids: list[int]
    received: list[datetime]
    events: int


async def roll(pool: asyncpg.Pool, catalogue: Catalogue, *, limit: int = 50_000) -> RollReport:
    """Merge the oldest pending batches, about `limit` events at most.

    Returns at once with nothing done where another worker is at it.
    """
    async with pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(_QUERIES["try_lock"]):
            return RollReport()
        return await _roll_claimed(connection, catalogue, limit)


async def roll_all(pool: asyncpg.Pool, catalogue: Catalogue) -> RollReport:
    """Merge until nothing is pending or another worker is at it."""
    batches = events = 0
    while True:
        report = await roll(pool, catalogue)
        batches += report.batches
        events += report.events
        if not report.left:
            return RollReport(batches, events)


async def pending(pool: asyncpg.Pool) -> Pending:
    """How much the tail holds."""
    (row,) = await pool.fetch(_QUERIES["pending"])
    return Pending(row["batches"], row["events"], row["oldest"])


async def merge(
    connection: Connection,
    catalogue: Catalogue,
    batches: Batches,
    sets: Mapping[str, Sequence[RollSet]],
    levels: Mapping[int, datetime],
    *,
    since: datetime | None = None,
) -> None:
    """Add the events of some batches to the given sets; only those that occurred at or after `since`.

    `levels` gives, for each grain above the base, the instant until which it is summed up.
    """
    contents = await connection.fetch(_QUERIES["contents"], batches.ids, batches.received)
    if not contents:
        return
    await ensure_months(connection, {month for row in contents for month in row["months"]})
    found = {row["event_type"] for row in contents}
    grains, until = _level_arguments(levels)
    events = f"{_CLAIMED} AND e.occurred_at >= $5" if since else _CLAIMED
    more = (since,) if since else ()
    for name, own in sets.items():
        if own and (name == ALL_EVENTS or name in found):
            sql = roll_statement(catalogue.types[name], own, events=events)
            grown = await connection.fetch(sql, grains, until, batches.ids, batches.received, *more)
            await compact(connection, grown)


async def compact(connection: Connection, rows: Sequence[asyncpg.Record]) -> None:
    """Compact the sketches of rows (set_id, grain, bucket, key_hash, measure or none, sketch) in place."""
    users, histograms = [], []
    for row in rows:
        place = (row["set_id"], row["grain"])
        if row.get("measure") is None:
            users.append((*place, row["bucket"], row["key_hash"], distinct.compact(row["sketch"])))
        else:
            sketch = quantiles.compact(row["sketch"])
            histograms.append((*place, row["measure"], row["bucket"], row["key_hash"], sketch))
    if users:
        await connection.executemany(_QUERIES["compact_users"], users)
    if histograms:
        await connection.executemany(_QUERIES["compact_histogram"], histograms)


async def sets_by_type(
    connection: Connection, catalogue: Catalogue, *, states: Sequence[str]
) -> dict[str, list[RollSet]]:
    """The sets in one of the states, of the types and dimensions that the catalogue knows."""
    found: dict[str, list[RollSet]] = {}
    for row in await connection.fetch(_QUERIES["sets"]):
        known = catalogue.types.get(row["event_type"])
        if known and row["state"] in states and _is_known(known, row["dimensions"]):
            each = RollSet(row["id"], tuple(row["dimensions"]), row["state"] == "building")
            found.setdefault(row["event_type"], []).append(each)
    return found


async def levels_of(connection: Connection) -> dict[int, datetime]:
    """Until when each grain above the base is summed up; held until the transaction ends."""
    return {row["grain"]: row["sealed_until"] for row in await connection.fetch(_QUERIES["levels"])}


async def _roll_claimed(connection: Connection, catalogue: Catalogue, limit: int) -> RollReport:
    rows = await connection.fetch(_QUERIES["claim"], limit)
    if not rows:
        return RollReport()
    batches = Batches(
        [row["batch_id"] for row in rows],
        [row["received_at"] for row in rows],
        sum(row["event_count"] for row in rows),
    )
    sets = await sets_by_type(connection, catalogue, states=("active", "building"))
    await merge(connection, catalogue, batches, sets, await levels_of(connection))
    await connection.execute(_QUERIES["note_rolled"], batches.ids)
    await connection.execute(_QUERIES["done"], batches.ids)
    left = await connection.fetchval(_QUERIES["any_pending"])
    return RollReport(len(batches.ids), batches.events, left)


def _level_arguments(levels: Mapping[int, datetime]) -> tuple[list[int], list[datetime]]:
    """Every base bucket is merged at the base grain: its level has no end (asyncpg's infinity)."""
    return [int(BASE), *levels], [datetime.max.replace(tzinfo=UTC), *levels.values()]


def _is_known(event_type: EventType, dimensions: Sequence[str]) -> bool:
    return all(name in event_type.dimensions for name in dimensions)
