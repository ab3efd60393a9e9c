"""An event's line of CSV for COPY, cut from the same JSON that its digest stands for.

JSON's null, its quotes and its `\\\\` and `\\"` mean the same to COPY (`NULL 'null'`, `ESCAPE '\\'`);
its other escapes mean nothing there, and only texts with control characters have them.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

COLUMNS = (
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
"""What a line holds, in order. All but the id are also the body of the digest, in that order."""

_MARK = b"\n"
REQUESTS_OWN = msgspec.Raw(_MARK)
"""Stands for a correlation id that the event does not bring; no JSON text holds a line break."""

_ENCODER = msgspec.json.Encoder()
_AROUND_ID = len('["",')

Value = str | int | datetime | msgspec.Raw | None


def encoded(values: Sequence[Value]) -> bytes:
    """The values of `COLUMNS` as a JSON array; properties are raw JSON."""
    return _ENCODER.encode(values)


def after_id(array: bytes, event_id: str) -> bytes:
    """What was sent but for the id, which an array begins with; no more than that."""
    return array[len(event_id) + _AROUND_ID :].replace(_MARK, b"null")


def plain_line(array: bytes, correlation: bytes, properties: bytes | None) -> bytes:
    """The line of an array without a backslash. `correlation` is the field of the request's own."""
    if properties is None:
        return array[1:-1].replace(_MARK, correlation)
    fields = array[1 : -1 - len(properties)].replace(_MARK, correlation)
    return fields + b'"' + properties.replace(b'"', b'\\"') + b'"'


def any_line(values: Sequence[Value], correlation: bytes) -> bytes:
    """The line of values with any texts."""
    return b",".join(correlation if each is REQUESTS_OWN else _field(each) for each in values)


def field_of(text: str) -> bytes:
    """A text as a field."""
    return b'"' + text.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _field(value: Value) -> bytes:
    if value is None:
        return b"null"
    return field_of(bytes(value).decode() if isinstance(value, msgspec.Raw) else str(value))
