"""The lengths of rollup buckets, all aligned in UTC, and how a span is covered by the coarsest of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Micros = NDArray[np.int64]
"""Instants as microseconds since 1970."""

_MINUTE = 60_000_000
_WEEK_OFFSET = 4 * 1_440 * _MINUTE
"""1970-01-05 was a Monday."""


class Grain(IntEnum):
    """A bucket's nominal length in minutes. Weeks start on Monday, months on the first."""

    QUARTER_HOUR = 15
    HOUR = 60
    DAY = 1_440
    WEEK = 10_080
    MONTH = 43_200

    @property
    def label(self) -> str:
        """The name in `meta.servedBy`: `hour`, `quarter_hour`, …"""
        return self.name.lower()


_SHORTEST: Mapping[Grain, int] = {
    grain: 28 * 1_440 * _MINUTE if grain is Grain.MONTH else int(grain) * _MINUTE for grain in Grain
}

BASE = Grain.QUARTER_HOUR
"""The finest grain: every zone's offset since 1972 is a multiple of it."""

LEVEL_NAMES: Mapping[str, Grain] = {
    "hourly": Grain.HOUR,
    "daily": Grain.DAY,
    "weekly": Grain.WEEK,
    "monthly": Grain.MONTH,
}
"""What the setting for aggregation levels calls the grains above the base."""


@dataclass(frozen=True, slots=True)
class Segments:
    """Spans [starts[i], ends[i]), rising and disjoint, in microseconds since 1970."""

    starts: Micros
    ends: Micros

    def __len__(self) -> int:
        return len(self.starts)


def floor(at: Micros, grain: Grain) -> Micros:
    """The start of the bucket that each instant is in."""
    if grain is Grain.MONTH:
        months = at.astype("datetime64[us]").astype("datetime64[M]")
        return months.astype("datetime64[us]").astype(np.int64)
    length = int(grain) * _MINUTE
    offset = _WEEK_OFFSET if grain is Grain.WEEK else 0
    return (at - offset) // length * length + offset


def ceil(at: Micros, grain: Grain) -> Micros:
    """The first start of a bucket at or after each instant."""
    below = floor(at, grain)
    return np.where(below == at, at, _next(below, grain))


def floor_datetime(at: datetime, grain: Grain) -> datetime:
    """The start of the bucket that an instant is in."""
    return instants(floor(micros([at]), grain))[0]


def cover(edges: Micros, sealed: Mapping[Grain, int]) -> tuple[dict[Grain, Segments], Segments]:
    """Cover each bucket between two edges by the coarsest grains that lie wholly inside it.

    `sealed[g]` is the instant until which grain g above the base is summed up; grains without one are not
    used. Returns the segments by grain, and the ragged pieces, shorter than the base grain, that no bucket
    fits into. Neighbouring segments are joined even across edges, since no bucket straddles an edge.
    """
    starts, ends = edges[:-1], edges[1:]
    found: dict[Grain, Segments] = {}
    for grain in sorted((*sealed, BASE), reverse=True):
        if not len(starts) or (ends - starts).max() < _SHORTEST[grain]:
            continue
        low, high = ceil(starts, grain), floor(ends, grain)
        if grain is not BASE:
            high = np.minimum(high, floor(np.array([sealed[grain]], np.int64), grain))
        inside = high > low
        if not inside.any():
            continue
        found[grain] = _joined(low[inside], high[inside])
        starts, ends = (
            np.concatenate((starts, high[inside])),
            np.concatenate((np.where(inside, low, ends), ends[inside])),
        )
        left = ends > starts
        starts, ends = starts[left], ends[left]
    return found, _sorted(starts, ends)


class Edges(tuple[datetime, ...]):
    """Instants with what they are in microseconds since 1970, known since they were made."""

    at: Micros

    @classmethod
    def of(cls, instants: Iterable[datetime], at: Micros) -> "Edges":
        """The instants, which `at` gives as numbers."""
        edges = cls(instants)
        edges.at = at
        return edges


class Instants(list[datetime]):
    """Instants in UTC with what they are in microseconds since 1970: long columns are written from that."""

    def __init__(self, instants: Iterable[datetime], at: Micros) -> None:
        super().__init__(instants)
        self.at = at


def micros(at: Sequence[datetime]) -> Micros:
    """Aware instants in UTC as microseconds since 1970."""
    if isinstance(at, Edges):
        return at.at
    naive = [each.replace(tzinfo=None) for each in at]
    return np.array(naive, "datetime64[us]").astype(np.int64)


def instants(at: Micros) -> list[datetime]:
    """Microseconds since 1970 as aware instants in UTC."""
    naive: list[datetime] = at.astype("datetime64[us]").tolist()
    return [each.replace(tzinfo=UTC) for each in naive]


def _next(start: Micros, grain: Grain) -> Micros:
    if grain is Grain.MONTH:
        months = start.astype("datetime64[us]").astype("datetime64[M]") + 1
        return months.astype("datetime64[us]").astype(np.int64)
    return start + int(grain) * _MINUTE


def _sorted(starts: Micros, ends: Micros) -> Segments:
    order = np.argsort(starts, kind="stable")
    return Segments(starts[order], ends[order])


def _joined(starts: Micros, ends: Micros) -> Segments:
    ordered = _sorted(starts, ends)
    if not len(ordered):
        return ordered
    breaks = ordered.starts[1:] != ordered.ends[:-1]
    return Segments(
        ordered.starts[np.concatenate(([True], breaks))],
        ordered.ends[np.concatenate((breaks, [True]))],
    )


def micros_text(at: int) -> str:
    """Microseconds since 1970 as RFC 3339, to the second; "never" before year 1."""
    if at < -(2**61):
        return "never"
    return str(np.datetime64(at, "us").astype("datetime64[s]")) + "Z"
