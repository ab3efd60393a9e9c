"""What a question costs, before anything is read: range × granularity × groups × fields, in points.

A point is about a tenth of a millisecond of one processor. The weights are rough on purpose: they order
questions by what they ask of the server and do not change with what is stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

from domain.buckets import DEFAULT_POINTS, NOMINAL, Granularity

OPERATION: Final = 1.0
"""Reading, checking and answering a request. What is answered from the cache costs no more."""

QUESTION: Final = 10.0
"""One read over one range."""

ROW: Final = 0.01
"""A row of the rollups, of a bucket and group."""

PLAIN: Final = 0.005
"""A count, sum, least or greatest value of a row."""

SKETCH: Final = 0.1
"""The distinct users or quantiles of a row."""

OBJECT: Final = 0.2
"""An object of the answer: a point, a row, an event."""

COMMAND: Final = 10.0
"""A mutation."""

EVENT: Final = 0.5
"""An event to record."""

MOST: Final = 1_000_000_000
"""What costs more is not told apart."""

FEWEST_ROWS: Final = 60
"""A total is read from about this many buckets at most: days, weeks and months beyond."""

SKETCHES: Final = frozenset({"uniqueUsers", "quantile", "estimate", "p50", "p95", "p99"})
"""Fields that merge sketches."""

PRESET_DAYS: Final[Mapping[str, float]] = {
    "TODAY": 1,
    "YESTERDAY": 1,
    "THIS_WEEK": 7,
    "LAST_7_DAYS": 7,
    "THIS_MONTH": 31,
    "LAST_MONTH": 31,
    "LAST_30_DAYS": 30,
    "LAST_90_DAYS": 90,
    "THIS_YEAR": 366,
}


@dataclass(frozen=True, slots=True)
class Question:
    """What one field asks for. `buckets` is 1 for a total, `periods` 2 with a comparison."""

    days: float = 0.0
    buckets: int = 1
    groups: int = 1
    periods: int = 1

    @property
    def rows(self) -> float:
        """About how many rows are read."""
        return self.periods * self.groups * max(self.buckets, min(self.days, FEWEST_ROWS))

    def price(self, plain: int, sketches: int) -> float:
        """Points for so many fields of each kind."""
        return QUESTION + self.rows * (ROW + plain * PLAIN + sketches * SKETCH)


def buckets_in(days: float, granularity: str, max_points: int | None, most: int) -> int:
    """About how many buckets a range is cut into, `most` at most."""
    chosen = Granularity.__members__.get(granularity, Granularity.AUTO)
    if chosen is Granularity.AUTO:
        return max(1, min(max_points or DEFAULT_POINTS, most))
    length = NOMINAL[chosen].total_seconds() / 86_400
    return max(1, min(ceil(days / length) + 1, most))


def points(price: float) -> int:
    """Whole points, at least one and at most `MOST`."""
    return max(1, ceil(min(price, MOST)))
