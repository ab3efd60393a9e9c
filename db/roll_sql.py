"""Merging a run of batches into the rollups of one event type, as one SQL statement.

The batches' events are grouped into every rolled-up set at once, at the base grain, and the groups are
added to the rollup rows of that grain and of each coarser one that is already summed up there. Rows whose
sketches have grown enough come back to be compacted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db.expressions import (
    IS_ERROR,
    dimension_of_event,
    measure_of_event,
    users_sketch,
    values_sketch,
)
from db.rollup_columns import (
    ALL,
    COUNTS,
    DIMENSIONS,
    MEASURES,
    SKETCHES,
    SLOTS,
    added,
    any_grown,
    merged_on_conflict,
    returned_if_grown,
)
from domain.catalogue import ALL_EVENTS, EventType

BUCKET_OF_GRAIN = """\
CASE l.grain WHEN 15 THEN bucket WHEN 60 THEN date_trunc('hour', bucket, 'UTC')
             WHEN 1440 THEN date_trunc('day', bucket, 'UTC')
             WHEN 10080 THEN date_trunc('week', bucket, 'UTC')
             ELSE date_trunc('month', bucket, 'UTC') END"""
"""The bucket of the grain `l.grain` that holds a base bucket."""


@dataclass(frozen=True, slots=True)
class RollSet:
    """A set to merge into; one that a rebuild is still filling takes the base grain alone."""

    id: int
    dimensions: tuple[str, ...]
    base_only: bool


@dataclass(frozen=True, slots=True)
class RollType:
    """An event type's sets, and its measures in the order of their slots.

    Only events that occurred from `since` on are merged; None merges all.
    """

    sets: tuple[RollSet, ...]
    measures: tuple[str, ...]
    since: datetime | None = None


def roll_statement(event_type: EventType, into: RollType, *, events: str) -> str:
    """The statement for one event type.

    `events` is the FROM clause that gives raw events as `e`. $1 grains and $2 the instants until which each
    is summed up (the base grain: infinity). Returns the key and the grown sketches of rows to compact.
    """
    names = sorted({name for each in into.sets for name in each.dimensions})
    only = "true" if event_type.name == ALL_EVENTS else f"e.event_type = {_quoted(event_type.name)}"
    return f"""\
WITH e AS MATERIALIZED (
    SELECT date_bin('15 minutes', e.occurred_at, '1970-01-01Z') AS bucket, {IS_ERROR} AS failed,
           e.user_id{_inputs(event_type, names, into.measures)}
    FROM {events} AND {only}
), grouped AS MATERIALIZED (
    SELECT {_mask(names)} AS mask, bucket{_listed("x", len(names))},
           count(*) AS count, count(*) FILTER (WHERE e.failed) AS error_count, {users_sketch()} AS users
           {_measure_sums(into.measures)}
    FROM e
    GROUP BY GROUPING SETS ({_grouping_sets(into.sets, names)})
), keyed AS MATERIALIZED (
    SELECT k.*, md5(jsonb_build_array(d1, d2, d3, d4)::text)::uuid AS key_hash
    FROM (
        SELECT s.id AS set_id, s.base_only, g.*, {_keys(into.sets, names)}
        FROM grouped g
        JOIN (VALUES {_set_rows(into.sets, names)}) AS s (mask, id, base_only) ON s.mask = g.mask
    ) k
), parted AS (
{_parts(len(into.measures))}
), merged AS (
    INSERT INTO rollups AS r ({", ".join(ALL)})
    SELECT p.set_id, l.grain, {BUCKET_OF_GRAIN}, p.key_hash, p.part,
           {added_dimensions("p")}, {added((*COUNTS, *MEASURES), row="p")}
    FROM parted p
    JOIN unnest($1::integer[], $2::timestamptz[]) AS l (grain, sealed_until)
        ON p.bucket < l.sealed_until AND (l.grain = 15 OR NOT p.base_only)
    GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (set_id, grain, bucket, key_hash, part) DO UPDATE SET
        {merged_on_conflict((*COUNTS, *MEASURES))}
    RETURNING r.set_id, r.grain, r.bucket, r.key_hash, r.part, {returned_if_grown()}
)
SELECT set_id, grain, bucket, key_hash, part, {", ".join(SKETCHES)} FROM merged WHERE {any_grown()}"""


def added_dimensions(row: str) -> str:
    """The dimensions of a group of rows with one key: any row's."""
    return ", ".join(f"min({row}.{name})" for name in DIMENSIONS)


def _inputs(event_type: EventType, names: Sequence[str], measures: Sequence[str]) -> str:
    dimensions = "".join(
        f",\n           {dimension_of_event(event_type.dimension(name))} AS x{at}"
        for at, name in enumerate(names, start=1)
    )
    numbers = "".join(
        f",\n           {_number(event_type, name)} AS m{at}"
        for at, name in enumerate(measures, start=1)
    )
    return dimensions + numbers


def _number(event_type: EventType, name: str) -> str:
    """A measure that the catalogue has dropped keeps its slot and stays empty."""
    known = event_type.measures.get(name)
    return measure_of_event(known) if known else "NULL::numeric"


def _mask(names: Sequence[str]) -> str:
    columns = ", ".join(f"x{at}" for at in range(1, len(names) + 1))
    return f"grouping({columns})" if names else "0"


def _mask_of(dimensions: Sequence[str], names: Sequence[str]) -> int:
    """What `grouping()` answers for a set: a 1 bit for each dimension not in it, the first one highest."""
    return sum(
        1 << (len(names) - 1 - at) for at, name in enumerate(names) if name not in dimensions
    )


def _grouping_sets(sets: Sequence[RollSet], names: Sequence[str]) -> str:
    distinct = dict.fromkeys(each.dimensions for each in sets)
    return ", ".join(
        "(" + ", ".join(("bucket", *(f"x{names.index(name) + 1}" for name in dimensions))) + ")"
        for dimensions in distinct
    )


def _set_rows(sets: Sequence[RollSet], names: Sequence[str]) -> str:
    return ", ".join(
        f"({_mask_of(each.dimensions, names)}, {each.id}, {str(each.base_only).lower()})"
        for each in sets
    )


def _keys(sets: Sequence[RollSet], names: Sequence[str]) -> str:
    return ", ".join(
        f"{_key(sets, names, position)} AS {column}" for position, column in enumerate(DIMENSIONS)
    )


def _key(sets: Sequence[RollSet], names: Sequence[str], position: int) -> str:
    cases = {
        _mask_of(each.dimensions, names): names.index(each.dimensions[position]) + 1
        for each in sets
        if len(each.dimensions) > position
    }
    if not cases:
        return "NULL::text"
    whens = " ".join(f"WHEN {mask} THEN g.x{column}" for mask, column in cases.items())
    return f"CASE s.mask {whens} END"


def _measure_sums(measures: Sequence[str]) -> str:
    return "".join(
        f", nullif(count(m{at}), 0) AS mn{at}, sum(m{at}) AS ms{at}, min(m{at}) AS ml{at},"
        f" max(m{at}) AS mh{at}, nullif({values_sketch(f'm{at}')}, '') AS mq{at}"
        for at in range(1, len(measures) + 1)
    )


def _parts(count: int) -> str:
    """One SELECT a part: the first with the counts, later ones only where they hold a number."""
    parts = max(1, -(-count // SLOTS))
    return "    UNION ALL\n".join(_part(part, count) for part in range(parts))


def _part(part: int, count: int) -> str:
    positions = range(part * SLOTS + 1, part * SLOTS + SLOTS + 1)
    held = [
        f"{f'k.{name}{at}' if at <= count else f'NULL::{kind}'} AS {column}{slot}"
        for slot, at in enumerate(positions, start=1)
        for name, kind, column in _SLOT_COLUMNS
    ]
    counts = (
        "k.count, k.error_count, k.users"
        if part == 0
        else "0 AS count, 0 AS error_count, '' AS users"
    )
    some = " OR ".join(f"k.mn{at} IS NOT NULL" for at in positions if at <= count)
    where = f"\n    WHERE {some}" if part else ""
    return (
        f"    SELECT k.set_id, k.base_only, k.bucket, k.key_hash, {part}::smallint AS part,"
        f" {', '.join(f'k.{name}' for name in DIMENSIONS)}, {counts},\n           {', '.join(held)}\n"
        f"    FROM keyed k{where}\n"
    )


_SLOT_COLUMNS = (
    ("mn", "bigint", "n"),
    ("ms", "numeric", "sum"),
    ("ml", "numeric", "min"),
    ("mh", "numeric", "max"),
    ("mq", "bytea", "histogram"),
)


def _listed(prefix: str, count: int) -> str:
    return "".join(f", {prefix}{at}" for at in range(1, count + 1))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
