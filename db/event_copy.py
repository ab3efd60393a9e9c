"""Rows of analytics_events as lines of COPY's text format."""

from collections.abc import Sequence
from datetime import datetime

from domain.events import Event

COLUMNS = (
    "batch_id",
    "received_at",
    "raw_days",
    "id",
    "client_id",
    "event_type",
    "occurred_at",
    "source",
    "user_id",
    "device_id",
    "session_id",
    "correlation_id",
    "duration_ms",
    "status_code",
    "error_message",
    "provider",
    "value",
    "currency",
    "cost",
    "properties",
)

_NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_lines(
    events: Sequence[Event], batch_id: int, received_at: datetime, raw_days: int
) -> bytes:
    """The lines of one batch; `raw_days` is for events whose type names no retention."""
    head = f"{batch_id}\t{received_at.isoformat()}\t"
    return "".join([_line(head, event, raw_days) for event in events]).encode()


def _line(head: str, event: Event, raw_days: int) -> str:
    days = raw_days if event.raw_days is None else event.raw_days
    fields = _fields(event)
    if event.is_plain:
        row = "\t".join([_NULL if field is None else field for field in fields])
    else:
        row = "\t".join([_NULL if field is None else field.translate(_ESCAPES) for field in fields])
    return f"{head}{days}\t{row}\n"


def _fields(event: Event) -> tuple[str | None, ...]:
    return (
        event.id,
        event.client_id,
        event.event_type,
        event.occurred_at.isoformat(),
        event.source,
        event.user_id,
        event.device_id,
        event.session_id,
        event.correlation_id,
        event.duration_ms,
        None if event.status_code is None else str(event.status_code),
        event.error_message,
        event.provider,
        event.value,
        event.currency,
        event.cost,
        event.properties,
    )
