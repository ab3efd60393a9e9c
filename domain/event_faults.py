"""What is wrong with one event that the fast decoder turned away, said so that its sender can mend it."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from domain.errors import InvalidInput
from domain.event_ids import MAX_CLIENT_ID
from domain.event_numbers import exact, storable, why_not_storable
from domain.event_wire import (
    FIELDS,
    MAX_DEPTH,
    MAX_ERROR_MESSAGE,
    MAX_STATUS_CODE,
    MAX_TEXT,
)

_SURROGATE = re.compile("[\ud800-\udfff]").search
_REQUIRED = ("type", "occurredAt")
_TEXT_LIMITS: Mapping[str, int] = {
    "type": MAX_TEXT,
    "source": MAX_TEXT,
    "userId": MAX_TEXT,
    "deviceId": MAX_TEXT,
    "sessionId": MAX_TEXT,
    "correlationId": MAX_TEXT,
    "errorMessage": MAX_ERROR_MESSAGE,
    "provider": MAX_TEXT,
    "currency": MAX_TEXT,
}


def fault(code: str, message: str, field: str | None = None) -> InvalidInput:
    """A refusal of one event."""
    return InvalidInput(message, code=code, field=field)


def unreadable() -> InvalidInput:
    """For an event that cannot be decoded though nothing is found wrong with it."""
    return fault("INVALID_EVENT", "The event could not be read.")


def fault_of(body: bytes) -> InvalidInput | None:
    """The first thing wrong with an event by itself, without its catalogue entry; None where fine."""
    try:
        _inspect(body)
    except InvalidInput as found:
        return found
    return None


def _inspect(body: bytes) -> None:
    event = _loaded(body)
    if not isinstance(event, dict):
        raise fault("NOT_AN_OBJECT", "An event must be a JSON object.")
    for name in event:
        if name not in FIELDS:
            raise fault(
                "UNKNOWN_FIELD", f"Unknown field {name!r}. Valid: {', '.join(FIELDS)}.", name
            )
    for name in _REQUIRED:
        if event.get(name) is None:
            raise fault("MISSING_FIELD", f"{name} is required.", name)
    for name, value in event.items():
        if value is not None:
            _CHECKS[name](name, value)


def _loaded(body: bytes) -> Any:
    """The event with every number as a Decimal, the three that JSON does not know included."""
    try:
        return json.loads(
            body.decode(), parse_float=Decimal, parse_int=Decimal, parse_constant=Decimal
        )
    except UnicodeDecodeError as problem:
        raise fault("INVALID_TEXT", f"Not valid UTF-8 at byte {problem.start}.") from None
    except json.JSONDecodeError as problem:
        raise fault(
            "MALFORMED_JSON", f"Not valid JSON: {problem.msg} at character {problem.pos}."
        ) from None
    except RecursionError:
        raise fault("TOO_DEEP", f"Nested more than {MAX_DEPTH} levels deep.") from None


def _check_text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise fault("WRONG_TYPE", f"{name} must be a text.", name)
    _check_characters(name, value)
    if len(value) > _TEXT_LIMITS[name]:
        raise fault(
            "TOO_LONG",
            f"{name} has {len(value):,} characters; at most {_TEXT_LIMITS[name]:,} fit.",
            name,
        )


def _check_id(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise fault("WRONG_TYPE", f"{name} must be a text.", name)
    _check_characters(name, value)
    if not 1 <= len(value) <= MAX_CLIENT_ID:
        raise fault("INVALID_VALUE", f"{name} must have 1 to {MAX_CLIENT_ID} characters.", name)


def _check_time(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise fault("WRONG_TYPE", f"{name} must be a text in RFC 3339.", name)
    try:
        found = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        found = None
    if found is None or found.tzinfo is None:
        raise fault(
            "INVALID_TIME",
            f"{name} must be RFC 3339 with an offset, as 2026-01-31T12:00:00Z.",
            name,
        )


def _check_status(name: str, value: Any) -> None:
    whole = isinstance(value, Decimal) and value.is_finite() and str(value).lstrip("-").isdigit()
    if not whole:
        raise fault("WRONG_TYPE", f"{name} must be an integer.", name)
    if not 0 <= value <= MAX_STATUS_CODE:
        raise fault("OUT_OF_RANGE", f"{name} must be from 0 to {MAX_STATUS_CODE}.", name)


def _check_number(name: str, value: Any) -> None:
    try:
        number = Decimal(value) if isinstance(value, str) else value
    except InvalidOperation:
        number = None
    if not isinstance(number, Decimal):
        raise fault("WRONG_TYPE", f"{name} must be a number.", name)
    if storable(number) is None:
        code, reason = why_not_storable(number)
        raise fault(code, f"{name}: {reason}", name)


def _check_properties(name: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise fault("WRONG_TYPE", f"{name} must be an object.", name)
    for path, leaf in _leaves(value, name):
        if isinstance(leaf, str):
            _check_characters(path, leaf)
        elif isinstance(leaf, Decimal):
            _check_property_number(path, leaf)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Texts (keys too), numbers and the rest, each with the path of what holds it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield path, key
            yield from _leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, path)
    else:
        yield path, value


def _check_property_number(path: str, number: Decimal) -> None:
    if not number.is_finite():
        raise fault("NOT_FINITE", f"{path}: {number} is not a finite number.", path)
    try:
        exact(str(number))
    except ValueError as problem:
        raise fault("OUT_OF_RANGE", f"{path}: {problem}", path) from None


def _check_characters(name: str, text: str) -> None:
    if "\0" in text:
        raise fault("NUL_CHARACTER", f"{name} holds a NUL character.", name)
    if _SURROGATE(text):
        shown = name.encode("utf-8", "replace").decode()
        raise fault("INVALID_TEXT", f"{shown} holds half a surrogate pair.", shown)


_CHECKS: Mapping[str, Callable[[str, Any], None]] = {
    **dict.fromkeys(_TEXT_LIMITS, _check_text),
    "id": _check_id,
    "occurredAt": _check_time,
    "durationMs": _check_number,
    "statusCode": _check_status,
    "value": _check_number,
    "cost": _check_number,
    "properties": _check_properties,
}
