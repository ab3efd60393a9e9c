"""Merging committed batches into the rollups: one transaction takes them, adds them and marks them done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from db.pool import Connection
from db.queries import load
from db.roll_sql import RollSet, RollType, roll_statement
from db.rollup_columns import SKETCHES
from db.rollup_partitions import ensure_months
from db.user_totals import add_users
from domain import distinct, quantiles
from domain.catalogue import ALL_EVENTS, Catalogue, EventType
from domain.errors import ConfigurationError, Unavailable
from domain.grains import BASE

RUN = 50_000
"""About how many events one run merges at most."""
WORTH_A_RUN = 2_000
"""Fewer events may wait for others to be merged with: answers add them up in a few milliseconds."""
TURN = "5s"
"""How long to wait for one's turn to merge."""

_QUERIES = load("rollups")
_CLOSE = timedelta(days=28)
"""Two instants no further apart are in the same month or in two that follow each other."""
_PORTION = 25
"""Rows with grown sketches that are compacted at a time: those of a month take half a megabyte each."""
_COMPACT: Mapping[str, Callable[[bytes], bytes]] = {
    name: distinct.compact if name == "users" else quantiles.compact for name in SKETCHES
}


@dataclass(frozen=True, slots=True)
class RollReport:
    """What one run merged; `left` where that was as much as a run takes, so that more may be waiting."""

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
class Contents:
    """Event types that some batches may hold and the months that their events may be in: none is missing."""

    types: set[str]
    months: set[datetime]


@dataclass(frozen=True, slots=True)
class Batches:
    """Some batches by id and time of receipt, and what is in them where that is known."""

    ids: list[int]
    received: list[datetime]
    events: int
    contents: Contents | None = None


async def roll(
    pool: asyncpg.Pool,
    catalogue: Catalogue,
    *,
    limit: int = RUN,
    young_since: datetime | None = None,
) -> RollReport:
    """Merge the oldest pending batches, about `limit` events at most.

    Fewer than `WORTH_A_RUN` that all came after `young_since` are left to gather: each run writes the rows of
    the current buckets anew. Returns at once with nothing done where another worker is at it.
    """
    async with pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(_QUERIES["try_lock"]):
            return RollReport()
        return await _roll_claimed(connection, catalogue, limit, young_since)


async def roll_all(pool: asyncpg.Pool, catalogue: Catalogue) -> RollReport:
    """Merge all that is pending by now, in turns with others that are at it.

    Raises Unavailable where another lets no turn happen for `TURN`; what is merged stays so.
    """
    batches = events = 0
    while True:
        report = await _roll_in_turn(pool, catalogue)
        batches += report.batches
        events += report.events
        if not report.left:
            return RollReport(batches, events)


async def _roll_in_turn(pool: asyncpg.Pool, catalogue: Catalogue) -> RollReport:
    try:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(_QUERIES["patience"], TURN)
            await connection.execute(_QUERIES["lock"])
            await connection.execute(_QUERIES["patience"], "0")
            return await _roll_claimed(connection, catalogue, RUN)
    except asyncpg.LockNotAvailableError as problem:
        raise Unavailable(
            f"A worker has been merging or rebuilding for {TURN} and goes on; try again.",
            code="ROLLUPS_BUSY",
            retry_after=5.0,
        ) from problem


async def pending(pool: asyncpg.Pool) -> Pending:
    """How much the tail holds."""
    (row,) = await pool.fetch(_QUERIES["pending"])
    return Pending(row["batches"], row["events"], row["oldest"])


async def merge(
    connection: Connection,
    catalogue: Catalogue,
    batches: Batches,
    types: Mapping[str, RollType],
    levels: Mapping[int, datetime],
) -> set[str]:
    """Add the events of some batches to the sets of these types. Returns the event types it met.

    `levels` gives, for each grain above the base, the instant until which it is summed up.
    """
    await connection.execute(_QUERIES["room"])
    contents = batches.contents or await _contents(connection, batches)
    await ensure_months(connection, contents.months)
    found = contents.types
    chosen = {name: each for name, each in types.items() if name in found | {ALL_EVENTS}}
    if found and chosen:
        await _merge(connection, catalogue, batches, chosen, levels)
    return found


async def _contents(connection: Connection, batches: Batches) -> Contents:
    rows = await connection.fetch(_QUERIES["contents"], batches.ids, batches.received)
    return Contents(
        {row["event_type"] for row in rows}, {month for row in rows for month in row["months"]}
    )


def _noted_contents(rows: Sequence[asyncpg.Record]) -> Contents | None:
    """What was noted when the batches were committed; None where it is not known or spans months."""
    if any(row["event_types"] is None or row["last_at"] - row["first_at"] > _CLOSE for row in rows):
        return None
    types = {name for row in rows for name in row["event_types"]}
    return Contents(types, {at for row in rows for at in (row["first_at"], row["last_at"])})


async def _merge(
    connection: Connection,
    catalogue: Catalogue,
    batches: Batches,
    types: Mapping[str, RollType],
    levels: Mapping[int, datetime],
) -> None:
    sql = roll_statement([(catalogue.types[name], into) for name, into in types.items()])
    since = [into.since for into in types.values() if into.since is not None]
    await compact_returned(
        connection, sql, *_level_arguments(levels), batches.ids, batches.received, *since
    )


async def compact_returned(connection: Connection, sql: str, *arguments: object) -> None:
    """Run a statement and compact the rows that it returns, however many, in bounded memory."""
    grown = await connection.cursor(sql, *arguments)
    while rows := await grown.fetch(_PORTION):
        await compact(connection, rows)


async def compact(connection: Connection, rows: Sequence[asyncpg.Record]) -> None:
    """Compact the given sketches of rows (set_id, grain, bucket, key_hash, part, a sketch or null each)."""
    compacted = [
        (*row[:5], *(row[name] and _COMPACT[name](row[name]) for name in SKETCHES)) for row in rows
    ]
    if compacted:
        await connection.executemany(_QUERIES["compact"], compacted)


async def types_by_name(
    connection: Connection, catalogue: Catalogue, *, states: Sequence[str]
) -> dict[str, RollType]:
    """The sets in one of the states, of the types and dimensions that the catalogue knows."""
    sets: dict[str, list[RollSet]] = {}
    measures: dict[str, list[str]] = {}
    for row in await connection.fetch(_QUERIES["sets"]):
        name = row["event_type"]
        known = catalogue.types.get(name)
        measures[name] = max(measures.get(name, []), row["measures"], key=len)
        if known and row["state"] in states and _is_known(known, row["dimensions"]):
            each = RollSet(row["id"], tuple(row["dimensions"]), row["state"] == "building")
            sets.setdefault(name, []).append(each)
    return {name: RollType(tuple(own), tuple(measures[name])) for name, own in sets.items()}


async def levels_of(connection: Connection) -> dict[int, datetime]:
    """Until when each grain above the base is summed up; held until the transaction ends."""
    return {row["grain"]: row["sealed_until"] for row in await connection.fetch(_QUERIES["levels"])}


async def _roll_claimed(
    connection: Connection,
    catalogue: Catalogue,
    limit: int,
    young_since: datetime | None = None,
) -> RollReport:
    rows = await connection.fetch(_QUERIES["claim"], limit)
    if not rows or _may_wait(rows, young_since):
        return RollReport()
    batches = Batches(
        [row["batch_id"] for row in rows],
        [row["received_at"] for row in rows],
        sum(row["event_count"] for row in rows),
        _noted_contents(rows),
    )
    types = await types_by_name(connection, catalogue, states=("active", "building"))
    found = await merge(connection, catalogue, batches, types, await levels_of(connection))
    _check_declared(found, types)
    await _check_known(connection, catalogue, found)
    await add_users(connection, batches.ids, batches.received)
    await connection.execute(_QUERIES["note_rolled"], batches.ids)
    await connection.execute(_QUERIES["done"], batches.ids)
    return RollReport(len(batches.ids), batches.events, left=batches.events >= limit)


def _may_wait(rows: Sequence[asyncpg.Record], young_since: datetime | None) -> bool:
    """Whether the batches hold few events, and the oldest is young."""
    events: int = sum(row["event_count"] for row in rows)
    oldest: datetime = rows[0]["received_at"]
    return young_since is not None and events < WORTH_A_RUN and oldest > young_since


def _check_declared(found: set[str], types: Mapping[str, RollType]) -> None:
    """Batches stay pending, and so in every answer, until there are sets for all that they hold."""
    missing = sorted((found | {ALL_EVENTS}) - set(types))
    if missing:
        raise ConfigurationError(
            f"The catalogue of this process does not declare {', '.join(missing)}, which events"
            " that wait to be merged have. Give it the CATALOGUE_FILE of the others.",
            field="CATALOGUE_FILE",
        )


async def _check_known(connection: Connection, catalogue: Catalogue, found: set[str]) -> None:
    """A set or measure that another process declares must not miss a batch."""
    for row in await connection.fetch(_QUERIES["sets"]):
        known = catalogue.types.get(row["event_type"])
        if known is None or known.name not in found | {ALL_EVENTS}:
            continue
        named = {*row["dimensions"], *filter(None, row["measures"])}
        unknown = sorted(named - known.dimensions.keys() - known.measures.keys())
        if unknown:
            raise ConfigurationError(
                f"The catalogue of this process does not declare {', '.join(unknown)} of"
                f" {known.name}, which another does. Give it the CATALOGUE_FILE of the others.",
                field="CATALOGUE_FILE",
            )


def _level_arguments(levels: Mapping[int, datetime]) -> tuple[list[int], list[datetime]]:
    """Every base bucket is merged at the base grain: its level has no end (asyncpg's infinity)."""
    return [int(BASE), *levels], [datetime.max.replace(tzinfo=UTC), *levels.values()]


def _is_known(event_type: EventType, dimensions: Sequence[str]) -> bool:
    return all(name in event_type.dimensions for name in dimensions)
