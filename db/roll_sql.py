"""Merging a run of batches into the rollups of one event type, as one SQL statement.

The batches' events are grouped into every rolled-up set at once, at the base grain, and the groups are
added to the rollup rows of that grain and of each coarser one that is already summed up there. Counts and
sums add, sketches are appended (see domain/chunks.py); rows whose sketch has grown enough come back to be
compacted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from db.expressions import (
    IS_ERROR,
    dimension_of_event,
    measure_of_event,
    users_sketch,
    values_sketch,
)
from domain.catalogue import ALL_EVENTS, MAX_SET_DIMENSIONS, EventType

BUCKET_OF_GRAIN = """\
CASE l.grain WHEN 15 THEN bucket WHEN 60 THEN date_trunc('hour', bucket, 'UTC')
             WHEN 1440 THEN date_trunc('day', bucket, 'UTC')
             WHEN 10080 THEN date_trunc('week', bucket, 'UTC')
             ELSE date_trunc('month', bucket, 'UTC') END"""
"""The bucket of the grain `l.grain` that holds a base bucket."""

_FIRST_LENGTH = (
    "get_byte({0}, 1) * 16777216 + get_byte({0}, 2) * 65536"
    " + get_byte({0}, 3) * 256 + get_byte({0}, 4)"
)
"""The length of a sketch's first payload: big-endian after the tag, see domain/chunks.py."""


@dataclass(frozen=True, slots=True)
class RollSet:
    """A set to merge into; one that a rebuild is still filling takes the base grain alone."""

    id: int
    dimensions: tuple[str, ...]
    base_only: bool


def grown(sketch: str, raw_limit: int) -> str:
    """Whether a sketch is worth compacting: a long raw list, or twice what its first chunk holds."""
    first = _FIRST_LENGTH.format(sketch)
    return (
        f"CASE WHEN octet_length({sketch}) > {raw_limit} THEN"
        f" octet_length({sketch}) > 1024 + 2 * ({first})"
        f" OR (get_byte({sketch}, 0) = 0 AND ({first}) > {raw_limit}) ELSE false END"
    )


USERS_GROWN = grown("users", 8 * 2048)
VALUES_GROWN = grown("histogram", 8 * 64)


def roll_statement(event_type: EventType, sets: Sequence[RollSet], *, events: str) -> str:
    """The statement for one event type.

    `events` is the FROM clause that gives raw events as `e`. $1 grains and $2 the instants until which each
    is summed up (the base grain: infinity). Returns the rows to compact:
    (table_name, set_id, grain, measure, bucket, key_hash, sketch).
    """
    names = sorted({name for each in sets for name in each.dimensions})
    measures = sorted(event_type.measures)
    only = "true" if event_type.name == ALL_EVENTS else f"e.event_type = {_quoted(event_type.name)}"
    return f"""\
WITH e AS MATERIALIZED (
    SELECT date_bin('15 minutes', e.occurred_at, '1970-01-01Z') AS bucket, {IS_ERROR} AS failed,
           e.user_id{_inputs(event_type, names, measures)}
    FROM {events} AND {only}
), grouped AS MATERIALIZED (
    SELECT {_mask(names)} AS mask, bucket{_listed("x", len(names))},
           count(*) AS count, count(*) FILTER (WHERE e.failed) AS error_count, {users_sketch()} AS users
           {_measure_sums(measures)}
    FROM e
    GROUP BY GROUPING SETS ({_grouping_sets(sets, names)})
), keyed AS MATERIALIZED (
    SELECT s.id AS set_id, s.base_only, g.bucket, {_keys(sets, names)},
           g.count, g.error_count, g.users{_listed_parts(len(measures))}
    FROM grouped g
    JOIN (VALUES {_set_rows(sets, names)}) AS s (mask, id, base_only) ON s.mask = g.mask
), hashed AS MATERIALIZED (
    SELECT k.*, md5(jsonb_build_array(d1, d2, d3, d4)::text)::uuid AS key_hash, l.grain,
           {BUCKET_OF_GRAIN} AS of_grain
    FROM keyed k
    JOIN unnest($1::integer[], $2::timestamptz[]) AS l (grain, sealed_until)
        ON k.bucket < l.sealed_until AND (l.grain = 15 OR NOT k.base_only)
), counted AS (
    INSERT INTO rollups AS r (set_id, grain, bucket, key_hash, d1, d2, d3, d4, count, error_count, users)
    SELECT set_id, grain, of_grain, key_hash, min(d1), min(d2), min(d3), min(d4),
           sum(count), sum(error_count), string_agg(users, '')
    FROM hashed
    GROUP BY set_id, grain, of_grain, key_hash
    ON CONFLICT (set_id, grain, bucket, key_hash) DO UPDATE SET
        count = r.count + excluded.count,
        error_count = r.error_count + excluded.error_count,
        users = r.users || excluded.users
    RETURNING set_id, grain, bucket, key_hash, users
){_measured(measures)}
SELECT 'rollups' AS table_name, set_id, grain, NULL AS measure, bucket, key_hash, users AS sketch
FROM counted WHERE {USERS_GROWN}
{_measured_grown(measures)}"""


def _inputs(event_type: EventType, names: Sequence[str], measures: Sequence[str]) -> str:
    dimensions = "".join(
        f",\n           {dimension_of_event(event_type.dimension(name))} AS x{at}"
        for at, name in enumerate(names, start=1)
    )
    numbers = "".join(
        f",\n           {measure_of_event(event_type.measure(name))} AS m{at}"
        for at, name in enumerate(measures, start=1)
    )
    return dimensions + numbers


def _mask(names: Sequence[str]) -> str:
    return f"grouping({_columns('x', len(names))})" if names else "0"


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
        f"{_key(sets, names, position)} AS d{position + 1}"
        for position in range(MAX_SET_DIMENSIONS)
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
        f", count(m{at}) AS n{at}, sum(m{at}) AS s{at}, min(m{at}) AS lo{at}, max(m{at}) AS hi{at},"
        f" {values_sketch(f'm{at}')} AS h{at}"
        for at in range(1, len(measures) + 1)
    )


def _measured(measures: Sequence[str]) -> str:
    if not measures:
        return ""
    rows = ", ".join(
        f"({_quoted(name)}, n{at}, s{at}, lo{at}, hi{at}, h{at})"
        for at, name in enumerate(measures, start=1)
    )
    return f""", measured AS (
    INSERT INTO rollup_measures AS r
        (set_id, grain, bucket, key_hash, measure, d1, d2, d3, d4, n, sum, min, max, histogram)
    SELECT set_id, grain, of_grain, key_hash, v.measure, min(d1), min(d2), min(d3), min(d4),
           sum(v.n), sum(v.sum), min(v.low), max(v.high), string_agg(v.histogram, '')
    FROM hashed
    CROSS JOIN LATERAL (VALUES {rows}) AS v (measure, n, sum, low, high, histogram)
    WHERE v.n > 0
    GROUP BY set_id, grain, of_grain, key_hash, v.measure
    ON CONFLICT (set_id, grain, measure, bucket, key_hash) DO UPDATE SET
        n = r.n + excluded.n,
        sum = r.sum + excluded.sum,
        min = least(r.min, excluded.min),
        max = greatest(r.max, excluded.max),
        histogram = r.histogram || excluded.histogram
    RETURNING set_id, grain, measure, bucket, key_hash, histogram
)"""


def _measured_grown(measures: Sequence[str]) -> str:
    if not measures:
        return ""
    return f"""\
UNION ALL
SELECT 'rollup_measures', set_id, grain, measure, bucket, key_hash, histogram
FROM measured WHERE {VALUES_GROWN}"""


def _listed(prefix: str, count: int) -> str:
    return "".join(f", {prefix}{at}" for at in range(1, count + 1))


def _columns(prefix: str, count: int) -> str:
    return ", ".join(f"{prefix}{at}" for at in range(1, count + 1))


def _listed_parts(count: int) -> str:
    return "".join(f", g.n{at}, g.s{at}, g.lo{at}, g.hi{at}, g.h{at}" for at in range(1, count + 1))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
