"""The judge: answers computed from the events themselves, in plain Python and exact decimals."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Context, Decimal
from fractions import Fraction
from functools import reduce
from typing import Any

from domain.catalogue import ALL_EVENTS, NUMBER_COLUMNS, EventType
from domain.filters import matches
from domain.questions import Estimate, GroupKey, MeasureKey, Read

_EXACT = Context(prec=200)

Wire = Mapping[str, Any]
"""An event as it was sent, decoded; numbers as Decimal."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a group must show: per measure one value per bucket."""

    values: Mapping[MeasureKey, list[Any]]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def attribute(event: Wire, event_type: EventType, name: str) -> str | None:
    source = event_type.dimension(name).source
    found = _at(event, source, "type" if source == "eventType" else source)
    if isinstance(found, bool):
        return "true" if found else "false"
    return None if found is None else str(found)


def number(event: Wire, event_type: EventType, name: str) -> Decimal | None:
    source = event_type.measure(name).source
    found = _at(event, source, source)
    assert source in NUMBER_COLUMNS or source.startswith("properties.")
    return None if found is None else Decimal(str(found))


def is_error(event: Wire) -> bool:
    return (event.get("statusCode") or 0) >= 400 or event.get("errorMessage") is not None


def expect(events: Iterable[Wire], event_type: EventType, read: Read) -> dict[GroupKey, Expected]:
    """Every group that has an event in the read's range, or the one total."""
    buckets: dict[GroupKey, list[list[Wire]]] = {}
    length = len(read.edges) - 1
    if not read.group_by:
        buckets[()] = [[] for _ in range(length)]
    for event in events:
        place = _bucket(instant(event["occurredAt"]), read.edges)
        if place is None or not _wanted(event, event_type, read):
            continue
        key = tuple(attribute(event, event_type, name) for name in read.group_by)
        buckets.setdefault(key, [[] for _ in range(length)])[place].append(event)
    return {
        key: Expected(
            {
                measure: [value(measure, each, event_type) for each in held]
                for measure in read.measures
            }
        )
        for key, held in buckets.items()
    }


def value(measure: MeasureKey, events: Sequence[Wire], event_type: EventType) -> Any:
    if measure.kind == "count":
        return len(events)
    if measure.kind == "error_count":
        return sum(map(is_error, events))
    if measure.kind == "users":
        return len({e["userId"] for e in events if e.get("userId") is not None})
    assert measure.of is not None
    found = [
        (each, e.get("currency"))
        for e in events
        if (each := number(e, event_type, measure.of)) is not None
    ]
    if event_type.measure(measure.of).money and len({currency for _, currency in found}) > 1:
        return len(found) if measure.kind == "n" else None
    return _of_numbers(measure, sorted(each for each, _ in found))


def agrees(measure: MeasureKey, expected: Any, actual: Any, estimate: Estimate | None) -> bool:
    """Counts, sums, min and max equal; averages to the last bit of a float; estimates within their bounds."""
    if expected is None or actual is None:
        return expected is None and actual is None
    if measure.kind == "users":
        return abs(actual - expected) <= (0.03 * expected if expected > 2048 else 0)
    if measure.kind == "quantile":
        assert estimate is not None
        exact = float(expected)
        slack = 1e-9 * abs(exact)
        return (
            abs(actual - exact) <= 0.01 * abs(exact) + slack
            and estimate.lower - slack <= exact <= estimate.upper + slack
        )
    if measure.kind == "avg":
        return math.isclose(actual, float(expected), rel_tol=1e-12)
    return bool(actual == expected)


def _of_numbers(measure: MeasureKey, numbers: Sequence[Decimal]) -> Any:
    if measure.kind == "n":
        return len(numbers)
    if not numbers:
        return None
    if measure.kind == "sum":
        return reduce(_EXACT.add, numbers)
    if measure.kind == "avg":
        return _EXACT.divide(reduce(_EXACT.add, numbers), len(numbers))
    if measure.kind in ("min", "max"):
        return numbers[0] if measure.kind == "min" else numbers[-1]
    rank = math.ceil(Fraction(str(measure.q)) * len(numbers))
    return numbers[max(1, rank) - 1]


def _wanted(event: Wire, event_type: EventType, read: Read) -> bool:
    if event_type.name not in (ALL_EVENTS, event["type"]):
        return False
    if read.filter is None:
        return True
    names = read.filter.dimensions()
    return matches(read.filter, {name: attribute(event, event_type, name) for name in names})


def _bucket(at: datetime, edges: Sequence[datetime]) -> int | None:
    if not edges[0] <= at < edges[-1]:
        return None
    return next(place for place in range(len(edges) - 1) if at < edges[place + 1])


def _at(event: Wire, source: str, name: str) -> Any:
    if not source.startswith("properties."):
        return event.get(name)
    found: Any = event.get("properties") or {}
    for part in source.split(".")[1:]:
        found = found.get(part) if isinstance(found, dict) else None
    return found
