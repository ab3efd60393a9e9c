"""Events: what was sent becomes an `Event`, or a `Rejection` with its reason."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from struct import Struct
from typing import Any

import msgspec

from domain.catalogue import PROPERTY_PREFIX, Catalogue, EventType
from domain.errors import InvalidInput, UnknownName
from domain.event_faults import fault, fault_of, unreadable
from domain.event_ids import canonical as canonical_id
from domain.event_lines import (
    REQUESTS_OWN,
    after_id,
    any_line,
    encoded,
    field_of,
    plain_line,
)
from domain.event_numbers import storable, why_not_storable
from domain.event_properties import Path, canonical, check_attribute, check_number
from domain.event_wire import MAX_EVENT_BYTES, MAX_TEXT, Wire, decode_one, encode_wire

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DEFAULT_AHEAD = timedelta(hours=24)

CONFLICT = "An event with this id and another body was accepted before."
UNSTORABLE = "The database cannot hold a value of this event."

_CURRENCY = re.compile(r"[A-Z]{3}").fullmatch
_DIGEST = blake2b(b"[", digest_size=8)
"""That of an array, for what follows its bracket to be added."""
_SIGNED = Struct(">q").unpack
_BACKSLASH = ord("\\")


class Event(msgspec.Struct, frozen=True, gc=False):
    """One valid event, ready to be stored.

    `id` is a UUID in lower case. `digest` identifies the body (signed, 64 bits). `raw_days` is the
    retention class, None where the type follows the setting. `line` is all that is stored of it, as
    `domain.event_lines` says.
    """

    id: str
    digest: int
    raw_days: int | None
    event_type: str
    occurred_at: datetime
    line: bytes


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why one event was not taken; `index` is its place in the request, from 0."""

    index: int
    code: str
    field: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a request: accepted + duplicates + rejected is how many events it had."""

    accepted: int
    duplicates: int
    rejected: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a request brings to each of its events. `mint` makes the id of an event without one."""

    now: datetime
    correlation_id: str
    mint: Callable[[], str]
    ahead: timedelta = DEFAULT_AHEAD
    latest: datetime = field(init=False)
    correlation: bytes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "latest", self.now + self.ahead)
        object.__setattr__(self, "correlation", field_of(self.correlation_id))


@dataclass(frozen=True, slots=True)
class TypeRules:
    """What the catalogue asks of the events of one type."""

    raw_days: int | None
    attributes: tuple[Path, ...]
    numbers: tuple[Path, ...]
    short_error_message: bool


@dataclass(frozen=True, slots=True)
class EventRules:
    """What the catalogue asks, by type."""

    types: Mapping[str, TypeRules]

    @classmethod
    def of(cls, catalogue: Catalogue) -> "EventRules":
        """The rules of every type that events may have."""
        return cls({name: _type_rules(catalogue.types[name]) for name in catalogue.recordable})


def parse(body: bytes, rules: EventRules, arrival: Arrival) -> Event:
    """One event from its JSON; raises InvalidInput."""
    wire = decode_one(body)
    if wire is None:
        raise fault_of(body) or unreadable()
    return check(wire, rules, arrival)


def parse_all(
    wires: Sequence[Wire], rules: EventRules, arrival: Arrival
) -> tuple[list[Event], list[int], list[Rejection]]:
    """The valid events, their places in the request, and the rejections of the others."""
    events: list[Event] = []
    places: list[int] = []
    rejected: list[Rejection] = []
    for index, wire in enumerate(wires):
        try:
            events.append(check(wire, rules, arrival))
            places.append(index)
        except InvalidInput as problem:
            rejected.append(rejection(index, problem))
    return events, places, rejected


def rejection(index: int, problem: InvalidInput) -> Rejection:
    """A refusal at its place in the request."""
    return Rejection(index, problem.code, problem.field, problem.message)


def check(wire: Wire, rules: EventRules, arrival: Arrival) -> Event:
    """An event whose JSON has the right shape, held against the catalogue and the limits.

    The body that the digest stands for is all that was sent but the id: times as instants, numbers
    by value, properties without regard to order. A field added later must leave the digests of
    events without it as they are. Raises InvalidInput.
    """
    expected = rules.types.get(wire.type)
    if expected is None:
        raise UnknownName("event type", wire.type, rules.types, field="type")
    occurred_at = wire.occurred_at
    if occurred_at.tzinfo is not UTC:
        occurred_at = occurred_at.astimezone(UTC)
    if not EPOCH <= occurred_at <= arrival.latest:
        raise _out_of_range(occurred_at, arrival)
    duration_ms = None if wire.duration_ms is None else _number("durationMs", wire.duration_ms)
    value = None if wire.value is None else _number("value", wire.value)
    cost = None if wire.cost is None else _number("cost", wire.cost)
    if wire.currency is not None or value is not None:
        _check_currency(wire)
    properties = None if wire.properties is None else _properties(wire.properties, expected)
    if expected.short_error_message and wire.error_message is not None:
        _check_error_message(wire.error_message)
    event_id, client_id = (arrival.mint(), None) if wire.id is None else canonical_id(wire.id)
    values = (
        event_id,
        client_id,
        wire.type,
        occurred_at,
        wire.source,
        wire.user_id,
        wire.device_id,
        wire.session_id,
        REQUESTS_OWN if wire.correlation_id is None else wire.correlation_id,
        duration_ms,
        wire.status_code,
        wire.error_message,
        wire.provider,
        value,
        wire.currency,
        cost,
        None if properties is None else msgspec.Raw(properties),
    )
    array = encoded(values)
    body = after_id(array, event_id)
    if len(body) >= MAX_EVENT_BYTES:
        raise fault("TOO_LARGE", f"The event takes more than {MAX_EVENT_BYTES:,} bytes.")
    if _BACKSLASH in body:
        _check_characters(wire, body)
        line = any_line(values, arrival.correlation)
    else:
        line = plain_line(array, arrival.correlation, properties)
    hasher = _DIGEST.copy()
    hasher.update(body)
    (digest,) = _SIGNED(hasher.digest())
    return Event(event_id, digest, expected.raw_days, wire.type, occurred_at, line)


def _out_of_range(instant: datetime, arrival: Arrival) -> InvalidInput:
    if instant < EPOCH:
        return fault("OUT_OF_RANGE", "occurredAt is before 1970-01-01T00:00:00Z.", "occurredAt")
    return fault(
        "OUT_OF_RANGE",
        f"occurredAt is more than {arrival.ahead} after its receipt"
        f" at {arrival.now.isoformat(timespec='seconds')}.",
        "occurredAt",
    )


def _number(name: str, number: Decimal) -> str:
    text = storable(number)
    if text is None:
        code, reason = why_not_storable(number)
        raise fault(code, f"{name}: {reason}", name)
    return text


def _check_currency(wire: Wire) -> None:
    if wire.currency is None:
        raise fault("MISSING_FIELD", "currency is required where there is a value.", "currency")
    if not _CURRENCY(wire.currency):
        raise fault(
            "INVALID_VALUE", "currency must be three upper-case letters, as EUR.", "currency"
        )


def _check_error_message(text: str) -> None:
    if len(text) > MAX_TEXT:
        raise fault(
            "TOO_LONG",
            f"errorMessage is a dimension of this type: {len(text):,} characters are too many,"
            f" at most {MAX_TEXT} fit.",
            "errorMessage",
        )


def _properties(properties: dict[str, Any], expected: TypeRules) -> bytes:
    for path in expected.attributes:
        first = properties.get(path[0])
        if first is not None and (first.__class__ is not str or len(first) > MAX_TEXT):
            check_attribute(properties, path)
    for path in expected.numbers:
        if path[0] in properties:
            check_number(properties, path)
    return canonical(properties)


def _check_characters(wire: Wire, body: bytes) -> None:
    """NUL is the one character of JSON that PostgreSQL cannot keep."""
    if b"\\u0000" not in body:
        return
    found = fault_of(encode_wire(wire))
    if found is not None:
        raise found


def _type_rules(event_type: EventType) -> TypeRules:
    dimensions = [dimension.source for dimension in event_type.dimensions.values()]
    measures = [measure.source for measure in event_type.measures.values()]
    return TypeRules(
        raw_days=event_type.raw_days,
        attributes=_paths(dimensions),
        numbers=_paths(measures),
        short_error_message="errorMessage" in dimensions,
    )


def _paths(sources: Iterable[str]) -> tuple[Path, ...]:
    return tuple(
        tuple(source.removeprefix(PROPERTY_PREFIX).split("."))
        for source in sources
        if source.startswith(PROPERTY_PREFIX)
    )
