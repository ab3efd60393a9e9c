"""The shape of an event on the wire, and fast decoders for many at once.

Structs of msgspec take the place of dataclasses here and in `domain.events`: they are made in C,
a hundred thousand a second.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from math import isfinite
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from domain.event_ids import MAX_CLIENT_ID
from domain.event_numbers import exact

MAX_TEXT = 500
MAX_ERROR_MESSAGE = 10_000
MAX_STATUS_CODE = 999
MAX_EVENT_BYTES = 128 * 1024
MAX_PROPERTIES_BYTES = 64 * 1024
MAX_DEPTH = 10

Text = Annotated[str, Meta(max_length=MAX_TEXT)]


class Wire(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """One event as sent. What the types cannot say (NUL, currency, limits of numbers) comes after."""

    type: str
    occurred_at: Annotated[datetime, Meta(tz=True)]
    id: Annotated[str, Meta(min_length=1, max_length=MAX_CLIENT_ID)] | None = None
    source: Text | None = None
    user_id: Text | None = None
    device_id: Text | None = None
    session_id: Text | None = None
    correlation_id: Text | None = None
    duration_ms: Decimal | None = None
    status_code: Annotated[int, Meta(ge=0, le=MAX_STATUS_CODE)] | None = None
    error_message: Annotated[str, Meta(max_length=MAX_ERROR_MESSAGE)] | None = None
    provider: Text | None = None
    value: Decimal | None = None
    currency: str | None = None
    cost: Decimal | None = None
    properties: dict[str, Any] | None = None


FIELDS: tuple[str, ...] = tuple(field.encode_name for field in msgspec.structs.fields(Wire))
"""The names that an event may have, as they are sent."""

_ARRAY = msgspec.json.Decoder(list[Wire], float_hook=exact)
_ONE = msgspec.json.Decoder(Wire, float_hook=exact)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def decode_array(body: bytes) -> list[Wire] | None:
    """Every event of a JSON array; None where any of them (or the array) has a fault."""
    try:
        return _ARRAY.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def decode_lines(body: bytes) -> list[Wire] | None:
    """Every event of lines of JSON; None where any of them has a fault."""
    try:
        return _ONE.decode_lines(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def decode_one(body: bytes) -> Wire | None:
    """One event; None where it has a fault."""
    try:
        return _ONE.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def encode_wire(wire: Wire) -> bytes:
    """The JSON of a decoded event; equal to what was sent but for spelling."""
    return _ENCODER.encode(wire)


def encode_mapping(event: Mapping[str, Any]) -> bytes:
    """The JSON of an event that came as values.

    Numbers that are not finite and halves of surrogate pairs go through as they are, for the parser
    to refuse them by name.
    """
    spelled = _with_every_number(event)
    try:
        return _ENCODER.encode(spelled)
    except UnicodeEncodeError:
        return json.dumps(spelled, default=str).encode()


def _with_every_number(value: Any) -> Any:
    """The value with NaN and the infinities as Decimals: the encoder would write floats as null."""
    if isinstance(value, float) and not isfinite(value):
        return Decimal(value)
    if isinstance(value, Mapping):
        return {name: _with_every_number(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_with_every_number(inner) for inner in value]
    return value
