"""What a series shows for buckets in which nothing happened."""

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from itertools import pairwise
from typing import TypeVar

from domain.questions import Value

T = TypeVar("T")


class Fill(Enum):
    """NONE leaves empty buckets out; the others keep them and say what their value is."""

    NONE = "none"
    NULL = "null"
    ZERO = "zero"
    PREVIOUS = "previous"
    LINEAR = "linear"


def fill_column(values: Sequence[Value], fill: Fill, has_data: Sequence[bool]) -> list[Value]:
    """The column with its empty buckets (`has_data` false) filled; NONE makes it shorter.

    A None of a bucket that has data is unknown, not empty, and stays. PREVIOUS has nothing to repeat before
    the first known value; LINEAR joins known values by a straight line over the buckets' positions and goes
    beyond neither the first nor the last.
    """
    match fill:
        case Fill.NONE:
            return kept(values, fill, has_data)
        case Fill.NULL:
            return _constant(values, None, has_data)
        case Fill.ZERO:
            return _constant(values, 0, has_data)
        case Fill.PREVIOUS:
            return _repeated(values, has_data)
        case Fill.LINEAR:
            return _joined(values, has_data)


def kept(column: Sequence[T], fill: Fill, has_data: Sequence[bool]) -> list[T]:
    """Any column of the series (starts, ends, flags) without the buckets that the fill leaves out."""
    if fill is not Fill.NONE:
        return list(column)
    return [item for item, full in zip(column, has_data, strict=True) if full]


def _constant(values: Sequence[Value], empty: Value, has_data: Sequence[bool]) -> list[Value]:
    return [value if full else empty for value, full in zip(values, has_data, strict=True)]


def _repeated(values: Sequence[Value], has_data: Sequence[bool]) -> list[Value]:
    filled: list[Value] = []
    latest: Value = None
    for value, full in zip(values, has_data, strict=True):
        if full and value is not None:
            latest = value
        filled.append(value if full else latest)
    return filled


def _joined(values: Sequence[Value], has_data: Sequence[bool]) -> list[Value]:
    filled = _constant(values, None, has_data)
    known = [(at, value) for at, value in enumerate(filled) if value is not None]
    for (left, low), (right, high) in pairwise(known):
        for at in range(left + 1, right):
            if not has_data[at]:
                filled[at] = _on_line(low, high, at - left, right - left)
    return filled


def _on_line(
    low: int | float | Decimal, high: int | float | Decimal, step: int, steps: int
) -> Value:
    """The value `step` of `steps` along the way, within the ends; a Decimal where both are, else a float."""
    if isinstance(low, Decimal) and isinstance(high, Decimal):
        return low + (high - low) * step / steps
    start, end = float(low), float(high)
    found = start + (end - start) * (step / steps)
    return min(max(found, min(start, end)), max(start, end))
