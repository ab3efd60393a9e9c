"""From a question to the reads that answer it: which rolled-up set, which grains, which raw pieces.

A plan names what to read and never how; `db.analytics` turns it into one SQL statement.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from domain.catalogue import ALL_EVENTS, Catalogue, EventType
from domain.gaps import (
    BEGINNING,
    edge_rounded,
    months_dropped,
    not_rolled_up,
    raw_incomplete,
    rollups_incomplete,
    rounded,
)
from domain.grains import BASE, Grain, Micros, Segments, ceil, cover, micros
from domain.questions import MeasureKey, Read, Warning

CURRENCY = "currency"

ScanPart = Literal["errors", "total", "low", "high"]
_PARTS: Mapping[str, tuple[ScanPart, ...]] = {
    "error_count": ("errors",),
    "sum": ("total",),
    "avg": ("total",),
    "min": ("low",),
    "max": ("high",),
    "quantile": ("low", "high"),
}
"""What a measure is made of, beside the count and a sketch; no quantile lies beyond the extremes."""

BUCKET_MICROS = int(BASE) * 60_000_000
_MINUTE = 60_000_000
_LONG = 24


@dataclass(frozen=True, slots=True)
class RollupSet:
    """One rolled-up dimension set. It holds every event that occurred at or after `complete_from`.

    `measures` come in the order of their slots in the rows; `measures_from` says in step with them since when
    each is complete.
    """

    id: int
    event_type: str
    dimensions: tuple[str, ...]
    measures: tuple[str, ...]
    complete_from: int
    measures_from: tuple[int, ...]

    def holds_from(self, of: str | None) -> int:
        """Since when a measure (or, for None, the counts) is complete."""
        return self.complete_from if of is None else self.measures_from[self.measures.index(of)]


@dataclass(frozen=True, slots=True)
class RollupState:
    """What the rollups can answer, as of `version`. All instants are microseconds since 1970.

    `raw_from[t]`: raw events of type t are all there from then on; a type without one has them all.
    `dropped`: the starts and ends of months whose rollups were dropped, rising.
    """

    version: int
    sets: tuple[RollupSet, ...]
    sealed: Mapping[Grain, int]
    raw_from: Mapping[str, int] = field(default_factory=dict)
    dropped: tuple[tuple[int, int], ...] = ()

    def raw_complete_from(self, event_type: str) -> int:
        """Since when raw events are complete; before any event where all of them are there."""
        if event_type == ALL_EVENTS:
            return max(self.raw_from.values(), default=BEGINNING)
        return self.raw_from.get(event_type, BEGINNING)


@dataclass(frozen=True, slots=True)
class Scan:
    """One pass over one table for one read.

    `of` None counts events, errors and users; else it names the measure. `rollup` None answers from raw
    events alone. `group_by` has the currency where amounts must be kept apart (`by_currency`). `parts` are
    added up beside the count of events (or of those that have the measure).
    """

    read: int
    of: str | None
    rollup: RollupSet | None
    group_by: tuple[str, ...]
    by_currency: bool
    parts: frozenset[ScanPart]
    sketch: bool
    segments: Mapping[Grain, Segments]
    raw: Segments


@dataclass(frozen=True, slots=True)
class Plan:
    """What answers one read, in the order of its scans, and what its reader should be warned of.

    `by_bucket`: parts come with the start of the rollup bucket that they are from, and find their place
    among the edges afterwards; else they come with their place. That pays for a long series of whole
    buckets, where the edges are most of the question.
    """

    read: Read
    event_type: EventType
    edges: Micros
    scans: tuple[Scan, ...]
    warnings: tuple[Warning, ...]
    by_bucket: bool


@dataclass(frozen=True, slots=True)
class _Source:
    """Where one pass reads: a set, or for None raw events; `until` is before when something is missing."""

    rollup: RollupSet | None
    until: int


def plan(index: int, read: Read, catalogue: Catalogue, state: RollupState) -> Plan:
    """How to answer `read`, the `index`-th of its operation. Raises where nothing can answer it."""
    event_type = catalogue.event_type(read.event_type, field="eventType")
    for name in (*read.group_by, *(read.filter.dimensions() if read.filter else ())):
        event_type.dimension(name)
    asked = micros(read.edges)
    passes = [
        (of, wanted, _source(state, event_type, needed, of, asked), needed)
        for of, wanted in _passes(read)
        for needed in (_needed(read, event_type, of),)
    ]
    rolled_up = any(source.rollup for _, _, source, _ in passes)
    raw_from = state.raw_complete_from(event_type.name)
    edges = rounded(asked, raw_from) if rolled_up else asked
    covered = cover(_cut(edges, state), state.sealed) if rolled_up else None
    scans = tuple(
        _scan(index, read, event_type, edges, of, wanted, source.rollup, covered)
        for of, wanted, source, _ in passes
    )
    warnings = [
        *(_missing(event_type, *each[2:], of=each[0], start=int(asked[0])) for each in passes),
        edge_rounded(raw_from) if edges is not asked else None,
        months_dropped(state.dropped, asked) if rolled_up else None,
    ]
    found = {each.code: each for each in warnings if each}
    by_bucket = (
        all(scan.rollup for scan in scans) and covered is not None and _whole(edges, *covered)
    )
    return Plan(read, event_type, edges, scans, tuple(found.values()), by_bucket)


def _whole(edges: Micros, segments: Mapping[Grain, Segments], ragged: Segments) -> bool:
    """Whether a series is long and its parts are about as many as the rollup buckets that it is made of."""
    places = len(edges) - 1
    if places < _LONG or len(ragged) or (edges % BUCKET_MICROS).any():
        return False
    buckets = sum(
        int((spans.ends - spans.starts).sum()) // (int(grain) * _MINUTE)
        for grain, spans in segments.items()
    )
    return buckets <= 2 * places


def _passes(read: Read) -> Iterator[tuple[str | None, frozenset[MeasureKey]]]:
    """The counts first, if asked for or needed to know the groups; then each measure by name."""
    wanted = read.measures | ({read.top.by} if read.top else set())
    counts = frozenset(key for key in wanted if key.of is None)
    if counts or read.group_by:
        yield None, counts
    for of in sorted({key.of for key in wanted if key.of is not None}):
        yield of, frozenset(key for key in wanted if key.of == of)


def _needed(read: Read, event_type: EventType, of: str | None) -> frozenset[str]:
    """The dimensions that a pass has to tell apart."""
    filtered = read.filter.dimensions() if read.filter else frozenset()
    money = {CURRENCY} if of is not None and event_type.measure(of).money else frozenset()
    return filtered.union(read.group_by, money)


def _source(
    state: RollupState,
    event_type: EventType,
    needed: frozenset[str],
    of: str | None,
    edges: Micros,
) -> _Source:
    """The smallest set that is complete; else the set that reaches back as far as raw events; else those."""
    start, end = int(edges[0]), int(edges[-1])
    fitting = sorted(
        (
            each
            for each in state.sets
            if each.event_type == event_type.name
            and needed <= frozenset(each.dimensions)
            and (of is None or of in each.measures)
        ),
        key=lambda each: (max(each.holds_from(of), start), len(each.dimensions), each.dimensions),
    )
    raw_from = state.raw_complete_from(event_type.name)
    as_far = max(start, int(ceil(np.array([raw_from]), BASE)[0]))
    if fitting and (reach := fitting[0].holds_from(of)) <= as_far and reach < end:
        return _Source(fitting[0], reach)
    if raw_from >= end:
        raise not_rolled_up(event_type, needed, of)
    return _Source(None, raw_from)


def _cut(edges: Micros, state: RollupState) -> Micros:
    """The edges and, inside, the ends of dropped months: a week across one is not whole."""
    ends = np.array([end for _, end in state.dropped], np.int64)
    inside = ends[(ends > edges[0]) & (ends < edges[-1])]
    return np.sort(np.concatenate((edges, inside))) if len(inside) else edges


def _scan(
    index: int,
    read: Read,
    event_type: EventType,
    edges: Micros,
    of: str | None,
    wanted: frozenset[MeasureKey],
    rollup: RollupSet | None,
    covered: tuple[dict[Grain, Segments], Segments] | None,
) -> Scan:
    by_currency = of is not None and event_type.measure(of).money
    apart = by_currency and CURRENCY not in read.group_by
    segments, raw = covered if covered and rollup else ({}, Segments(edges[:1], edges[-1:]))
    return Scan(
        read=index,
        of=of,
        rollup=rollup,
        group_by=(*read.group_by, CURRENCY) if apart else read.group_by,
        by_currency=by_currency,
        parts=frozenset(part for key in wanted for part in _PARTS.get(key.kind, ())),
        sketch=any(key.kind in ("users", "quantile") for key in wanted),
        segments=segments,
        raw=raw,
    )


def _missing(
    event_type: EventType, source: _Source, needed: frozenset[str], *, of: str | None, start: int
) -> Warning | None:
    if source.until <= start:
        return None
    if source.rollup is None:
        return raw_incomplete(event_type, needed, source.until)
    return rollups_incomplete(event_type, needed, of, source.until)
