"""What mutations take and give back."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import strawberry
from strawberry.utils.str_converters import to_camel_case

from graph.scalars import JSON, Long, Number


@strawberry.input(
    description="One event. Values are checked event by event: a wrong one is rejected alone."
)
class EventInput:
    id: strawberry.ID | None = strawberry.field(
        default=None,
        description="A UUID or 1 to 200 characters; the same id is counted once at any age.",
    )
    type: str | None = strawberry.field(
        default=None, description="An event type of the catalogue; required."
    )
    occurred_at: str | None = strawberry.field(
        default=None, description="RFC 3339 with an offset; required."
    )
    source: str | None = strawberry.field(default=None, description="The service that sends it.")
    user_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose doing it was."
    )
    device_id: strawberry.ID | None = strawberry.field(default=None, description="The device.")
    session_id: strawberry.ID | None = strawberry.field(default=None, description="The session.")
    correlation_id: str | None = strawberry.field(
        default=None, description="What joins it to other events; the request's own without one."
    )
    duration_ms: Number | None = strawberry.field(
        default=None, description="How long it took, in ms."
    )
    status_code: Number | None = strawberry.field(default=None, description="HTTP status code.")
    error_message: str | None = strawberry.field(default=None, description="What went wrong.")
    provider: str | None = strawberry.field(default=None, description="The outside provider.")
    value: Number | None = strawberry.field(
        default=None, description="An amount, in the event's currency."
    )
    currency: str | None = strawberry.field(
        default=None, description="ISO 4217 code of the amount."
    )
    cost: Number | None = strawberry.field(default=None, description="What it cost, in US dollars.")
    properties: JSON | None = strawberry.field(
        default=None, description="Anything else, as a JSON object."
    )

    def as_sent(self) -> dict[str, Any]:
        """The given fields by the names that events have on the wire."""
        given = ((name, getattr(self, attribute)) for attribute, name in _WIRE_NAMES.items())
        return {name: value for name, value in given if value is not None}


_WIRE_NAMES: Mapping[str, str] = {
    field.name: to_camel_case(field.name) for field in dataclasses.fields(EventInput)
}


@strawberry.input(description="Events to record.")
class RecordEventsInput:
    events: list[EventInput] = strawberry.field(
        description="At most as many as viewer.limits says."
    )


@strawberry.type(description="An event that was not accepted; it is kept in the dead letters.")
class Rejection:
    index: int = strawberry.field(description="Its place in the request, from 0.")
    code: str = strawberry.field(description="A stable code.")
    message: str = strawberry.field(description="What is wrong, for people.")
    field: str | None = strawberry.field(description="Which field is wrong, where it is one.")


@strawberry.type(description="What became of recorded events. All accepted ones are committed.")
class IngestReceipt:
    accepted: int = strawberry.field(description="Events that are new and now counted.")
    duplicates: int = strawberry.field(description="Events that were already there.")
    rejected: list[Rejection] = strawberry.field(description="Events that were not accepted.")


@strawberry.input(description="What to roll up.")
class AggregateInput:
    seal: bool = strawberry.field(
        default=True, description="Whether to sum finished buckets up into coarser grains as well."
    )


@strawberry.type(description="A problem of an input that a user can mend.")
class UserError:
    field: list[str] | None = strawberry.field(description="The path to the input's field.")
    code: str = strawberry.field(description="A stable code.")
    message: str = strawberry.field(description="What is wrong, for people.")


@strawberry.type(description="What was rolled up.")
class AggregatePayload:
    batches: int = strawberry.field(description="Batches that the rollups now hold.")
    events: Long = strawberry.field(description="Events of those batches.")
    sealed: int = strawberry.field(description="Grains that were sealed further.")
    user_errors: list[UserError] = strawberry.field(description="Problems of the input; or empty.")
