"""Answers as the contract shows them: rows and columns over what the read path computed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from domain.comparison import ratio
from domain.fill import Fill, fill_column, kept
from domain.questions import (
    COUNT,
    ERRORS,
    USERS,
    Columns,
    Estimate,
    MeasureKey,
    MeasureKind,
    Value,
)

T = TypeVar("T")
Column = Sequence[Value]

_EXACT = frozenset({"sum", "min", "max"})
"""The kinds of measures that are exact decimals."""

USERS_ESTIMATE = "uniqueUsers"
"""What `estimate(of:)` takes for the number of distinct users."""


def estimate_key(of: str, q: float | None) -> MeasureKey:
    """Whose bounds `estimate(of:, q:)` shows: distinct users, a quantile, or (exact) the sum."""
    if of == USERS_ESTIMATE:
        return USERS
    return MeasureKey("sum", of) if q is None else MeasureKey("quantile", of, q)


def error_rate(count: Value, errors: Value) -> float | None:
    """Errors over events, in [0, 1]; None without events."""
    return float(errors or 0) / float(count) if count else None


def success_rate(count: Value, errors: Value) -> float | None:
    """What is not an error, over events; None without events."""
    return (float(count) - float(errors or 0)) / float(count) if count else None


def without_events(measures: Iterable[MeasureKey], length: int = 1) -> Columns:
    """What a group shows where it has no events: counts of 0, and nothing else."""
    return Columns({key: [0 if _is_count(key) else None] * length for key in measures})


def _is_count(key: MeasureKey) -> bool:
    return key.of is None or key.kind == "n"


@dataclass(frozen=True, slots=True)
class Aggregates:
    """The measures of one bucket, group or total: one row of the columns."""

    values: Columns
    row: int = 0

    def value(self, key: MeasureKey) -> Value:
        """The value of a measure that was asked for."""
        return self.values.values[key][self.row]

    @property
    def count(self) -> Value:
        return self.value(COUNT)

    @property
    def error_count(self) -> Value:
        return self.value(ERRORS)

    @property
    def unique_users(self) -> Value:
        return self.value(USERS)

    @property
    def error_rate(self) -> float | None:
        return error_rate(self.value(COUNT), self.value(ERRORS))

    @property
    def success_rate(self) -> float | None:
        return success_rate(self.value(COUNT), self.value(ERRORS))

    def number(self, kind: MeasureKind, of: str, q: float | None = None) -> float | None:
        """A sum, mean, quantile, least or greatest value as the nearest float."""
        value = self.value(MeasureKey(kind, of, q))
        return None if value is None else float(value)

    def exact_sum(self, of: str) -> Decimal | None:
        """The sum to its last digit."""
        total = self.value(MeasureKey("sum", of))
        return total if total is None or isinstance(total, Decimal) else Decimal(total)

    def estimate(self, of: str, q: float | None) -> Estimate | None:
        """The number with its bounds; one without recorded bounds is exact."""
        key = estimate_key(of, q)
        bounds = self.values.estimates.get(key)
        if bounds is not None:
            return bounds[self.row]
        value = self.value(key)
        if value is None:
            return None
        return Estimate(float(value), float(value), float(value), exact=True)


@dataclass(frozen=True, slots=True)
class Ratios:
    """How many times the earlier value each measure is; None where the base is 0 or unknown."""

    current: Aggregates
    earlier: Aggregates

    @property
    def count(self) -> float | None:
        return ratio(self.current.count, self.earlier.count)

    @property
    def error_count(self) -> float | None:
        return ratio(self.current.error_count, self.earlier.error_count)

    @property
    def unique_users(self) -> float | None:
        return ratio(self.current.unique_users, self.earlier.unique_users)

    @property
    def error_rate(self) -> float | None:
        return ratio(self.current.error_rate, self.earlier.error_rate)

    @property
    def success_rate(self) -> float | None:
        return ratio(self.current.success_rate, self.earlier.success_rate)

    def number(self, kind: MeasureKind, of: str, q: float | None = None) -> float | None:
        """The ratio of a sum, mean, quantile, least or greatest value."""
        key = MeasureKey(kind, of, q)
        return ratio(self.current.value(key), self.earlier.value(key))


@dataclass(frozen=True, slots=True)
class Buckets:
    """The buckets that columns are over, as instants and flags of equal length.

    An earlier period is lined up with the current one: where a bucket has no counterpart, all are None.
    `places` holds each one's row in what was read; None: the rows are the buckets.
    """

    start: Sequence[datetime | None]
    end: Sequence[datetime | None]
    complete: Sequence[bool | None]
    places: Sequence[int | None] | None = None

    def rows(self) -> Sequence[int | None]:
        """Each bucket's row in what was read."""
        return range(len(self.start)) if self.places is None else self.places

    def lined_up(self, column: Sequence[T]) -> Sequence[T | None]:
        """What was read, one item for each bucket."""
        if self.places is None:
            return column
        return [None if place is None else column[place] for place in self.places]


@dataclass(frozen=True, slots=True)
class AggregateColumns:
    """The measures of all buckets of one series, as columns of equal length.

    Without `fill`, empty buckets hold 0 counts and None else. `shown` says which buckets NONE keeps.
    """

    buckets: Buckets
    values: Columns
    fill: Fill | None = None
    has_data: Sequence[bool] = ()
    shown: Sequence[bool] = ()

    @property
    def start(self) -> Sequence[datetime | None]:
        return self._kept(self.buckets.start)

    @property
    def end(self) -> Sequence[datetime | None]:
        return self._kept(self.buckets.end)

    @property
    def complete(self) -> Sequence[bool | None]:
        return self._kept(self.buckets.complete)

    @property
    def count(self) -> Column:
        return self.column(COUNT)

    @property
    def error_count(self) -> Column:
        return self.column(ERRORS)

    @property
    def unique_users(self) -> Column:
        return self.column(USERS)

    @property
    def error_rate(self) -> Column:
        return self._rates(error_rate)

    @property
    def success_rate(self) -> Column:
        return self._rates(success_rate)

    def column(self, key: MeasureKey) -> Column:
        """One measure, filled, exact sums as the nearest floats."""
        column = self._filled(self.values.values[key])
        if key.kind not in _EXACT:
            return column
        return [float(value) if type(value) is Decimal else value for value in column]

    def each(self, shown: Callable[[Aggregates], T]) -> Sequence[T | None]:
        """Something made of each bucket's measures; None where an earlier bucket has no counterpart."""
        rows = self.buckets.rows()
        return self._kept(
            [None if row is None else shown(Aggregates(self.values, row)) for row in rows]
        )

    def _rates(self, rate: Callable[[Value, Value], float | None]) -> Column:
        counts, errors = self.values.values[COUNT], self.values.values[ERRORS]
        return self._filled([rate(*pair) for pair in zip(counts, errors, strict=True)])

    def _filled(self, read: Column) -> Column:
        column = self.buckets.lined_up(read)
        if self.fill is None or self.fill is Fill.NONE:
            return self._kept(column)
        return fill_column(column, self.fill, self.has_data)

    def _kept(self, column: Sequence[T]) -> Sequence[T]:
        return column if self.fill is not Fill.NONE else kept(column, self.fill, self.shown)
