"""What may be asked for."""

import strawberry


@strawberry.type(description="An attribute to group and filter by.")
class Dimension:
    name: str = strawberry.field(description="Its name in groupBy and filters.")
    source: str = strawberry.field(description="The event field or property it is read from.")
    description: str = strawberry.field(description="What it says.")


@strawberry.type(description="A number of an event.")
class Measure:
    name: str = strawberry.field(description="Its name for `of`.")
    source: str = strawberry.field(description="The event field or property it is read from.")
    unit: str = strawberry.field(description="Its unit.")
    description: str = strawberry.field(description="What it says.")
    money: bool = strawberry.field(
        description="Whether it is an amount in the event's currency: never added across currencies."
    )


@strawberry.type(description="One kind of event.")
class EventType:
    name: str = strawberry.field(description="Its name for eventType; * is every event.")
    description: str = strawberry.field(description="What one event of it is.")
    dimensions: list[Dimension] = strawberry.field(description="What to group and filter by.")
    measures: list[Measure] = strawberry.field(description="What to sum, average and so on.")
    rollups: list[list[str]] = strawberry.field(
        description="Sets of dimensions that are answered at any age; others need raw events."
    )
    raw_retention_days: int | None = strawberry.field(
        description="How many days raw events are kept from their receipt; null: for good."
    )
