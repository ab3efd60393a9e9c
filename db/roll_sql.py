"""Merging a run of batches into the rollups, as one SQL statement.

The batches' events are read once. Those of each type are grouped into every rolled-up set, at the base
grain, and the groups are added to the rollup rows of that grain and of each coarser one that is already
summed up there. Rows whose sketches have grown enough come back to be compacted.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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

_FIRST_SINCE = 5
_COLUMN_OF_EVENT = re.compile(r"\be\.([a-z_]+)")
_Dimensions = tuple[str, ...]


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


@dataclass(frozen=True, slots=True)
class _Chain:
    """The steps of one event type within the statement; `at` numbers their names."""

    at: int
    event_type: EventType
    into: RollType
    events: str

    @property
    def names(self) -> list[str]:
        """The dimensions of all sets."""
        return sorted({name for each in self.into.sets for name in each.dimensions})


def roll_statement(types: Sequence[tuple[EventType, RollType]]) -> str:
    """The statement that merges some batches into these types.

    Arguments: the grains and the instants until which each is summed up (the base grain: infinity), the
    batches and when each was received, then `since` of each type that has one. Returns the key and the
    grown sketches of rows to compact.
    """
    chains = list(_chains(types))
    events = [_events(each) for each in chains]
    tables = ",\n".join([_claimed(events), *map(_steps, chains, events)])
    grown = "\nUNION ALL\n".join(_grown_rows(each) for each in chains)
    return f"WITH {tables}\n{grown}"


def _chains(types: Sequence[tuple[EventType, RollType]]) -> Iterator[_Chain]:
    parameter = _FIRST_SINCE
    for at, (event_type, into) in enumerate(types):
        only = "true" if event_type.name == ALL_EVENTS else _is_of(event_type)
        if into.since is not None:
            only += f" AND e.occurred_at >= ${parameter}::timestamptz"
            parameter += 1
        yield _Chain(at, event_type, into, f"claimed e WHERE {only}")


def _claimed(events: Sequence[str]) -> str:
    """The events of the batches, read once, with the columns that the types name."""
    named = sorted({name for each in events for name in _COLUMN_OF_EVENT.findall(each)})
    return f"""\
claimed AS MATERIALIZED (
    SELECT {", ".join(f"e.{name}" for name in named)}
    FROM unnest($3::bigint[], $4::timestamptz[]) AS b (batch_id, received_at)
    CROSS JOIN LATERAL (
        SELECT * FROM analytics_events e
        WHERE e.batch_id = b.batch_id AND e.received_at = b.received_at OFFSET 0
    ) e
)"""


def _events(chain: _Chain) -> str:
    return f"""\
    SELECT date_bin('15 minutes', e.occurred_at, '1970-01-01Z') AS bucket, {IS_ERROR} AS failed,
           e.user_id{_inputs(chain.event_type, chain.names, chain.into.measures)}
    FROM {chain.events}"""


def _steps(chain: _Chain, events: str) -> str:
    at, into, names = chain.at, chain.into, chain.names
    roots = _roots(into.sets)
    return f"""\
events_{at} AS MATERIALIZED (
{events}
), grouped_{at} AS MATERIALIZED (
    SELECT {_mask(names)} AS mask, bucket{_listed("x", len(names))},
           count(*) AS count, count(*) FILTER (WHERE e.failed) AS error_count, {users_sketch()} AS users
           {_measure_sums(into.measures)}
    FROM events_{at} e
    GROUP BY GROUPING SETS ({_grouping_sets(roots.values(), names)})
), every_{at} AS MATERIALIZED (
    SELECT * FROM grouped_{at}{_derived(f"grouped_{at}", roots, names, into.measures)}
), keyed_{at} AS MATERIALIZED (
    SELECT k.*, md5(jsonb_build_array(d1, d2, d3, d4)::text)::uuid AS key_hash
    FROM (
        SELECT s.id AS set_id, s.base_only, g.*, {_keys(into.sets, names)}
        FROM every_{at} g
        JOIN (VALUES {_set_rows(into.sets, names)}) AS s (mask, id, base_only) ON s.mask = g.mask
    ) k
), parted_{at} AS (
{_parts(f"keyed_{at}", len(into.measures))}
), merged_{at} AS (
    INSERT INTO rollups AS r ({", ".join(ALL)})
    SELECT p.set_id, l.grain, {BUCKET_OF_GRAIN}, p.key_hash, p.part,
           {added_dimensions("p")}, {added((*COUNTS, *MEASURES), row="p")}
    FROM parted_{at} p
    JOIN unnest($1::integer[], $2::timestamptz[]) AS l (grain, sealed_until)
        ON p.bucket < l.sealed_until AND (l.grain = 15 OR NOT p.base_only)
    GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (set_id, grain, bucket, key_hash, part) DO UPDATE SET
        {merged_on_conflict()}
    RETURNING r.set_id, r.grain, r.bucket, r.key_hash, r.part, {returned_if_grown()}
)"""


def _grown_rows(chain: _Chain) -> str:
    return f"""\
SELECT set_id, grain, bucket, key_hash, part, {", ".join(SKETCHES)}
FROM merged_{chain.at} WHERE {any_grown()}"""


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


def _roots(sets: Sequence[RollSet]) -> dict[_Dimensions, _Dimensions]:
    """For the dimensions of each set, those of the set whose groups it is added up from: its own, or more.

    Fewer groups of events are made so: a set within another one adds up a few groups of that instead.
    """
    distinct = list(dict.fromkeys(each.dimensions for each in sets))
    outer = [each for each in distinct if not any(set(each) < set(other) for other in distinct)]
    return {
        each: each if each in outer else min((o for o in outer if set(each) < set(o)), key=len)
        for each in distinct
    }


def _grouping_sets(roots: Iterable[_Dimensions], names: Sequence[str]) -> str:
    return ", ".join(f"({_columns(each, names)})" for each in dict.fromkeys(roots))


def _columns(dimensions: _Dimensions, names: Sequence[str]) -> str:
    return ", ".join(("bucket", *(f"x{names.index(name) + 1}" for name in dimensions)))


def _derived(
    grouped: str,
    roots: Mapping[_Dimensions, _Dimensions],
    names: Sequence[str],
    measures: Sequence[str],
) -> str:
    """One SELECT for each set that is added up from the groups of another."""
    return "".join(
        f"""
    UNION ALL
    SELECT {_mask_of(each, names)}, bucket{_kept(each, names)},
           sum(count)::bigint, sum(error_count)::bigint, string_agg(users, ''::bytea){_sums_of_sums(measures)}
    FROM {grouped} WHERE mask = {_mask_of(root, names)} GROUP BY {_columns(each, names)}"""
        for each, root in roots.items()
        if each != root
    )


def _kept(dimensions: _Dimensions, names: Sequence[str]) -> str:
    return "".join(
        f", x{at}" if name in dimensions else ", NULL" for at, name in enumerate(names, start=1)
    )


def _sums_of_sums(measures: Sequence[str]) -> str:
    return "".join(
        f", sum(mn{at})::bigint, sum(ms{at}), min(ml{at}), max(mh{at}), string_agg(mq{at}, ''::bytea)"
        for at in range(1, len(measures) + 1)
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


def _parts(keyed: str, count: int) -> str:
    """One SELECT a part: the first with the counts, later ones only where they hold a number."""
    parts = max(1, -(-count // SLOTS))
    return "    UNION ALL\n".join(_part(keyed, part, count) for part in range(parts))


def _part(keyed: str, part: int, count: int) -> str:
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
        f"    FROM {keyed} k{where}\n"
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


def _is_of(event_type: EventType) -> str:
    return f"e.event_type = {_quoted(event_type.name)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
