"""What questions take: ranges, comparisons, filters, orders."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

import strawberry

from domain import comparison, ranges
from domain.errors import InvalidInput
from domain.questions import Filter, MeasureKey, MeasureKind
from graph.scalars import Duration
from resolvers.windows import Compare


@strawberry.input(description="A half-open span of time, from ≤ t < to.")
class IntervalInput:
    start: datetime = strawberry.field(name="from", description="The first instant of it.")
    end: datetime = strawberry.field(name="to", description="The first instant after it.")


@strawberry.enum(description="Ranges by name, in the question's time zone.")
class RangePreset(Enum):
    TODAY = strawberry.enum_value("TODAY", description="Since midnight.")
    YESTERDAY = strawberry.enum_value("YESTERDAY", description="The whole day before today.")
    THIS_WEEK = strawberry.enum_value("THIS_WEEK", description="Since the week's first midnight.")
    LAST_7_DAYS = strawberry.enum_value("LAST_7_DAYS", description="Today and the 6 days before.")
    THIS_MONTH = strawberry.enum_value("THIS_MONTH", description="Since the first of the month.")
    LAST_MONTH = strawberry.enum_value("LAST_MONTH", description="The whole month before.")
    LAST_30_DAYS = strawberry.enum_value("LAST_30_DAYS", description="Today and 29 days before.")
    LAST_90_DAYS = strawberry.enum_value("LAST_90_DAYS", description="Today and 89 days before.")
    THIS_YEAR = strawberry.enum_value("THIS_YEAR", description="Since the first of January.")


@strawberry.input(description="A span of time, in exactly one of three ways.", one_of=True)
class RangeInput:
    between: IntervalInput | None = strawberry.field(
        default=strawberry.UNSET, description="Two instants."
    )
    last: Duration | None = strawberry.field(
        default=strawberry.UNSET, description="A length of time up to now."
    )
    preset: RangePreset | None = strawberry.field(
        default=strawberry.UNSET, description="A range by name."
    )

    def spec(self) -> ranges.RangeSpec:
        """The range as the rules take it."""
        if self.between:
            return ranges.Between(self.between.start, self.between.end)
        if self.last:
            return ranges.last(self.last, field="range.last")
        assert self.preset
        return ranges.preset(self.preset.name, field="range.preset")


@strawberry.enum(description="The length of buckets.")
class Granularity(Enum):
    AUTO = strawberry.enum_value("AUTO", description="The finest that keeps to maxPoints.")
    QUARTER_HOUR = strawberry.enum_value("QUARTER_HOUR", description="15 minutes.")
    HOUR = strawberry.enum_value("HOUR", description="Hours of the time zone.")
    DAY = strawberry.enum_value("DAY", description="Days of the time zone, of 23 to 25 hours.")
    WEEK = strawberry.enum_value("WEEK", description="Weeks, from the configured first day.")
    MONTH = strawberry.enum_value("MONTH", description="Calendar months.")


@strawberry.enum(description="What columns hold where a bucket has no events.")
class Fill(Enum):
    NONE = strawberry.enum_value("NONE", description="Such buckets are left out.")
    NULL = strawberry.enum_value("NULL", description="null.")
    ZERO = strawberry.enum_value("ZERO", description="0.")
    PREVIOUS = strawberry.enum_value("PREVIOUS", description="The last value before.")
    LINEAR = strawberry.enum_value("LINEAR", description="A straight line between neighbours.")


@strawberry.enum(description="What a range is compared to.")
class ComparePeriod(Enum):
    PREVIOUS_PERIOD = strawberry.enum_value(
        "PREVIOUS_PERIOD", description="The range of the same length just before."
    )
    PREVIOUS_YEAR = strawberry.enum_value(
        "PREVIOUS_YEAR", description="The same range a year before."
    )


@strawberry.enum(description="How the two ranges are laid beside each other.")
class CompareAlignment(Enum):
    CALENDAR = strawberry.enum_value("CALENDAR", description="By date: day 3 to day 3.")
    WEEKDAY = strawberry.enum_value("WEEKDAY", description="By weekday: Mondays to Mondays.")
    ELAPSED = strawberry.enum_value("ELAPSED", description="By time since the range began.")


@strawberry.input(description="What to compare a range to.")
class CompareInput:
    period: ComparePeriod = strawberry.field(
        default=ComparePeriod.PREVIOUS_PERIOD, description="Which range."
    )
    alignment: CompareAlignment = strawberry.field(
        default=CompareAlignment.CALENDAR, description="How it is laid beside."
    )

    def compare(self) -> Compare:
        """The comparison as the rules take it."""
        return Compare(
            comparison.ComparePeriod[self.period.name],
            comparison.CompareAlignment[self.alignment.name],
        )


@strawberry.input(
    description="A condition over dimensions: a tree of and, or, not; each node has exactly one form."
)
class FilterInput:
    all_of: list["FilterInput"] | None = strawberry.field(
        name="and", default=None, description="All of these hold."
    )
    any_of: list["FilterInput"] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    negated: "FilterInput | None" = strawberry.field(
        name="not", default=None, description="This does not hold."
    )
    dimension: str | None = strawberry.field(
        default=None, description="A dimension of the event type; goes with eq, in or isNull."
    )
    eq: str | None = strawberry.field(default=None, description="The dimension has this value.")
    isin: list[str] | None = strawberry.field(
        name="in", default=None, description="The dimension has one of these values."
    )
    is_null: bool | None = strawberry.field(
        default=None, description="The event does not have the dimension (true) or has it (false)."
    )

    def tree(self) -> Filter:
        """The condition as the rules take it; what it names is checked against the catalogue later."""
        values = self._values()
        condition = Filter(
            dimension=self.dimension,
            isin=values or (),
            all_of=tuple(part.tree() for part in self.all_of or ()),
            any_of=tuple(part.tree() for part in self.any_of or ()),
            negated=self.negated.tree() if self.negated else None,
        )
        return Filter(negated=condition) if self.is_null is False else condition

    def _values(self) -> tuple[str | None, ...] | None:
        given: list[tuple[str | None, ...]] = []
        if self.eq is not None:
            given.append((self.eq,))
        if self.isin is not None:
            given.append(tuple(self.isin))
        if self.is_null is not None:
            given.append((None,))
        if len(given) > 1:
            raise InvalidInput(
                "A condition on a dimension takes exactly one of eq, in and isNull.",
                code="INVALID_FILTER",
                field="filter",
            )
        return given[0] if given else None


@strawberry.enum(description="What groups are ordered by.")
class OrderMeasure(Enum):
    COUNT = strawberry.enum_value("COUNT", description="Events.")
    ERROR_COUNT = strawberry.enum_value("ERROR_COUNT", description="Errors.")
    UNIQUE_USERS = strawberry.enum_value("UNIQUE_USERS", description="Distinct users.")
    SUM = strawberry.enum_value("SUM", description="The sum of a measure.")
    AVG = strawberry.enum_value("AVG", description="The mean of a measure.")
    MIN = strawberry.enum_value("MIN", description="The least value of a measure.")
    MAX = strawberry.enum_value("MAX", description="The greatest value of a measure.")
    QUANTILE = strawberry.enum_value("QUANTILE", description="A quantile of a measure.")


_ORDER_KINDS: Mapping[OrderMeasure, MeasureKind] = {
    OrderMeasure.COUNT: "count",
    OrderMeasure.ERROR_COUNT: "error_count",
    OrderMeasure.UNIQUE_USERS: "users",
    OrderMeasure.SUM: "sum",
    OrderMeasure.AVG: "avg",
    OrderMeasure.MIN: "min",
    OrderMeasure.MAX: "max",
    OrderMeasure.QUANTILE: "quantile",
}
_PLAIN = (OrderMeasure.COUNT, OrderMeasure.ERROR_COUNT, OrderMeasure.UNIQUE_USERS)


@strawberry.enum(description="Which end of an order comes first.")
class Direction(Enum):
    DESC = strawberry.enum_value("DESC", description="The greatest first.")
    ASC = strawberry.enum_value("ASC", description="The least first.")


@strawberry.input(description="How groups are ordered.")
class OrderInput:
    by: OrderMeasure = strawberry.field(default=OrderMeasure.COUNT, description="By what.")
    of: str | None = strawberry.field(
        default=None, description="The measure, for SUM, AVG, MIN, MAX and QUANTILE."
    )
    q: float | None = strawberry.field(
        default=None, description="Which quantile, 0 to 1, for QUANTILE."
    )
    direction: Direction = strawberry.field(
        default=Direction.DESC, description="Which end comes first."
    )

    def measure(self) -> MeasureKey:
        """The measure as the rules take it; its name is checked against the catalogue later."""
        takes_of, takes_q = self.by not in _PLAIN, self.by is OrderMeasure.QUANTILE
        if takes_of is (self.of is None) or takes_q is (self.q is None):
            raise InvalidInput(
                f"orderBy {self.by.name} takes {_taken(of=takes_of, q=takes_q)}.",
                code="INVALID_ORDER",
                field="orderBy",
            )
        return MeasureKey(_ORDER_KINDS[self.by], self.of, self.q)


def _taken(*, of: bool, q: bool) -> str:
    if not of:
        return "neither `of` nor `q`"
    return "`of` and `q`" if q else "`of` and no `q`"
