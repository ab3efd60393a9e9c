"""A question to the read path as a value, and the shape of its answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

MeasureKind = Literal["count", "error_count", "users", "n", "sum", "min", "max", "avg", "quantile"]

GroupKey = tuple[str | None, ...]
"""The values of the group-by dimensions, in the order asked; None is an event without the attribute."""

Value = int | float | Decimal | None


@dataclass(frozen=True, slots=True)
class MeasureKey:
    """One number to compute. `of` names a catalogue measure; `q` in [0, 1] belongs to `quantile` alone.

    `count`, `error_count` and `users` take no `of`. `n` counts the events that have the measure.
    """

    kind: MeasureKind
    of: str | None = None
    q: float | None = None


COUNT = MeasureKey("count")
ERRORS = MeasureKey("error_count")
USERS = MeasureKey("users")


@dataclass(frozen=True, slots=True)
class Interval:
    """A half-open span of instants, [start, end), both aware and in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on dimensions. Exactly one of the forms is set; `isin` with None inside matches null.

    `all_of`/`any_of` empty tuples mean "not this form"; the tree is never empty.
    """

    dimension: str | None = None
    isin: tuple[str | None, ...] = ()
    all_of: tuple["Filter", ...] = ()
    any_of: tuple["Filter", ...] = ()
    negated: "Filter | None" = None

    def dimensions(self) -> frozenset[str]:
        """Every dimension that the condition names."""
        own = frozenset({self.dimension}) if self.dimension is not None else frozenset()
        parts = (*self.all_of, *self.any_of, *((self.negated,) if self.negated else ()))
        return own.union(*(part.dimensions() for part in parts))


@dataclass(frozen=True, slots=True)
class Top:
    """Keep the `n` groups with the most (or least) of `by`; the rest is one row, `Frame.other`."""

    n: int
    by: MeasureKey = COUNT
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Read:
    """One question. `edges` (at least two instants, rising) cut `[edges[0], edges[-1])` into buckets.

    A total is a read with two edges. `top` needs a single bucket. `smallest`: of a single bucket, groups of
    fewer users (fewer events, where none has a user) are part of the rest; it needs COUNT and USERS.
    """

    event_type: str
    edges: tuple[datetime, ...]
    measures: frozenset[MeasureKey]
    group_by: tuple[str, ...] = ()
    filter: Filter | None = None
    top: Top | None = None
    smallest: int = 1

    @property
    def interval(self) -> Interval:
        """What the read covers."""
        return Interval(self.edges[0], self.edges[-1])


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its bounds; `exact` where lower = value = upper by construction."""

    value: float
    lower: float
    upper: float
    exact: bool


@dataclass(frozen=True, slots=True)
class Warning:
    """Something the reader of a number should know: a stable code and a sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Columns:
    """One list per measure, as long as the read has buckets. Empty buckets hold 0 counts and None else."""

    values: Mapping[MeasureKey, list[Value]]
    estimates: Mapping[MeasureKey, list[Estimate | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Frame:
    """The answer to one read, from one snapshot.

    `groups` keeps the order of `Read.top` (or of the keys). Sums, min and max of money are exact Decimals,
    as are all sums; averages and quantiles are floats. `other` is None unless `top` left groups out.
    `served_by` names sources: `rollup:day`, `rollup:quarter_hour`, `tail`, `raw`.
    """

    groups: Mapping[GroupKey, Columns]
    other: Columns | None
    total_groups: int
    as_of: datetime
    served_by: tuple[str, ...]
    warnings: tuple[Warning, ...] = ()
