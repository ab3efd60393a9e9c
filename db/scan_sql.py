"""Plans as one SQL statement: each scan is a branch of one UNION ALL, so all see the same snapshot.

Scans of a read that group alike share a pass. A pass adds up three sources that look alike, rows of
(slot, group, overflow, parts to add): rollup rows of the plan's segments, raw events of its ragged pieces,
and the tail (events of batches that the rollups do not hold yet). A scan packs each group's slots into
columns. The text depends on the shape of the question alone, so connections keep its plan.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from db.expressions import (
    Parameters,
    condition,
    dimension_of_event,
    possible,
)
from db.rollup_columns import FIRST_KEY, place
from db.scan_parts import added, event_parts, packed, packed_alone, row_parts
from domain.catalogue import ALL_EVENTS, EventType
from domain.grains import Grain, Micros, Segments, instants
from domain.plan import CURRENCY, Plan, RollupSet, Scan

_COLUMN_OF_EVENT = re.compile(r"\be\.([a-z_]+)")
_HEAD = """\
SELECT -1 AS scan, (SELECT version::text FROM rollup_state) AS g1, statement_timestamp()::text AS g2,
       EXISTS (SELECT FROM pending)::text AS g3, NULL AS g4, NULL AS g5, false AS overflow,
       NULL::bytea AS slots, NULL::bytea AS first, NULL::bytea AS second,
       NULL::text[] AS sums, NULL::text[] AS minima, NULL::text[] AS maxima, NULL::bytea[] AS sketches"""

_BUCKET_OF_EVENT = "date_bin('15 minutes', e.occurred_at, '1970-01-01Z')"


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL and its arguments."""

    sql: str
    arguments: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Pass:
    """Scans of one plan that read the same rows, each with its number in the statement."""

    name: str
    plan: Plan
    scans: tuple[tuple[int, Scan], ...]
    edges: str
    parameters: Parameters

    @property
    def lead(self) -> Scan:
        """Any of the scans: they read alike."""
        return self.scans[0][1]

    def place(self, instant: str, bucket: str) -> str:
        """The place of an instant among the edges, from 0; or, where parts come by bucket, its bucket."""
        if self.plan.by_bucket:
            return bucket
        return "0" if self.alone else f"width_bucket({instant}, {self.edges}) - 1"

    @property
    def apart(self) -> bool:
        """Whether nearly every part is a bucket and group of its own: adding them up first would not pay."""
        rollup = self.lead.rollup
        return (
            self.plan.by_bucket
            and rollup is not None
            and len(rollup.dimensions) == len(self.groups)
            and len(self.scans) == 1
        )

    @property
    def alone(self) -> bool:
        """Whether a group has but one place, and so one row in the pass."""
        return _has_one_place(self.plan)

    @property
    def packed_places(self) -> str:
        """The places of a group, packed."""
        send = "timestamptz_send" if self.plan.by_bucket else "int4send"
        return f"string_agg({send}(slot), '')"

    @property
    def groups(self) -> list[str]:
        """The group columns, g1 to gN, at most five: four that were asked for and the currency."""
        return [f"g{at}" for at in range(1, len(self.lead.group_by) + 1)]

    @property
    def keys(self) -> str:
        """The group columns, each after a comma."""
        return "".join(f", {group}" for group in self.groups)


def _has_one_place(plan: Plan) -> bool:
    return not plan.by_bucket and len(plan.edges) == 2


def statement(plans: Sequence[Plan]) -> Statement:
    """One statement for all plans. Scans are numbered over the plans; row -1 is the state's version."""
    parameters = Parameters()
    passes = list(_passes(plans, parameters))
    merged = [_pass(each) for each in passes if not each.apart]
    branches = [branch for each in passes for branch in _branches(each)]
    tables = [_pending(plans, parameters), _tail([*merged, *branches]), *merged]
    branches.insert(0, _HEAD)
    sql = "WITH " + ",\n".join(tables) + "\n" + "\nUNION ALL\n".join(branches)
    return Statement(sql, tuple(parameters.values))


def _pending(plans: Sequence[Plan], parameters: Parameters) -> str:
    """The pending batches that may hold events between the first edge of all plans and the last."""
    ends = [instants(_ends(plan.edges)) for plan in plans]
    low = parameters.add(min(first for first, _ in ends), "timestamptz")
    high = parameters.add(max(last for _, last in ends), "timestamptz")
    return f"""\
pending AS MATERIALIZED (
    SELECT batch_id, received_at FROM pending_batches WHERE first_at < {high} AND last_at >= {low}
)"""


def _tail(passes: Sequence[str]) -> str:
    """The events of those batches, with the columns that the passes name."""
    named = sorted({name for each in passes for name in _COLUMN_OF_EVENT.findall(each)})
    return f"""\
tail AS MATERIALIZED (
    SELECT {", ".join(f"e.{name}" for name in named)}
    FROM pending b
    CROSS JOIN LATERAL (
        SELECT * FROM analytics_events e
        WHERE e.batch_id = b.batch_id AND e.received_at = b.received_at OFFSET 0
    ) e
)"""


def _passes(plans: Sequence[Plan], parameters: Parameters) -> Iterator[_Pass]:
    number = 0
    for index, plan in enumerate(plans):
        placed = not (plan.by_bucket or _has_one_place(plan))
        edges = parameters.add(instants(plan.edges), "timestamptz[]") if placed else ""
        alike: dict[tuple[object, ...], list[tuple[int, Scan]]] = {}
        for scan in plan.scans:
            alike.setdefault((scan.rollup, scan.group_by), []).append((number, scan))
            number += 1
        for at, scans in enumerate(alike.values()):
            yield _Pass(f"pass_{index}_{at}", plan, tuple(scans), edges, parameters)


def _pass(each: _Pass) -> str:
    sources = "\n        UNION ALL\n".join(_sources(each))
    return f"""\
{each.name} AS (
    SELECT slot{each.keys}, overflow, {", ".join(added(each.scans))}
    FROM (
{sources}
    ) parts
    GROUP BY slot{each.keys}, overflow
)"""


def _branches(each: _Pass) -> Iterator[str]:
    """The rows of each scan; of a pass whose parts are apart already, those of each source by themselves."""
    for number, scan in each.scans:
        if not each.apart:
            yield _branch(each, number, scan, each.name)
            continue
        for source in _sources(each):
            yield _branch(each, number, scan, f"(\n{source}\n) parts")


def _branch(each: _Pass, number: int, scan: Scan, source: str) -> str:
    shown = each.keys + ", NULL" * (5 - len(each.groups))
    some = "true" if scan.of is None else f"n_{number} > 0"
    if each.alone:
        return f"""\
SELECT {number}{shown}, overflow, int4send(slot), {packed_alone(number, scan)}
FROM {source}
WHERE {some}"""
    return f"""\
SELECT {number}{shown}, overflow, {each.packed_places}, {packed(number, scan)}
FROM {source}
WHERE {some}
GROUP BY overflow{each.keys}"""


def _sources(each: _Pass) -> Iterator[str]:
    lead = each.lead
    if lead.rollup is not None and lead.segments:
        yield _rollup_source(each, lead.rollup)
    if len(lead.raw):
        yield _raw_source(each)
    yield _tail_source(each)


def _rollup_source(each: _Pass, rollup: RollupSet) -> str:
    def column(dimension: str) -> str:
        return f"r.d{rollup.dimensions.index(dimension) + 1}"

    parameters, tree = each.parameters, each.plan.read.filter
    grains, starts, ends = _segment_arguments(each.lead.segments, parameters)
    low, high = _segment_bounds(each.lead.segments, parameters)
    groups = "".join(f", {column(name)} AS g{at}" for at, name in enumerate(each.lead.group_by, 1))
    needed = {*each.plan.read.group_by, *(tree.dimensions() if tree else ())}
    overflow = "r.overflow" if needed - {CURRENCY} else "false"
    matching = condition(tree, column, parameters)
    if tree and overflow != "false":
        maybe = possible(tree, {CURRENCY}, column, parameters)
        matching = f"CASE WHEN r.overflow THEN {maybe} ELSE {matching} END"
    return f"""\
        SELECT {each.place("r.bucket", "r.bucket")} AS slot{groups}, {overflow} AS overflow,
               {", ".join(row_parts(each.scans, rollup))}
        FROM unnest({grains}, {starts}, {ends}) AS s (grain, low, high)
        CROSS JOIN LATERAL (
            SELECT *, key_hash < '{FIRST_KEY}' AS overflow
            FROM rollups
            WHERE set_id = {parameters.add(rollup.id, "integer")} AND grain = s.grain
                AND bucket >= s.low AND bucket < s.high
                AND bucket >= {low} AND bucket < {high}{_parts(each, rollup)} OFFSET 0
        ) r
        WHERE {matching}"""


def _parts(each: _Pass, rollup: RollupSet) -> str:
    """Only the parts that hold what is asked, where a set has more than one."""
    if place(max(len(rollup.measures) - 1, 0))[0] == 0:
        return ""
    parts = {
        0 if scan.of is None else place(rollup.measures.index(scan.of))[0] for _, scan in each.scans
    }
    return f" AND part IN ({', '.join(map(str, sorted(parts)))})"


def _raw_source(each: _Pass) -> str:
    starts, ends = (
        each.parameters.add(instants(at), "timestamptz[]")
        for at in (each.lead.raw.starts, each.lead.raw.ends)
    )
    return _events_source(
        each,
        f"""\
unnest({starts}, {ends}) AS s (low, high)
        CROSS JOIN LATERAL (
            SELECT * FROM analytics_events
            WHERE occurred_at >= s.low AND occurred_at < s.high OFFSET 0
        ) e
        WHERE e.batch_id NOT IN (SELECT batch_id FROM pending_batches)""",
    )


def _tail_source(each: _Pass) -> str:
    """IS TRUE changes only what PostgreSQL expects, which is five events of a span; those it would sort."""
    first, last = instants(_ends(each.plan.edges))
    low = each.parameters.add(first, "timestamptz")
    high = each.parameters.add(last, "timestamptz")
    span = f"(e.occurred_at >= {low} AND e.occurred_at < {high}) IS TRUE"
    return _events_source(each, f"tail e WHERE {span}")


def _ends(edges: Micros) -> Micros:
    return edges[[0, -1]]


def _events_source(each: _Pass, events: str) -> str:
    def column(dimension: str) -> str:
        return dimension_of_event(each.plan.event_type.dimension(dimension))

    groups = "".join(f", {column(name)} AS g{at}" for at, name in enumerate(each.lead.group_by, 1))
    keys = ", ".join(str(position) for position in range(1, len(each.groups) + 2))
    only = _only_type(each.plan.event_type, each.parameters)
    filtered = condition(each.plan.read.filter, column, each.parameters)
    return f"""\
        SELECT {each.place("e.occurred_at", _BUCKET_OF_EVENT)} AS slot{groups}, false AS overflow,
               {", ".join(event_parts(each.scans, each.plan.event_type))}
        FROM {events} AND {only} AND {filtered}
        GROUP BY {keys}"""


def _only_type(event_type: EventType, parameters: Parameters) -> str:
    if event_type.name == ALL_EVENTS:
        return "true"
    return f"e.event_type = {parameters.add(event_type.name, 'text')}"


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


def _segment_bounds(segments: Mapping[Grain, Segments], parameters: Parameters) -> tuple[str, str]:
    """Where the first segment starts and the last one ends, so that whole months are left out at once."""
    start = min(spans.starts[:1] for spans in segments.values())
    end = max(spans.ends[-1:] for spans in segments.values())
    (low,), (high,) = instants(start), instants(end)
    return parameters.add(low, "timestamptz"), parameters.add(high, "timestamptz")
