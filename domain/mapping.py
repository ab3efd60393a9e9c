"""What turns the records of a file into events: which rule makes which field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from domain.cells import FILE_COLUMN
from domain.errors import InvalidInput
from domain.records import Layout
from domain.rules import Constant, First, Rule

FieldKind = Literal["text", "number", "whole", "instant"]

FIELDS: Mapping[str, FieldKind] = {
    "type": "text",
    "occurredAt": "instant",
    "source": "text",
    "userId": "text",
    "deviceId": "text",
    "sessionId": "text",
    "correlationId": "text",
    "durationMs": "number",
    "statusCode": "whole",
    "errorMessage": "text",
    "provider": "text",
    "value": "number",
    "currency": "text",
    "cost": "number",
}
"""The event fields that a mapping may make, besides `id` and the properties."""

REQUIRED = ("type", "occurredAt")


@dataclass(frozen=True, slots=True)
class ImportMapping:
    """A mapping file that was understood.

    Ids come from `id_columns`; without any, from the file's contents and the record's number. Those
    of mappings with another `name` never meet. `digest` changes with whatever the mapping says.
    """

    name: str
    description: str
    layout: Layout
    nulls: frozenset[str]
    fields: Mapping[str, Rule]
    properties: Mapping[str, Rule]
    rest: bool
    id_columns: tuple[str, ...]
    digest: bytes

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, but for the rest that only becomes properties."""
        rules = (*self.fields.values(), *self.properties.values())
        named = (*self.id_columns, *(name for rule in rules for name in rule.columns))
        return tuple(dict.fromkeys(named))

    @property
    def remembering(self) -> tuple[First, ...]:
        """The rules that ask for what came before in the file."""
        rules = (*self.fields.values(), *self.properties.values())
        return tuple(rule for rule in rules if isinstance(rule, First))

    @property
    def constant_type(self) -> str | None:
        """The event type, where all events have the same."""
        rule = self.fields["type"]
        return str(rule.value) if isinstance(rule, Constant) else None

    def check_columns(self, present: Sequence[str], file: str) -> None:
        """Refuse a file without a column that the mapping reads, naming it and those present."""
        known = {*present, FILE_COLUMN}
        missing = [
            name
            for name in self.columns
            if name not in known and name.partition(".")[0] not in known
        ]
        if missing:
            raise InvalidInput(
                f"{file} has no column {', '.join(map(repr, missing))}, which the mapping"
                f" {self.name!r} reads. Present: {', '.join(present) or 'none'}.",
                code="MISSING_COLUMN",
            )
