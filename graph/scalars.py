"""The scalars of the contract. Instants and columns leave as they are; the JSON encoder writes them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal as ExactNumber
from decimal import InvalidOperation
from typing import Any, NewType

import strawberry
from graphql import FloatValueNode, IntValueNode, StringValueNode, ValueNode
from strawberry.types.scalar import ScalarDefinition

from domain.errors import InvalidInput
from domain.grains import Instants

Duration = NewType("Duration", str)
TimeZone = NewType("TimeZone", str)
Long = NewType("Long", int)
Number = NewType("Number", str)
FloatColumn = NewType("FloatColumn", list[float | None])
DateTimeColumn = NewType("DateTimeColumn", list[datetime])
BooleanColumn = NewType("BooleanColumn", list[bool])
JSON = NewType("JSON", object)

_UNWRITTEN = 9999
"""The year that the JSON encoder writes no numbers of."""

LONG_LIMIT = 2**53
"""Whole numbers up to here survive every JSON reader."""


def parse_instant(text: object) -> datetime:
    """An RFC 3339 instant in UTC; one without an offset is refused."""
    try:
        instant = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise InvalidInput(
            f"{text!r} is no DateTime. Valid: RFC 3339 with an offset, as 2026-03-01T00:00:00Z.",
            code="INVALID_DATE_TIME",
        )
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise InvalidInput(
            f"{text!r} lies outside of the years 1 to 9999.", code="INVALID_DATE_TIME"
        ) from None


def parse_decimal(value: object) -> ExactNumber:
    """An exact number from a string or a whole number."""
    try:
        number = ExactNumber(str(value)) if isinstance(value, str | int | float) else None
    except InvalidOperation:
        number = None
    if number is None or isinstance(value, bool) or not number.is_finite():
        raise InvalidInput(
            f'{value!r} is no Decimal. Valid: digits as a string, as "19.99".',
            code="INVALID_DECIMAL",
        )
    return number


def long(value: object) -> int:
    """A whole number that every JSON reader keeps exactly."""
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LONG_LIMIT:
        raise InvalidInput(f"{value!r} is no Long: a whole number up to 2^53.", code="INVALID_LONG")
    return value


def _text(kind: str, example: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if not isinstance(value, str):
            raise InvalidInput(f"{value!r} is no {kind}. Valid: text, as {example!r}.")
        return value

    return parse


def _output_only(value: object) -> object:
    raise InvalidInput("A column is an answer, not an argument.")


def _same(value: object) -> object:
    return value


def _instants(column: object) -> object:
    """Numbers that the JSON encoder writes as instants, where they are known: much faster than datetimes."""
    if not isinstance(column, Instants) or not len(column) or column[-1].year >= _UNWRITTEN:
        return column
    return column.at.view("datetime64[us]")


def _plain(number: ExactNumber) -> str:
    return format(number, "f")


def _number_literal(node: ValueNode, variables: Mapping[str, Any] | None = None) -> object:
    """A literal's own digits, so that none is lost on the way through a float."""
    if isinstance(node, IntValueNode):
        return int(node.value)
    if isinstance(node, FloatValueNode):
        return ExactNumber(node.value)
    if isinstance(node, StringValueNode):
        return node.value
    raise InvalidInput("A Number is digits, or digits as a string.", code="INVALID_NUMBER")


SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant: RFC 3339, answered in UTC, as 2026-03-01T00:00:00Z.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_same,
        parse_value=parse_instant,
    ),
    ExactNumber: strawberry.scalar(
        name="Decimal",
        description='An exact decimal number as a string, as "1234.50".',
        serialize=_plain,
        parse_value=parse_decimal,
    ),
    Duration: strawberry.scalar(
        name="Duration",
        description="A length of time, ISO 8601: PT15M, PT24H, P7D.",
        serialize=str,
        parse_value=_text("Duration", "P7D"),
    ),
    TimeZone: strawberry.scalar(
        name="TimeZone",
        description="An IANA time zone name, as Europe/Berlin.",
        serialize=str,
        parse_value=_text("TimeZone", "Europe/Berlin"),
    ),
    Long: strawberry.scalar(
        name="Long",
        description="A whole number up to 2^53.",
        serialize=long,
        parse_value=long,
    ),
    Number: strawberry.scalar(
        name="Number",
        description="A number of an event. A string of digits keeps more than 15 of them exactly.",
        serialize=_same,
        parse_value=_same,
        parse_literal=_number_literal,
    ),
    FloatColumn: strawberry.scalar(
        name="FloatColumn",
        description="A whole column of numbers, one per bucket; null where there is none.",
        serialize=_same,
        parse_value=_output_only,
    ),
    DateTimeColumn: strawberry.scalar(
        name="DateTimeColumn",
        description="A whole column of instants, one per bucket.",
        serialize=_instants,
        parse_value=_output_only,
    ),
    BooleanColumn: strawberry.scalar(
        name="BooleanColumn",
        description="A whole column of true and false, one per bucket.",
        serialize=_same,
        parse_value=_output_only,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        serialize=_same,
        parse_value=_same,
    ),
}
