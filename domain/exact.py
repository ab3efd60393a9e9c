"""Decimal arithmetic without rounding: sums have more digits than Python's own context keeps."""

from collections.abc import Iterable
from decimal import Context, Decimal
from functools import reduce

EXACT = Context(prec=100)
"""A number has at most 18 digits before the point and 12 after it: no sum of events comes near 100."""


def exact_sum(numbers: Iterable[Decimal]) -> Decimal:
    """Their sum, to the last digit."""
    return reduce(EXACT.add, numbers, Decimal(0))
