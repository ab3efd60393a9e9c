"""Folding: a bucket keeps the largest keys of a set apart, up to the type's limit, and adds up the rest.

What is folded goes into the bucket's overflow row, one per currency where the set has it, so totals stay
exact and amounts of different currencies apart. A bucket is looked at when it is sealed or was written
since; between, it may hold more keys than the limit.
"""

from collections.abc import Sequence

import asyncpg

from db.pool import Connection
from db.queries import load
from db.rollup_columns import ALL, COUNTS, FIRST_KEY, MEASURES, added, returned_if_grown, stored
from db.rollups import compact
from domain.catalogue import Catalogue
from domain.plan import CURRENCY

_QUERIES = load("rollups")
_STATE = load("rollup_state")
_NOTHING_KNOWN = "00000000-0000-0000-0000-000000000000"


async def fold_overflow(pool: asyncpg.Pool, catalogue: Catalogue) -> int:
    """Fold every bucket that holds more keys than its type's limit by a tenth. Returns how many."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_QUERIES["lock"])
        limits = {each.name: each.max_keys for each in catalogue.types.values()}
        full = await connection.fetch(
            _QUERIES["crowded"],
            list(limits),
            [limit + limit // 10 for limit in limits.values()],
            FIRST_KEY,
        )
        for row in full:
            await _fold(connection, row, limits[row["event_type"]])
        if full:
            await connection.execute(_STATE["bump"])
    return len(full)


async def _fold(connection: Connection, bucket: asyncpg.Record, limit: int) -> None:
    where = (bucket["set_id"], bucket["grain"], bucket["bucket"])
    column = _currency_column(bucket["dimensions"])
    for row in await connection.fetch(_fold_statement(column), *where, limit):
        values = (row[name] for name in (*COUNTS, *MEASURES))
        rows = await connection.fetch(
            _insert_statement(column), *where, row["part"], row["currency"], *values
        )
        await compact(connection, rows)


def _currency_column(dimensions: Sequence[str]) -> str | None:
    """Which of d1 to d4 holds the currency."""
    return f"d{dimensions.index(CURRENCY) + 1}" if CURRENCY in dimensions else None


def _fold_statement(currency: str | None) -> str:
    """Takes the keys after the first $4 and the overflow rows there are out of a bucket, added up."""
    return f"""\
WITH small AS (
    SELECT key_hash FROM (
        SELECT key_hash, count FROM rollups
        WHERE set_id = $1 AND grain = $2 AND bucket = $3 AND part = 0 AND key_hash >= '{FIRST_KEY}'
        ORDER BY count DESC, key_hash OFFSET $4
    ) ranked
), folded AS (
    DELETE FROM rollups r
    WHERE set_id = $1 AND grain = $2 AND bucket = $3
        AND (key_hash < '{FIRST_KEY}' OR key_hash IN (SELECT key_hash FROM small))
    RETURNING {stored(ALL)}
)
SELECT part, {f"f.{currency}" if currency else "NULL::text"} AS currency,
       {added((*COUNTS, *MEASURES), row="f")}
FROM folded f GROUP BY 1, 2"""


def _insert_statement(currency: str | None) -> str:
    """$4 is the part, $5 the currency; what follows are the sums."""
    values = ", ".join(f"${at}" for at in range(6, 6 + len(COUNTS + MEASURES)))
    key = f"overlay(md5($5::text) placing '{'0' * 16}' from 1)::uuid"
    named = ", ".join((*([currency] if currency else []), *COUNTS, *MEASURES))
    return f"""\
INSERT INTO rollups AS r (set_id, grain, bucket, key_hash, part, {named})
VALUES ($1, $2, $3, coalesce({key}, '{_NOTHING_KNOWN}'), $4{", $5" if currency else ""}, {values})
RETURNING r.set_id, r.grain, r.bucket, r.key_hash, r.part, {returned_if_grown()}"""
