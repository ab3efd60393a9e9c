"""Sealing: summing finished buckets up into coarser grains, so that long ranges cost little.

A grain is sealed until an instant; events that come later for a sealed bucket are merged into it at once
(see db/roll_sql.py), so a coarse bucket always equals the sum of its finer ones.
"""

from datetime import datetime

import asyncpg

from db.pool import Connection
from db.queries import load
from db.roll_sql import added_dimensions
from db.rollup_columns import (
    ALL,
    COUNTS,
    MEASURES,
    SKETCHES,
    added,
    any_grown,
    returned_if_grown,
    stored,
)
from db.rollup_partitions import ensure_months
from db.rollups import compact_returned, levels_of
from domain.grains import BASE, Grain, floor_datetime

_QUERIES = load("rollups")
_STATE = load("rollup_state")
_UNITS = {Grain.HOUR: "hour", Grain.DAY: "day", Grain.WEEK: "week", Grain.MONTH: "month"}
_FINER = {
    Grain.HOUR: (BASE,),
    Grain.DAY: (Grain.HOUR, BASE),
    Grain.WEEK: (Grain.DAY, Grain.HOUR, BASE),
    Grain.MONTH: (Grain.DAY, Grain.HOUR, BASE),
}


async def seal(pool: asyncpg.Pool, now: datetime) -> dict[Grain, datetime]:
    """Sum up every bucket that ended by `now`. Returns the grains that moved and until when."""
    moved: dict[Grain, datetime] = {}
    for grain in sorted(_UNITS):
        until = await _seal_grain(pool, grain, floor_datetime(now, grain))
        if until is not None:
            moved[grain] = until
    return moved


async def build_level(
    connection: Connection,
    grain: Grain,
    finer: Grain,
    start: datetime,
    end: datetime,
    *,
    state: str = "active",
) -> None:
    """Sum the buckets of a finer grain in [start, end) up into a coarser one that has no rows there.

    Only sets in that state.
    """
    await ensure_months(connection, [start])
    await compact_returned(connection, _seal_statement(grain, state), int(finer), start, end)


def source_of(grain: Grain, ready: set[Grain]) -> Grain:
    """The coarsest grain that is summed up far enough for the buckets of another to be made of it."""
    return next(each for each in _FINER[grain] if each in ready or each is BASE)


async def _seal_grain(pool: asyncpg.Pool, grain: Grain, until: datetime) -> datetime | None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_QUERIES["lock"])
        levels = await levels_of(connection)
        sealed = levels.get(grain)
        if sealed is None or sealed >= until:
            return None
        start = await _start(connection, grain, sealed)
        if start is not None and start < until:
            ready = {Grain(each) for each, end in levels.items() if end >= until}
            await build_level(connection, grain, source_of(grain, ready), start, until)
        await connection.execute(_QUERIES["advance_level"], int(grain), until)
        await connection.execute(_STATE["bump"])
    return until


async def _start(connection: Connection, grain: Grain, sealed: datetime) -> datetime | None:
    """Where to go on; from the first bucket there is, if the grain was never sealed."""
    if sealed.year >= 1970:
        return sealed
    first = await connection.fetchval(_QUERIES["first_bucket"])
    return None if first is None else floor_datetime(first, grain)


def _seal_statement(grain: Grain, state: str) -> str:
    """$1 is the finer grain, [$2, $3) the span. Returns the rows to compact."""
    return f"""\
WITH merged AS (
    INSERT INTO rollups AS r ({", ".join(ALL)})
    SELECT f.set_id, {int(grain)}, b.bucket, f.key_hash, f.part,
           {added_dimensions("f")}, {added((*COUNTS, *MEASURES), row="f")}
    FROM (SELECT {stored(ALL)} FROM rollups r) f
    JOIN rollup_sets s ON s.id = f.set_id AND s.state = '{state}'
    CROSS JOIN LATERAL (SELECT date_trunc('{_UNITS[grain]}', f.bucket, 'UTC') AS bucket) b
    WHERE f.grain = $1 AND f.bucket >= $2 AND f.bucket < $3
    GROUP BY f.set_id, b.bucket, f.key_hash, f.part
    RETURNING r.set_id, r.grain, r.bucket, r.key_hash, r.part, {returned_if_grown()}
)
SELECT set_id, grain, bucket, key_hash, part, {", ".join(SKETCHES)} FROM merged WHERE {any_grown()}"""
