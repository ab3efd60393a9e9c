"""Plans as one SQL statement: each scan is a branch of one UNION ALL, so all see the same snapshot.

A branch adds up three sources that look alike, rows of (slot, group, overflow, additive parts, sketch):
rollup rows of the plan's segments, raw events of its ragged pieces, and the tail (events of batches that
the rollups do not hold yet). It then packs each group's slots into columns. The text depends on the shape
of the question alone, so connections keep its plan.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from db.expressions import (
    IS_ERROR,
    Parameters,
    condition,
    dimension_of_event,
    measure_of_event,
    users_sketch,
    values_sketch,
)
from domain.catalogue import ALL_EVENTS, EventType
from domain.grains import Grain, Micros, Segments, instants
from domain.plan import Plan, RollupSet, Scan

_HEAD = """\
WITH tail AS MATERIALIZED (
    SELECT e.*
    FROM pending_batches b
    CROSS JOIN LATERAL (
        SELECT * FROM analytics_events e
        WHERE e.batch_id = b.batch_id AND e.received_at = b.received_at OFFSET 0
    ) e
)
SELECT -1 AS scan, (SELECT version::text FROM rollup_state) AS g1, statement_timestamp()::text AS g2,
       EXISTS (SELECT FROM pending_batches)::text AS g3, NULL AS g4, false AS overflow,
       NULL::bytea AS slots, NULL::bytea AS first, NULL::bytea AS second,
       NULL::text[] AS sums, NULL::text[] AS minima, NULL::text[] AS maxima, NULL::bytea[] AS sketches"""


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL and its arguments."""

    sql: str
    arguments: tuple[object, ...]


def statement(plans: Sequence[Plan]) -> Statement:
    """One statement for all plans. Scans are numbered over the plans; row -1 is the state's version."""
    parameters = Parameters()
    branches = [_HEAD]
    number = 0
    for each in plans:
        edges = parameters.add(instants(each.edges), "timestamptz[]")
        for scan in each.scans:
            branches.append(_branch(number, each, scan, edges, parameters))
            number += 1
    return Statement("\nUNION ALL\n".join(branches), tuple(parameters.values))


def _branch(number: int, plan: Plan, scan: Scan, edges: str, parameters: Parameters) -> str:
    groups = [f"g{position}" for position in range(1, len(scan.group_by) + 1)]
    keys = "".join(f", {group}" for group in groups)
    shown = "".join(f", {group}" for group in groups) + ", NULL" * (4 - len(groups))
    sources = "\n        UNION ALL\n".join(_sources(plan, scan, edges, parameters))
    return f"""\
SELECT {number}{shown}, overflow, string_agg(int4send(slot), ''), {_packed(scan)}
FROM (
    SELECT slot{keys}, overflow, {_added(scan)}
    FROM (
{sources}
    ) parts
    GROUP BY slot{keys}, overflow
) slots
GROUP BY overflow{keys}"""


def _packed(scan: Scan) -> str:
    sketches = "array_agg(sketch)" if scan.sketch else "NULL::bytea[]"
    if scan.of is None:
        return (
            "string_agg(int8send(a), ''), string_agg(int8send(b), ''),"
            f" NULL::text[], NULL::text[], NULL::text[], {sketches}"
        )
    return (
        "string_agg(int8send(a), ''), NULL::bytea, array_agg(total::text), array_agg(low::text),"
        f" array_agg(high::text), {sketches}"
    )


def _added(scan: Scan) -> str:
    sketch = ", string_agg(sketch, ''::bytea) AS sketch" if scan.sketch else ""
    if scan.of is None:
        return f"sum(a)::bigint AS a, sum(b)::bigint AS b{sketch}"
    return f"sum(a)::bigint AS a, sum(total) AS total, min(low) AS low, max(high) AS high{sketch}"


def _sources(plan: Plan, scan: Scan, edges: str, parameters: Parameters) -> Iterator[str]:
    if scan.rollup is not None and scan.segments:
        yield _rollup_source(plan, scan, scan.rollup, edges, parameters)
    if len(scan.raw):
        yield _raw_source(plan, scan, edges, parameters)
    yield _tail_source(plan, scan, edges, parameters)


def _rollup_source(
    plan: Plan, scan: Scan, rollup: RollupSet, edges: str, parameters: Parameters
) -> str:
    def column(dimension: str) -> str:
        return f"r.d{rollup.dimensions.index(dimension) + 1}"

    grains, starts, ends = _segment_arguments(scan.segments, parameters)
    groups = "".join(
        f", {column(name)} AS g{position}" for position, name in enumerate(scan.group_by, start=1)
    )
    asks_dimension = bool(scan.group_by or plan.read.filter)
    table, wanted = _rollup_table(scan, parameters)
    filtered = condition(plan.read.filter, column, parameters)
    overflow = "r.overflow" if asks_dimension else "false"
    matching = f"({filtered} OR r.overflow)" if plan.read.filter else "true"
    return f"""\
        SELECT greatest(width_bucket(r.bucket, {edges}) - 1, 0) AS slot{groups}, {overflow} AS overflow,
               {wanted}
        FROM unnest({grains}, {starts}, {ends}) AS s (grain, low, high)
        CROSS JOIN LATERAL (
            SELECT *, key_hash = '00000000-0000-0000-0000-000000000000' AS overflow
            FROM {table} AND grain = s.grain AND bucket >= s.low AND bucket < s.high
                AND set_id = {parameters.add(rollup.id, "integer")} OFFSET 0
        ) r
        WHERE {matching}"""


def _rollup_table(scan: Scan, parameters: Parameters) -> tuple[str, str]:
    if scan.of is None:
        sketch = ", r.users AS sketch" if scan.sketch else ""
        return "rollups WHERE true", f"r.count AS a, r.error_count AS b{sketch}"
    sketch = ", r.histogram AS sketch" if scan.sketch else ""
    return (
        f"rollup_measures WHERE measure = {parameters.add(scan.of, 'text')}",
        f"r.n AS a, r.sum AS total, r.min AS low, r.max AS high{sketch}",
    )


def _raw_source(plan: Plan, scan: Scan, edges: str, parameters: Parameters) -> str:
    starts, ends = _spans(scan.raw, parameters)
    return _events_source(
        plan,
        scan,
        edges,
        parameters,
        f"""\
unnest({starts}, {ends}) AS s (low, high)
        CROSS JOIN LATERAL (
            SELECT * FROM analytics_events
            WHERE occurred_at >= s.low AND occurred_at < s.high OFFSET 0
        ) e
        WHERE e.batch_id NOT IN (SELECT batch_id FROM pending_batches)""",
    )


def _tail_source(plan: Plan, scan: Scan, edges: str, parameters: Parameters) -> str:
    first, last = instants(plan.edges[[0, -1]])
    low = parameters.add(first, "timestamptz")
    high = parameters.add(last, "timestamptz")
    return _events_source(
        plan,
        scan,
        edges,
        parameters,
        f"tail e WHERE e.occurred_at >= {low} AND e.occurred_at < {high}",
    )


def _events_source(plan: Plan, scan: Scan, edges: str, parameters: Parameters, events: str) -> str:
    def column(dimension: str) -> str:
        return dimension_of_event(plan.event_type.dimension(dimension))

    groups = "".join(f", {column(name)} AS g{at}" for at, name in enumerate(scan.group_by, start=1))
    keys = ", ".join(str(position) for position in range(1, len(scan.group_by) + 2))
    only = _only_type(plan.event_type, parameters)
    filtered = condition(plan.read.filter, column, parameters)
    having = "" if scan.of is None else f"\n        HAVING count({_number(plan, scan)}) > 0"
    return f"""\
        SELECT width_bucket(e.occurred_at, {edges}) - 1 AS slot{groups}, false AS overflow,
               {_event_parts(plan, scan)}
        FROM {events} AND {only} AND {filtered}
        GROUP BY {keys}{having}"""


def _only_type(event_type: EventType, parameters: Parameters) -> str:
    if event_type.name == ALL_EVENTS:
        return "true"
    return f"e.event_type = {parameters.add(event_type.name, 'text')}"


def _number(plan: Plan, scan: Scan) -> str:
    return measure_of_event(plan.event_type.measure(scan.of or ""))


def _event_parts(plan: Plan, scan: Scan) -> str:
    if scan.of is None:
        sketch = f", {users_sketch()} AS sketch" if scan.sketch else ""
        return f"count(*) AS a, count(*) FILTER (WHERE {IS_ERROR}) AS b{sketch}"
    number = _number(plan, scan)
    sketch = f", {values_sketch(number)} AS sketch" if scan.sketch else ""
    return (
        f"count({number}) AS a, sum({number}) AS total, min({number}) AS low,"
        f" max({number}) AS high{sketch}"
    )


def _segment_arguments(
    segments: Mapping[Grain, Segments], parameters: Parameters
) -> tuple[str, str, str]:
    grains: list[int] = []
    starts: list[object] = []
    ends: list[object] = []
    for grain, spans in segments.items():
        grains += [int(grain)] * len(spans)
        starts += instants(spans.starts)
        ends += instants(spans.ends)
    return (
        parameters.add(grains, "integer[]"),
        parameters.add(starts, "timestamptz[]"),
        parameters.add(ends, "timestamptz[]"),
    )


def _spans(spans: Segments, parameters: Parameters) -> tuple[str, str]:
    def instants_of(at: Micros) -> str:
        return parameters.add(instants(at), "timestamptz[]")

    return instants_of(spans.starts), instants_of(spans.ends)
