"""Folding: a bucket keeps the largest keys of a set apart, up to the type's limit, and adds up the rest.

What is folded goes into the bucket's overflow row, whose key hash is all zero, so totals stay exact. A
bucket is looked at when it is sealed or was written since; between, it may hold more keys than the limit.
"""

import asyncpg

from db.pool import Connection
from db.queries import load

from db.rollup_columns import ALL, COUNTS, MEASURES, added, returned_if_grown
from db.rollups import compact
from domain.catalogue import Catalogue

_QUERIES = load("rollups")
OVERFLOW = "00000000-0000-0000-0000-000000000000"

_FOLD = f"""\
WITH small AS (
    SELECT key_hash FROM (
        SELECT key_hash, count FROM rollups
        WHERE set_id = $1 AND grain = $2 AND bucket = $3 AND part = 0
        ORDER BY count DESC, key_hash OFFSET $4
    ) ranked
), folded AS (
    DELETE FROM rollups r
    WHERE set_id = $1 AND grain = $2 AND bucket = $3
        AND (key_hash = '{OVERFLOW}' OR key_hash IN (SELECT key_hash FROM small))
    RETURNING {", ".join(f"r.{name}" for name in ALL)}
)
SELECT part, {added((*COUNTS, *MEASURES), row="f")} FROM folded f GROUP BY part"""
_INSERT = f"""\
INSERT INTO rollups AS r (set_id, grain, bucket, key_hash, part, {", ".join((*COUNTS, *MEASURES))})
VALUES ($1, $2, $3, '{OVERFLOW}', {", ".join(f"${at}" for at in range(4, 5 + len(COUNTS + MEASURES)))})
RETURNING r.set_id, r.grain, r.bucket, r.key_hash, r.part, {returned_if_grown()}"""


async def fold_overflow(pool: asyncpg.Pool, catalogue: Catalogue) -> int:
    """Fold every bucket that holds more keys than its type's limit by a tenth. Returns how many."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_QUERIES["lock"])
        limits = {each.name: each.max_keys for each in catalogue.types.values()}
        full = await connection.fetch(
            _QUERIES["crowded"], list(limits), [limit + limit // 10 for limit in limits.values()]
        )
        for row in full:
            await _fold(connection, row, limits[row["event_type"]])
    return len(full)


async def _fold(connection: Connection, bucket: asyncpg.Record, limit: int) -> None:
    where = (bucket["set_id"], bucket["grain"], bucket["bucket"])
    for row in await connection.fetch(_FOLD, *where, limit):
        values = (row[name] for name in (*COUNTS, *MEASURES))
        await compact(connection, await connection.fetch(_INSERT, *where, row["part"], *values))
