"""What is no longer there, or was never rolled up: how a plan goes round it, and what its reader is told."""

from collections.abc import Iterable, Sequence

import numpy as np

from domain.catalogue import EventType
from domain.errors import InvalidInput
from domain.grains import BASE, Micros, ceil, floor, micros_text
from domain.questions import Warning

BEGINNING = -(2**62)
"""Microseconds before any event."""


def rounded(edges: Micros, raw_from: int) -> Micros:
    """Edges inside a base bucket whose raw events are not all there, moved to that bucket's ends.

    The first goes back to its start and the others on to its end: the bucket counts as a whole and where its
    first instant is. The very same edges where none has to move.
    """
    starts = floor(edges, BASE)
    gone = (starts != edges) & (starts < raw_from)
    if not gone.any():
        return edges
    ends = ceil(edges, BASE)
    ends[0] = starts[0]
    return np.where(gone, ends, edges)


def edge_rounded(raw_from: int) -> Warning:
    """That `rounded` moved an edge."""
    return Warning(
        "EDGE_ROUNDED",
        f"Raw events are complete only from {micros_text(raw_from)}; before, edges inside a quarter of an"
        " hour are rounded to it.",
    )


def months_dropped(dropped: Sequence[tuple[int, int]], edges: Micros) -> Warning | None:
    """That rollups of the range are no longer kept."""
    inside = [end for start, end in dropped if start < edges[-1] and end > edges[0]]
    if not inside:
        return None
    return Warning(
        "ROLLUPS_DROPPED",
        f"Rollups of {len(inside)} of the range's months, the last of which ended at"
        f" {micros_text(inside[-1])}, are no longer kept, so what occurred then is missing here.",
    )


def raw_incomplete(event_type: EventType, needed: Iterable[str], raw_from: int) -> Warning:
    """That raw events answer, and do not reach back far enough."""
    return Warning(
        "RAW_INCOMPLETE",
        f"{event_type.name} by {_names(needed)} is not rolled up; raw events are complete only from"
        f" {micros_text(raw_from)}, so earlier ones are missing here.",
    )


def rollups_incomplete(
    event_type: EventType, needed: Iterable[str], of: str | None, complete_from: int
) -> Warning:
    """That a set or a measure was declared when raw events did not reach back far enough."""
    measure = f" with {of}" if of else ""
    return Warning(
        "ROLLUPS_INCOMPLETE",
        f"{event_type.name} by {_names(needed)}{measure} is rolled up only from"
        f" {micros_text(complete_from)}, so earlier events are missing here.",
    )


def not_rolled_up(event_type: EventType, needed: Iterable[str], of: str | None) -> InvalidInput:
    """That nothing can answer."""
    sets = "; ".join(" + ".join(each) or "(none)" for each in event_type.rollups)
    measure = f" with {of}" if of else ""
    return InvalidInput(
        f"{event_type.name} by {_names(needed)}{measure} is not rolled up and its raw events are no longer"
        f" kept for this range. Rolled-up sets: {sets}.",
        code="NOT_ROLLED_UP",
        valid=[list(each) for each in event_type.rollups],
    )


def _names(needed: Iterable[str]) -> str:
    return " + ".join(sorted(needed)) or "no dimension"
