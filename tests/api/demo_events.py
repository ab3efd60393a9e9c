"""A few days of the demo as they are sent, and what plain Python makes of them."""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from domain.demo import Demo
from domain.event_wire import encode_wire
from tests.reference import instant, is_error

NOW = datetime(2026, 3, 10, 12, 7, tzinfo=UTC)
RANGE = '{ between: { from: "2026-03-09T00:00:00Z", to: "2026-03-10T00:00:00Z" } }'

Sent = dict[str, Any]


@cache
def demo_events(days: int = 3, events: int = 3_000) -> tuple[Sent, ...]:
    """The same events in every test."""
    batches = Demo(NOW, days=days, events=events).batches()
    return tuple(
        json.loads(encode_wire(wire), parse_float=Decimal) for batch in batches for wire in batch
    )


def on_day(events: Iterable[Sent], day: int, kind: str) -> list[Sent]:
    """Those of one type and of one day of the month."""
    return [
        each for each in events if each["type"] == kind and instant(each["occurredAt"]).day == day
    ]


def errors(events: Iterable[Sent]) -> int:
    return sum(map(is_error, events))


def numbers(events: Iterable[Sent], name: str) -> list[Decimal]:
    return sorted(Decimal(str(each[name])) for each in events if each.get(name) is not None)


def mean(found: Sequence[Decimal]) -> float | None:
    return float(sum(found) / len(found)) if found else None


def quantile(found: Sequence[Decimal], q: float) -> float | None:
    return float(found[max(1, math.ceil(q * len(found))) - 1]) if found else None


def grouped(events: Iterable[Sent], key: Callable[[Sent], str | None]) -> dict[Any, list[Sent]]:
    found: dict[Any, list[Sent]] = {}
    for each in events:
        found.setdefault(key(each), []).append(each)
    return found
