"""Rebuilding rollups from raw events, while serving: a new generation is filled and then takes over.

Batches are merged into the new generation in order, a run at a time; batches that arrive meanwhile are
merged into both generations by the ordinary roll and left out here. Where raw events are gone, the base
buckets of the old generation are copied. A rebuild that is cut off goes on at its last run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from db.pool import Connection
from db.queries import load
from db.roll_sql import RollType
from db.rollup_columns import ALL, stored
from db.rollup_sets import measures_of_type
from db.rollups import Batches, levels_of, merge, types_by_name
from db.seal import build_level, source_of
from db.user_totals import begin_recount, recount_users, take_recount
from domain.catalogue import ALL_EVENTS, Catalogue, EventType
from domain.errors import InvalidInput
from domain.grains import BASE, Grain, floor_datetime

_QUERIES = load("rebuild")
_ROLLUPS = load("rollups")
_STATE = load("rollup_state")
_COPY_BASE = f"""\
INSERT INTO rollups ({", ".join(ALL)})
SELECT $2, {stored(ALL[1:])} FROM rollups r
WHERE set_id = $1 AND grain = {int(BASE)} AND bucket < $3"""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rebuild is."""

    event_types: tuple[str, ...]
    events_done: int
    events_total: int
    started_at: datetime
    finished_at: datetime | None


async def begin(
    pool: asyncpg.Pool, catalogue: Catalogue, names: Sequence[str] | None = None
) -> None:
    """Start rebuilding the rollups of these event types, or of all. Only one rebuild runs at a time."""
    types = [catalogue.event_type(name) for name in names or catalogue.types]
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_ROLLUPS["lock"])
        if await connection.fetch(_QUERIES["running"]):
            raise InvalidInput("A rebuild is already running.", code="REBUILD_RUNNING")
        await connection.execute(_QUERIES["forget_rolled"])
        await connection.execute(_QUERIES["begin"], [each.name for each in types])
        await begin_recount(connection)
        gaps = await _raw_from(connection, catalogue)
        for each in types:
            await _add_generation(connection, each, gaps.get(each.name))


async def step(pool: asyncpg.Pool, catalogue: Catalogue, *, limit: int = 50_000) -> bool:
    """Do the next run of about `limit` events, or the take-over. Returns whether a rebuild goes on.

    Returns at once where another process is merging.
    """
    async with pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(_ROLLUPS["try_lock"]):
            return True
        rows = await connection.fetch(_QUERIES["running"])
        if not rows:
            return False
        run = await connection.fetch(
            _QUERIES["next_batches"], rows[0]["last_batch"], rows[0]["end_batch"], limit
        )
        if not run:
            await _take_over(connection, rows[0]["id"], rows[0]["event_types"])
            return False
        await _merge_run(connection, catalogue, run)
        done = sum(row["events"] for row in run)
        last = max(row["batch_id"] for row in run)
        await connection.execute(_QUERIES["advance"], rows[0]["id"], last, done)
        return True


async def latest(pool: asyncpg.Pool) -> Progress | None:
    """The newest rebuild; None where there never was one."""
    rows = await pool.fetch(_QUERIES["latest"])
    if not rows:
        return None
    row = rows[0]
    return Progress(
        tuple(row["event_types"]),
        row["events_done"],
        row["events_total"],
        row["started_at"],
        row["finished_at"],
    )


async def sweep_retired(pool: asyncpg.Pool) -> int:
    """Remove the rows of sets that answer no more. Returns how many sets."""
    retired = [row["id"] for row in await pool.fetch(_QUERIES["retired"])]
    for each in retired:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(_QUERIES["drop_retired_rows"], each)
            await connection.execute(_QUERIES["drop_retired"], each)
    return len(retired)


async def _add_generation(
    connection: Connection, event_type: EventType, raw_from: datetime | None
) -> None:
    measures = await measures_of_type(connection, event_type)
    for dimensions in event_type.rollups:
        name = (event_type.name, list(dimensions))
        old = await connection.fetchval(_QUERIES["active_of"], *name)
        new = await connection.fetchval(_QUERIES["add_building"], *name, measures, raw_from)
        if old is not None and raw_from is not None:
            await connection.execute(_COPY_BASE, old, new, raw_from)
            await connection.execute(_QUERIES["note_measure_gaps"], old, new, raw_from)


async def _merge_run(
    connection: Connection, catalogue: Catalogue, run: Sequence[asyncpg.Record]
) -> None:
    own = [row for row in run if not row["elsewhere"]]
    batches = Batches(
        [row["batch_id"] for row in own],
        [row["received_at"] for row in own],
        sum(row["events"] for row in own),
    )
    gaps = await _raw_from(connection, catalogue)
    building = await types_by_name(connection, catalogue, states=("building",))
    since = {
        name: RollType(each.sets, each.measures, gaps.get(name)) for name, each in building.items()
    }
    await merge(connection, catalogue, batches, since, {})
    await recount_users(connection, batches.ids, batches.received)


async def _raw_from(connection: Connection, catalogue: Catalogue) -> Mapping[str, datetime]:
    """The base bucket from which on raw events are all there, for the types where some are gone."""
    found = {
        row["event_type"]: _next_bucket(row["raw_from"])
        for row in await connection.fetch(_QUERIES["raw_from"])
    }
    return {**found, ALL_EVENTS: max(found.values())} if found else {}


async def _take_over(connection: Connection, rebuild: int, names: Sequence[str]) -> None:
    levels = {Grain(each): until for each, until in (await levels_of(connection)).items()}
    first = await connection.fetchval(_QUERIES["first_bucket"])
    for grain, until in levels.items():
        start = first and floor_datetime(first, grain)
        if start is not None and start < until:
            # Of a finer grain, whose sketches are compact: those of a month's base buckets fill the memory.
            finer = source_of(grain, {each for each in levels if levels[each] >= until})
            await build_level(connection, grain, finer, start, until, state="building")
    await connection.execute(_QUERIES["retire"], names)
    await connection.execute(_QUERIES["activate"])
    await take_recount(connection, names)
    await connection.execute(_QUERIES["finish"], rebuild)
    await connection.execute(_STATE["bump"])


def _next_bucket(at: datetime) -> datetime:
    start = floor_datetime(at.astimezone(UTC), BASE)
    return start if start == at else start + timedelta(minutes=int(BASE))
