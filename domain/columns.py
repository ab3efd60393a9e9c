"""One measure's column from the rows of a group: counts add, sketches merge, currencies stay apart."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from struct import unpack
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain import distinct, quantiles
from domain.exact import EXACT
from domain.questions import Estimate, MeasureKey, Value


class ScanRow(NamedTuple):
    """One group of one scan, its buckets packed: `slots` int32, `first` and `second` int64, big-endian.

    `first` is the count, or how many events have the measure; `second` the errors. Of a measure, `sums`,
    `minima` and `maxima` are exact decimals as text. All run in step with `slots`.
    """

    key: tuple[str | None, ...]
    overflow: bool
    slots: bytes
    first: bytes
    second: bytes | None = None
    sums: Sequence[str] | None = None
    minima: Sequence[str] | None = None
    maxima: Sequence[str] | None = None
    sketches: Sequence[bytes] | None = None


Rows = list[tuple[str | None, ScanRow]]
"""The rows of one group, each with its currency where amounts are kept apart; one without any is None."""


@dataclass(frozen=True, slots=True)
class Column:
    """The values, their bounds where they may be estimates, and the currencies that could not be added."""

    values: list[Value]
    estimates: list[Estimate | None] | None = None
    currencies: frozenset[str] = frozenset()


def column(measure: MeasureKey, rows: Rows, length: int) -> Column:
    """The column of `measure` over `length` buckets; see `Columns` for what empty buckets hold."""
    if measure.kind == "count" or measure.kind == "n":
        return Column(_added([row for _, row in rows], "first", length))
    if measure.kind == "error_count":
        return Column(_added([row for _, row in rows], "second", length))
    if measure.kind == "users":
        return _users(rows, length)
    mixed, currencies = _mixed_slots(rows)
    return _measured(measure, rows, length, mixed, currencies)


def _added(rows: Sequence[ScanRow], name: str, length: int) -> list[Value]:
    """Numbers by slot. Of one bucket they are few, and so added up without arrays."""
    if length == 1:
        return [sum(sum(_numbers(getattr(row, name))) for row in rows)]
    totals = np.zeros(length, np.int64)
    for row in rows:
        slots, numbers = _slots(row), np.frombuffer(getattr(row, name), ">i8")
        if np.bincount(slots).max(initial=0) <= 1:
            totals[slots] += numbers
        else:
            np.add.at(totals, slots, numbers)
    return list(totals.tolist())


def _users(rows: Rows, length: int) -> Column:
    none = Estimate(0.0, 0.0, 0.0, exact=True)
    estimates: list[Estimate | None] = [none] * length
    for slot, sketches in _sketches(rows).items():
        estimates[slot] = distinct.count(sketches)
    return Column([int(each.value) if each else 0 for each in estimates], estimates)


def _measured(
    measure: MeasureKey, rows: Rows, length: int, mixed: frozenset[int], currencies: frozenset[str]
) -> Column:
    if measure.kind == "quantile":
        estimates = _quantiles(measure.q or 0.0, rows, length)
        for slot in mixed:
            estimates[slot] = None
        return Column([each.value if each else None for each in estimates], estimates, currencies)
    values = _ONE_PASS[measure.kind](rows, length)
    for slot in mixed:
        values[slot] = None
    return Column(values, None, currencies)


def _sums(rows: Rows, length: int) -> list[Value]:
    return _folded(rows, "sums", length, EXACT.add)


def _minima(rows: Rows, length: int) -> list[Value]:
    return _folded(rows, "minima", length, min)


def _maxima(rows: Rows, length: int) -> list[Value]:
    return _folded(rows, "maxima", length, max)


def _averages(rows: Rows, length: int) -> list[Value]:
    counts = _added([row for _, row in rows], "first", length)
    return [
        None if total is None or not count else float(Decimal(total) / Decimal(count))
        for total, count in zip(_sums(rows, length), counts, strict=True)
    ]


_ONE_PASS: dict[str, Callable[[Rows, int], list[Value]]] = {
    "sum": _sums,
    "min": _minima,
    "max": _maxima,
    "avg": _averages,
}


def _folded(
    rows: Rows, name: str, length: int, join: Callable[[Decimal, Decimal], Decimal]
) -> list[Value]:
    if length == 1:
        numbers = [Decimal(text) for _, row in rows for text in getattr(row, name)]
        return [reduce(join, numbers) if numbers else None]
    found: list[Value] = [None] * length
    for _, row in rows:
        for slot, text in zip(_places(row), getattr(row, name), strict=True):
            before = found[slot]
            number = Decimal(text)
            found[slot] = number if before is None else join(Decimal(before), number)
    return found


def _quantiles(q: float, rows: Rows, length: int) -> list[Estimate | None]:
    low, high = _minima(rows, length), _maxima(rows, length)
    estimates: list[Estimate | None] = [None] * length
    for slot, sketches in _sketches(rows).items():
        found = quantiles.distribution(sketches).quantile(q)
        if found is not None:
            estimates[slot] = _clamped(found, q, float(low[slot] or 0), float(high[slot] or 0))
    return estimates


def _clamped(found: Estimate, q: float, low: float, high: float) -> Estimate:
    """An estimate can do no better than the exact extremes, and at q = 0 and 1 they are the answer."""
    if q in (0.0, 1.0):
        edge = low if q == 0.0 else high
        return Estimate(edge, edge, edge, exact=True)

    def inside(value: float) -> float:
        return min(max(value, low), high)

    return Estimate(
        inside(found.value),
        inside(found.lower),
        inside(found.upper),
        exact=found.exact or low == high,
    )


def _sketches(rows: Rows) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    for _, row in rows:
        for slot, sketch in zip(_places(row), row.sketches or (), strict=True):
            if sketch:
                found.setdefault(slot, []).append(sketch)
    return found


def _mixed_slots(rows: Rows) -> tuple[frozenset[int], frozenset[str]]:
    """The buckets that hold amounts in more than one currency (none is one), and those currencies."""
    if len({currency for currency, _ in rows}) < 2:
        return _UNMIXED
    held: dict[int, set[str]] = {}
    for slot, currency in _slot_currencies(rows):
        held.setdefault(slot, set()).add(currency or "no currency")
    mixed = {slot: names for slot, names in held.items() if len(names) > 1}
    return frozenset(mixed), frozenset().union(*mixed.values())


def _slot_currencies(rows: Rows) -> Iterator[tuple[int, str | None]]:
    for currency, row in rows:
        yield from ((slot, currency) for slot in _places(row))


_UNMIXED: tuple[frozenset[int], frozenset[str]] = frozenset(), frozenset()


def _places(row: ScanRow) -> tuple[int, ...]:
    return unpack(f">{len(row.slots) // 4}i", row.slots)


def _numbers(packed: bytes) -> tuple[int, ...]:
    return unpack(f">{len(packed) // 8}q", packed)


def _slots(row: ScanRow) -> NDArray[np.intp]:
    return np.frombuffer(row.slots, ">i4").astype(np.intp)
