"""What one user did in all."""

from datetime import datetime

import strawberry

from domain.user_totals import UserTotals
from graph.fields import computed
from graph.scalars import Long

Root = strawberry.Parent[UserTotals]


@strawberry.type(description="A user's events of one type.")
class UserEvents:
    event_type: str = strawberry.field(description="The type.")
    count: Long = strawberry.field(description="Events.")
    errors: Long = strawberry.field(
        description="Events with a status of 400 or more, or with an error message."
    )
    average_duration_ms: float | None = strawberry.field(
        description="The mean duration of those that have one, in ms."
    )
    first_at: datetime = strawberry.field(description="When the first occurred.")
    last_at: datetime = strawberry.field(description="When the last occurred.")


@strawberry.type(
    description="What one user did in all: exact, as soon as acknowledged, however long ago. It counts"
    " the event types that you may see."
)
class UserAnalytics:
    user_id: strawberry.ID = strawberry.field(description="The user.")
    events: Long = strawberry.field(name="totalEvents", description="Events of all types.")
    errors: Long = strawberry.field(
        name="totalErrors",
        description="Events with a status of 400 or more, or with an error message.",
    )
    average_duration_ms: float | None = strawberry.field(
        name="averageResponseTimeMs",
        description="The mean duration of the events that have one, in ms; null where none has.",
    )
    first_at: datetime = strawberry.field(
        name="firstActivity", description="When the first event occurred."
    )
    last_at: datetime = strawberry.field(
        name="lastActivity", description="When the last event occurred."
    )
    by_type: list[UserEvents] = strawberry.field(
        name="eventsByType", description="Per type, the most first."
    )
    as_of: datetime = strawberry.field(
        description="The totals count every event acknowledged before."
    )
    served_by: list[str] = strawberry.field(
        description="What answered: user_totals, tail (not rolled up yet)."
    )

    @computed("Events of the type enrollment.", Long)
    def total_enrollments(root: Root) -> object:
        return root.count_of("enrollment")

    @computed("Events of the type proof_lock.", Long)
    def total_proof_locks(root: Root) -> object:
        return root.count_of("proof_lock")

    @computed("Events of the type query.", Long)
    def total_queries(root: Root) -> object:
        return root.count_of("query")
