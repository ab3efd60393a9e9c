"""The one read path: questions to plans to one SQL statement to answers, all from one snapshot."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import asyncpg
import numpy as np

from db.rollup_state import Prepared, StateCache
from db.scan_sql import Statement, statement
from domain.catalogue import Catalogue
from domain.columns import ScanRow
from domain.errors import Unavailable
from domain.frames import assemble
from domain.grains import Micros
from domain.plan import Plan, RollupState, plan
from domain.questions import Frame, Read

_YEAR_2000 = 946_684_800_000_000
_REPLANS = 10
"""Sealing at the end of a month alone makes four plans in a row be made again."""


async def answer(
    pool: asyncpg.Pool, catalogue: Catalogue, reads: Sequence[Read], state: StateCache
) -> list[Frame]:
    """Answer all reads in one statement. Frames come in the order of the reads.

    The statement also returns the version of the rollup state it saw; where that is not the one the plan
    was made for, the state is read anew and the plan made again, so an answer never mixes two states.
    """
    for _ in range(_REPLANS):
        known = await state.get(pool)
        plans, query = state.prepared(
            known, tuple(reads), partial(_prepare, reads, catalogue, known)
        )
        rows = await _run(pool, query)
        head = next(row for row in rows if row["scan"] < 0)
        if int(head["g1"]) == known.version:
            return _frames(plans, rows, head)
        state.forget()
    raise Unavailable("The rollups are being changed; try again.")


def _prepare(reads: Sequence[Read], catalogue: Catalogue, known: RollupState) -> Prepared:
    plans = [plan(index, read, catalogue, known) for index, read in enumerate(reads)]
    return plans, statement(plans)


async def _run(pool: asyncpg.Pool, query: Statement) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await pool.fetch(query.sql, *query.arguments)
    return rows


def _frames(
    plans: Sequence[Plan], rows: Sequence[asyncpg.Record], head: asyncpg.Record
) -> list[Frame]:
    as_of = datetime.fromisoformat(head["g2"])
    by_scan: dict[int, list[ScanRow]] = {}
    for row in rows:
        scan, *key = row[:6]
        by_scan.setdefault(scan, []).append(ScanRow(tuple(key), *row[6:]))
    frames = []
    first = 0
    for each in plans:
        parts = [by_scan.get(first + offset, []) for offset in range(len(each.scans))]
        if each.by_bucket:
            parts = [[_placed(row, each.edges) for row in rows] for rows in parts]
        frames.append(assemble(each, parts, as_of=as_of, tail=head["g3"] == "true"))
        first += len(each.scans)
    return frames


def _placed(row: ScanRow, edges: Micros) -> ScanRow:
    """A row whose places are the starts of buckets, as PostgreSQL sends instants: microseconds since 2000."""
    buckets = np.frombuffer(row.slots, ">i8") + _YEAR_2000
    places = _places(buckets, edges)
    return row._replace(slots=places.astype(">i4").tobytes())


def _places(buckets: Micros, edges: Micros) -> Micros:
    """Which buckets of the question these instants are in; where all are as long, by division."""
    length = int(edges[1] - edges[0])
    if (np.diff(edges) == length).all():
        even: Micros = (buckets - edges[0]) // length
        return even
    return np.searchsorted(edges, buckets, side="right") - 1
