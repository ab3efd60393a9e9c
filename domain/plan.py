"""From a question to the reads that answer it: which rolled-up set, which grains, which raw pieces.

A plan names what to read and never how; `db.analytics` turns it into one SQL statement.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from domain.catalogue import ALL_EVENTS, Catalogue, EventType
from domain.errors import InvalidInput
from domain.grains import BASE, Grain, Micros, Segments, cover, floor, micros, micros_text
from domain.questions import MeasureKey, Read, Warning

CURRENCY = "currency"
_NO_SEGMENTS = Segments(np.empty(0, np.int64), np.empty(0, np.int64))


@dataclass(frozen=True, slots=True)
class RollupSet:
    """One rolled-up dimension set. It holds every event that occurred at or after `complete_from`.

    `measures` come in the order of their slots in the rows.
    """

    id: int
    event_type: str
    dimensions: tuple[str, ...]
    measures: tuple[str, ...]
    complete_from: int


@dataclass(frozen=True, slots=True)
class RollupState:
    """What the rollups can answer, as of `version`. All instants are microseconds since 1970.

    `raw_from[t]`: raw events of type t are all there from then on; a type without one has them all.
    """

    version: int
    sets: tuple[RollupSet, ...]
    sealed: Mapping[Grain, int]
    raw_from: Mapping[str, int] = field(default_factory=dict)

    def raw_complete_from(self, event_type: str) -> int | None:
        """Since when raw events are complete; None where all of them are there."""
        if event_type == ALL_EVENTS:
            return max(self.raw_from.values(), default=None)
        return self.raw_from.get(event_type)


@dataclass(frozen=True, slots=True)
class Scan:
    """One pass over one table for one read.

    `of` None counts events, errors and users; else it names the measure. `rollup` None answers from raw
    events alone. `group_by` ends with the currency where amounts must be kept apart (`by_currency`).
    """

    read: int
    of: str | None
    rollup: RollupSet | None
    group_by: tuple[str, ...]
    by_currency: bool
    sketch: bool
    segments: Mapping[Grain, Segments]
    raw: Segments


@dataclass(frozen=True, slots=True)
class Plan:
    """What answers one read, in the order of its scans, and what its reader should be warned of."""

    read: Read
    event_type: EventType
    edges: Micros
    scans: tuple[Scan, ...]
    warnings: tuple[Warning, ...]


def plan(index: int, read: Read, catalogue: Catalogue, state: RollupState) -> Plan:
    """How to answer `read`, the `index`-th of its operation. Raises where nothing can answer it."""
    event_type = catalogue.event_type(read.event_type, field="eventType")
    for name in (*read.group_by, *(read.filter.dimensions() if read.filter else ())):
        event_type.dimension(name)
    edges = micros(read.edges)
    scans: list[Scan] = []
    warnings: dict[str, Warning] = {}
    for of, wanted in _passes(read):
        scan, found = _scan(index, read, event_type, edges, state, of, wanted)
        scans.append(scan)
        warnings |= {each.code: each for each in found}
    return Plan(read, event_type, edges, tuple(scans), tuple(warnings.values()))


def _passes(read: Read) -> Iterator[tuple[str | None, frozenset[MeasureKey]]]:
    """The counts first, if asked for or needed to know the groups; then each measure by name."""
    wanted = read.measures | ({read.top.by} if read.top else set())
    counts = frozenset(key for key in wanted if key.of is None)
    if counts or read.group_by:
        yield None, counts
    for of in sorted({key.of for key in wanted if key.of is not None}):
        yield of, frozenset(key for key in wanted if key.of == of)


def _scan(
    index: int,
    read: Read,
    event_type: EventType,
    edges: Micros,
    state: RollupState,
    of: str | None,
    wanted: frozenset[MeasureKey],
) -> tuple[Scan, list[Warning]]:
    by_currency = of is not None and event_type.measure(of).money
    group_by = (*read.group_by, CURRENCY) if by_currency else read.group_by
    needed = frozenset(group_by) | (read.filter.dimensions() if read.filter else frozenset())
    rollup = _smallest(state, event_type.name, needed, of, int(edges[0]))
    raw_from = state.raw_complete_from(event_type.name)
    if rollup is None:
        whole = Segments(edges[:1], edges[-1:])
        warnings = _raw_warnings(event_type, needed, edges, raw_from, of)
        segments: dict[Grain, Segments] = {}
        raw = whole
    else:
        segments, ragged = cover(edges, state.sealed)
        segments, raw, warnings = _edges_behind_raw(segments, ragged, edges, raw_from)
    sketch = any(key.kind in ("users", "quantile") for key in wanted)
    return Scan(index, of, rollup, group_by, by_currency, sketch, segments, raw), warnings


def _smallest(
    state: RollupState, event_type: str, needed: frozenset[str], of: str | None, start: int
) -> RollupSet | None:
    fitting = (
        each
        for each in state.sets
        if each.event_type == event_type
        and needed <= frozenset(each.dimensions)
        and (of is None or of in each.measures)
        and each.complete_from <= start
    )
    return min(fitting, key=lambda each: (len(each.dimensions), each.dimensions), default=None)


def _raw_warnings(
    event_type: EventType,
    needed: frozenset[str],
    edges: Micros,
    raw_from: int | None,
    of: str | None,
) -> list[Warning]:
    if raw_from is None or raw_from <= edges[0]:
        return []
    names = " + ".join(sorted(needed)) or "no dimension"
    sets = "; ".join(" + ".join(each) or "(none)" for each in event_type.rollups)
    if raw_from >= edges[-1]:
        measure = f" with {of}" if of else ""
        raise InvalidInput(
            f"{event_type.name} by {names}{measure} is not rolled up and its raw events are no longer kept"
            f" for this range. Rolled-up sets: {sets}.",
            code="NOT_ROLLED_UP",
            valid=[list(each) for each in event_type.rollups],
        )
    return [
        Warning(
            "RAW_INCOMPLETE",
            f"{event_type.name} by {names} is not rolled up; raw events are complete only from"
            f" {micros_text(raw_from)}, so earlier ones are missing here.",
        )
    ]


def _edges_behind_raw(
    segments: dict[Grain, Segments], ragged: Segments, edges: Micros, raw_from: int | None
) -> tuple[dict[Grain, Segments], Segments, list[Warning]]:
    """Pieces shorter than the base grain come from raw events; where those are gone, from whole buckets.

    A bucket cut by an edge then counts where its first instant is, and once.
    """
    if raw_from is None or not len(ragged) or ragged.starts[0] >= raw_from:
        return segments, ragged, []
    gone = ragged.starts < raw_from
    starts = ragged.starts[gone]
    buckets = floor(starts, BASE)
    taken = np.unique(buckets[(buckets == starts) | (starts == edges[0])])
    whole = Segments(
        np.concatenate((segments.get(BASE, _NO_SEGMENTS).starts, taken)),
        np.concatenate((segments.get(BASE, _NO_SEGMENTS).ends, taken + int(BASE) * 60_000_000)),
    )
    order = np.argsort(whole.starts, kind="stable")
    warning = Warning(
        "EDGE_ROUNDED",
        f"Raw events are complete only from {micros_text(raw_from)}; before, edges inside a quarter of an"
        " hour are rounded to it.",
    )
    return (
        {**segments, BASE: Segments(whole.starts[order], whole.ends[order])},
        Segments(ragged.starts[~gone], ragged.ends[~gone]),
        [warning],
    )
