"""Raw events, page by page."""

from datetime import datetime
from decimal import Decimal

import strawberry

from graph.scalars import JSON
from graph.types.meta import Meta


@strawberry.type(description="One event as it was sent.")
class Event:
    id: strawberry.ID = strawberry.field(description="The sender's id, or the one it was given.")
    event_type: str = strawberry.field(description="Its type.")
    occurred_at: datetime = strawberry.field(description="When it happened.")
    received_at: datetime = strawberry.field(description="When it was accepted.")
    source: str | None = strawberry.field(description="The service that sent it.")
    user_id: strawberry.ID | None = strawberry.field(description="Whose doing it was.")
    device_id: strawberry.ID | None = strawberry.field(description="The device.")
    session_id: strawberry.ID | None = strawberry.field(description="The session.")
    correlation_id: str = strawberry.field(description="What joins it to other events and logs.")
    duration_ms: Decimal | None = strawberry.field(description="How long it took, in ms.")
    status_code: int | None = strawberry.field(description="HTTP status code.")
    error_message: str | None = strawberry.field(description="What went wrong.")
    is_error: bool = strawberry.field(
        description="Whether it has a status of 400 or more, or an error message."
    )
    provider: str | None = strawberry.field(description="The outside provider.")
    value: Decimal | None = strawberry.field(description="The amount, in the event's currency.")
    currency: str | None = strawberry.field(description="ISO 4217 code of the amount.")
    cost: Decimal | None = strawberry.field(description="What it cost, in US dollars.")
    properties: JSON | None = strawberry.field(description="Everything else that was sent.")


@strawberry.type(description="One event and where it stands in the list.")
class EventEdge:
    cursor: str = strawberry.field(description="Pass it as `after` to go on from here.")
    node: Event = strawberry.field(description="The event.")


@strawberry.type(description="Where a page ends.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether there is more.")
    end_cursor: str | None = strawberry.field(
        description="Pass it as `after` for the next page; null on an empty page."
    )


@strawberry.type(description="One page of raw events, the newest first.")
class EventConnection:
    edges: list[EventEdge] = strawberry.field(description="The events with their cursors.")
    nodes: list[Event] = strawberry.field(description="The events alone.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")
    meta: Meta = strawberry.field(description="How good the answer is.")
