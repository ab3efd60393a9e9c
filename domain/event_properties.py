"""The properties of an event: limits, and the attributes and numbers that its type declares."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from domain.errors import InvalidInput
from domain.event_numbers import MAX_WHOLE_DIGITS, storable, why_not_storable
from domain.event_wire import MAX_DEPTH, MAX_PROPERTIES_BYTES, MAX_TEXT

Path = tuple[str, ...]

_WHOLE = 10**MAX_WHOLE_DIGITS
_CANONICAL = msgspec.json.Encoder(order="sorted", decimal_format="number")


def canonical(properties: dict[str, Any]) -> bytes:
    """The one spelling of properties: keys sorted, no white space, equal numbers spelled alike."""
    text = _CANONICAL.encode(properties)
    if len(text) > MAX_PROPERTIES_BYTES:
        raise InvalidInput(
            f"properties take {len(text):,} bytes; at most {MAX_PROPERTIES_BYTES:,} are kept.",
            code="TOO_LARGE",
            field="properties",
        )
    if text.count(b"{") + text.count(b"[") > MAX_DEPTH:
        _check_depth(properties)
    return text


def value_at(properties: dict[str, Any], path: Path) -> Any:
    """What the path leads to; None where a step is missing or not an object."""
    found: Any = properties
    for name in path:
        found = found.get(name) if found.__class__ is dict else None
    return found


def check_attribute(properties: dict[str, Any], path: Path) -> None:
    """A declared dimension must be a scalar that spells at most 500 characters."""
    value = value_at(properties, path)
    if value is None or value.__class__ is bool:
        return
    if value.__class__ is str and len(value) <= MAX_TEXT:
        return
    field = _field(path)
    if value.__class__ is dict or value.__class__ is list:
        raise InvalidInput(
            f"{field} must be a text, number or boolean.", code="WRONG_TYPE", field=field
        )
    text = value if value.__class__ is str else str(value)
    if len(text) > MAX_TEXT:
        raise InvalidInput(
            f"{field} has {len(text):,} characters; at most {MAX_TEXT} fit.",
            code="TOO_LONG",
            field=field,
        )


def check_number(properties: dict[str, Any], path: Path) -> None:
    """A declared measure must be a JSON number within the limits of numbers."""
    value = value_at(properties, path)
    if value is None or (value.__class__ is int and -_WHOLE < value < _WHOLE):
        return
    field = _field(path)
    if value.__class__ is not int and value.__class__ is not Decimal:
        raise InvalidInput(f"{field} must be a number.", code="WRONG_TYPE", field=field)
    number = Decimal(value)
    if storable(number) is None:
        code, reason = why_not_storable(number)
        raise InvalidInput(f"{field}: {reason}", code=code, field=field)


def _check_depth(properties: dict[str, Any]) -> None:
    level: list[Any] = [properties]
    for _ in range(MAX_DEPTH):
        level = [inner for each in level for inner in _children(each)]
        if not level:
            return
    raise InvalidInput(
        f"properties are nested more than {MAX_DEPTH} levels deep.",
        code="TOO_DEEP",
        field="properties",
    )


def _children(value: Any) -> Iterator[Any]:
    inner = value.values() if isinstance(value, dict) else value
    return (each for each in inner if isinstance(each, dict | list))


def _field(path: Path) -> str:
    return ".".join(("properties", *path))
