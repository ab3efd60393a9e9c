"""Answers to questions about any event type."""

from datetime import datetime

import strawberry

from graph.scalars import Long
from graph.types.aggregates import AggregateColumns, Aggregates, Ratios
from graph.types.meta import Meta


@strawberry.type(description="How many events of one type there are.")
class EventTypeCount:
    event_type: str = strawberry.field(description="The type's name.")
    count: Long = strawberry.field(description="Events of it.")


@strawberry.type(description="All events of a range, of the types that the caller may see.")
class Summary:
    total_events: Long = strawberry.field(description="Events.")
    unique_users: Long = strawberry.field(description="Distinct user ids; estimated when many.")
    events_by_type: list[EventTypeCount] = strawberry.field(
        description="Events by type, the most first; types without events are left out."
    )
    totals: Aggregates = strawberry.field(description="Measures over all of them.")
    previous: Aggregates | None = strawberry.field(
        description="The same over the range compared to; null without compareTo."
    )
    change: Ratios | None = strawberry.field(
        description="How many times previous the totals are; null without compareTo."
    )
    meta: Meta = strawberry.field(description="How good the answer is.")


@strawberry.type(description="The value of one dimension of a group.")
class DimensionValue:
    dimension: str = strawberry.field(description="The dimension's name.")
    value: str | None = strawberry.field(description="Its value; null for events without it.")


@strawberry.type(description="One bucket of a series.")
class Point:
    start: datetime = strawberry.field(description="Where the bucket starts.")
    end: datetime = strawberry.field(description="Where the bucket ends, itself outside.")
    complete: bool = strawberry.field(
        description="Whether the bucket is whole: inside of the range and over."
    )
    aggregates: Aggregates = strawberry.field(
        description="Its measures, as they are: fill applies to columns only."
    )


@strawberry.type(description="The buckets of one group.")
class Series:
    key: list[DimensionValue] = strawberry.field(
        description="The group's values in the order of groupBy; empty without groupBy."
    )
    columns: AggregateColumns = strawberry.field(description="Its measures, a column each.")
    points: list[Point] = strawberry.field(
        description="The same bucket by bucket; columns are much cheaper."
    )


@strawberry.type(description="Measures over time.")
class TimeSeries:
    series: list[Series] = strawberry.field(
        description="One per group, the largest first; exactly one without groupBy."
    )
    previous: list[Series] | None = strawberry.field(
        description="The same groups over the range compared to; null without compareTo."
    )
    meta: Meta = strawberry.field(description="How good the answer is.")


@strawberry.type(description="One group of a breakdown.")
class BreakdownRow:
    key: str | None = strawberry.field(
        description="The dimension's value; null for events without it."
    )
    aggregates: Aggregates = strawberry.field(description="The group's measures.")
    previous: Aggregates | None = strawberry.field(
        description="The same over the range compared to; null without compareTo."
    )
    change: Ratios | None = strawberry.field(
        description="How many times previous the measures are; null without compareTo."
    )


@strawberry.type(description="The largest groups by one dimension, and the rest.")
class Breakdown:
    rows: list[BreakdownRow] = strawberry.field(description="The first groups, in order.")
    other: Aggregates | None = strawberry.field(
        description="All other groups together; null where rows holds all of them."
    )
    total_groups: int = strawberry.field(description="How many groups there are.")
    meta: Meta = strawberry.field(description="How good the answer is.")
