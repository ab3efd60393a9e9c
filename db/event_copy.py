"""Rows of analytics_events as lines for COPY, most of them made by the JSON encoder: it is written in C."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

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

ESCAPE = "\\"
NULL = "null"
"""COPY's options for the lines, in format csv: JSON's null is its null, JSON's quotes and \\" its own."""

_ENCODER = msgspec.json.Encoder()

_Row = tuple[int | str | datetime | None, ...]


def copy_lines(
    events: Sequence[Event], batch_id: int, received_at: datetime, raw_days: int
) -> bytes:
    """The lines of one batch; `raw_days` is for events whose type names no retention."""
    received = received_at.isoformat()
    rows = [_row(each, batch_id, received, raw_days) for each in events]
    plain = [row for row, each in zip(rows, events, strict=True) if each.is_plain]
    others = [row for row, each in zip(rows, events, strict=True) if not each.is_plain]
    return _lines_of_json(plain) + "".join(map(_line, others)).encode()


def _lines_of_json(rows: Sequence[_Row]) -> bytes:
    """Rows as JSON arrays, without their brackets.

    JSON's other escapes mean nothing to COPY, and only texts with control characters have them. A line
    break is never inside an array, so that what is around it are the brackets.
    """
    if not rows:
        return b""
    return _ENCODER.encode_lines(rows).replace(b"]\n[", b"\n")[1:-2] + b"\n"


def _line(row: _Row) -> str:
    return ",".join(map(_field, row)) + "\n"


def _field(value: int | str | datetime | None) -> str:
    if value is None:
        return "null"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _row(event: Event, batch_id: int, received_at: str, raw_days: int) -> _Row:
    return (
        batch_id,
        received_at,
        raw_days if event.raw_days is None else event.raw_days,
        event.id,
        event.client_id,
        event.event_type,
        event.occurred_at,
        event.source,
        event.user_id,
        event.device_id,
        event.session_id,
        event.correlation_id,
        event.duration_ms,
        event.status_code,
        event.error_message,
        event.provider,
        event.value,
        event.currency,
        event.cost,
        event.properties,
    )
