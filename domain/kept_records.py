"""Records that were refused, read once more: by themselves, as if in their file."""

from dataclasses import dataclass, replace

from domain.errors import InvalidInput
from domain.events import Arrival, Event, EventRules, parse_all
from domain.mapped import SourceFile, mapped
from domain.mapping import ImportMapping
from domain.records import Batch, open_records


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A record of a file: the name of its mapping, its place, and the columns of a CSV file."""

    mapping: str
    file: SourceFile
    columns: tuple[str, ...]
    number: int


def read_again(
    text: str, record: KeptRecord, mapping: ImportMapping, rules: EventRules, arrival: Arrival
) -> Event:
    """The event that an import of the whole file would make of this record, with the same id.

    Raises InvalidInput where the record still is none, or where the mapping needs those before it.
    """
    if mapping.remembering:
        raise InvalidInput(
            f"The mapping {mapping.name!r} asks what came before in the file:"
            f" import {record.file.name} once more, with --again.",
            code="FILE_NEEDED",
        )
    batch = _batch(text, record, mapping)
    found = mapped(batch, mapping, record.file)
    for problem in (*(each.problem for _, each in batch.malformed), *found.problems.values()):
        raise InvalidInput(problem.message, code=problem.code, field=problem.field)
    events, _, rejected = parse_all(found.wires, rules, arrival)
    for each in rejected:
        raise InvalidInput(each.message, code=each.code, field=each.field)
    (event,) = events
    return event


def _batch(text: str, record: KeptRecord, mapping: ImportMapping) -> Batch:
    csv = mapping.layout.format == "csv"
    columns = mapping.layout.columns or record.columns
    layout = replace(mapping.layout, skip=0, columns=columns if csv else ())
    lines = iter(text.splitlines(keepends=True) or [""])
    batch = open_records(lines, layout).numbered(record.number)
    if len(batch.raws) + len(batch.malformed) != 1:
        raise InvalidInput("It cannot be told where the record ends.", code="MALFORMED_RECORD")
    if csv:
        mapping.check_columns(columns, record.file.name)
    return batch
