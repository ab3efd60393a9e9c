"""Measures: computed only where they are selected."""

from decimal import Decimal
from typing import Annotated

import strawberry

from domain.questions import MeasureKey
from graph.fields import computed
from graph.scalars import BooleanColumn, DateTimeColumn, FloatColumn, Long
from resolvers import answers

Of = Annotated[
    str,
    strawberry.argument(description="A measure of the event type, by its catalogue name."),
]
Q = Annotated[float, strawberry.argument(description="Which quantile, 0 to 1: 0.5 is the median.")]
EstimateOf = Annotated[
    str, strawberry.argument(description="A measure of the event type, or uniqueUsers.")
]
EstimateQ = Annotated[
    float | None,
    strawberry.argument(description="Which quantile, 0 to 1; without it the measure's sum."),
]

One = strawberry.Parent[answers.Aggregates]
Both = strawberry.Parent[answers.Ratios]
Whole = strawberry.Parent[answers.AggregateColumns]


@strawberry.type(description="A number with the bounds that it is known to lie in.")
class Estimate:
    value: float = strawberry.field(description="The best single number.")
    lower: float = strawberry.field(description="The true number is at least this.")
    upper: float = strawberry.field(description="The true number is at most this.")
    exact: bool = strawberry.field(description="Whether the number is exact by construction.")


@strawberry.type(description="The measures of one total, group or bucket.")
class Aggregates:
    count: Long = strawberry.field(description="Events.")
    error_count: Long = strawberry.field(
        description="Events with a status of 400 or more, or with an error message."
    )
    error_rate: float | None = strawberry.field(
        description="Errors over events, 0 to 1; null without events."
    )
    success_rate: float | None = strawberry.field(
        description="Events that are no errors over events, 0 to 1; null without events."
    )
    unique_users: Long = strawberry.field(description="Distinct user ids; estimated when many.")

    @computed("The sum of a measure; null where no event has it.")
    def sum(root: One, of: Of) -> float | None:
        return root.number("sum", of)

    @computed("The sum of a measure to its last digit.")
    def sum_exact(root: One, of: Of) -> Decimal | None:
        return root.exact_sum(of)

    @computed("The mean of a measure; null where no event has it.")
    def avg(root: One, of: Of) -> float | None:
        return root.number("avg", of)

    @computed("The least value of a measure; null where no event has it.")
    def min(root: One, of: Of) -> float | None:
        return root.number("min", of)

    @computed("The greatest value of a measure; null where no event has it.")
    def max(root: One, of: Of) -> float | None:
        return root.number("max", of)

    @computed("A quantile of a measure, within 1 % of the true one.")
    def quantile(root: One, of: Of, q: Q) -> float | None:
        return root.number("quantile", of, q)

    @computed(
        "A number with its bounds: uniqueUsers, a quantile, or (exact) a sum.",
        Estimate | None,
    )
    def estimate(root: One, of: EstimateOf, q: EstimateQ = None) -> object:
        return root.estimate(of, q)


@strawberry.type(
    description="How many times its earlier value each measure is; null where that is 0 or unknown."
)
class Ratios:
    count: float | None = strawberry.field(description="Of events.")
    error_count: float | None = strawberry.field(description="Of errors.")
    error_rate: float | None = strawberry.field(description="Of the error rate.")
    success_rate: float | None = strawberry.field(description="Of the success rate.")
    unique_users: float | None = strawberry.field(description="Of distinct users.")

    @computed("Of the sum of a measure.")
    def sum(root: Both, of: Of) -> float | None:
        return root.number("sum", of)

    @computed("Of the mean of a measure.")
    def avg(root: Both, of: Of) -> float | None:
        return root.number("avg", of)

    @computed("Of the least value of a measure.")
    def min(root: Both, of: Of) -> float | None:
        return root.number("min", of)

    @computed("Of the greatest value of a measure.")
    def max(root: Both, of: Of) -> float | None:
        return root.number("max", of)

    @computed("Of a quantile of a measure.")
    def quantile(root: Both, of: Of, q: Q) -> float | None:
        return root.number("quantile", of, q)


@strawberry.type(description="The measures of all buckets of a series, a column each.")
class AggregateColumns:
    start: DateTimeColumn = strawberry.field(description="Where each bucket starts.")
    end: DateTimeColumn = strawberry.field(description="Where each bucket ends, itself outside.")
    complete: BooleanColumn = strawberry.field(
        description="Whether each bucket is whole: inside of the range and over."
    )
    count: FloatColumn = strawberry.field(description="Events.")
    error_count: FloatColumn = strawberry.field(
        description="Events with a status of 400 or more, or with an error message."
    )
    error_rate: FloatColumn = strawberry.field(description="Errors over events, 0 to 1.")
    success_rate: FloatColumn = strawberry.field(
        description="Events that are no errors over events, 0 to 1."
    )
    unique_users: FloatColumn = strawberry.field(description="Distinct user ids in each bucket.")

    @computed("The sum of a measure.", FloatColumn)
    def sum(root: Whole, of: Of) -> object:
        return root.column(MeasureKey("sum", of))

    @computed("The mean of a measure.", FloatColumn)
    def avg(root: Whole, of: Of) -> object:
        return root.column(MeasureKey("avg", of))

    @computed("The least value of a measure.", FloatColumn)
    def min(root: Whole, of: Of) -> object:
        return root.column(MeasureKey("min", of))

    @computed("The greatest value of a measure.", FloatColumn)
    def max(root: Whole, of: Of) -> object:
        return root.column(MeasureKey("max", of))

    @computed(
        "A quantile of a measure, within 1 % of the true one.",
        FloatColumn,
    )
    def quantile(root: Whole, of: Of, q: Q) -> object:
        return root.column(MeasureKey("quantile", of, q))
