"""A batch of records through a mapping: wire events for the good ones, a reason for each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from domain.cells import Cells, Outcome
from domain.event_faults import fault_of
from domain.event_wire import Wire
from domain.mapping import ImportMapping
from domain.memory import Memory
from domain.numbered_ids import numbered_ids
from domain.records import Batch, Problem


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file's name, without `.gz`, and the digest (hex) of what it holds."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """Wire event i was made from row `rows[i]` of the batch; `problems` are of the other rows."""

    wires: Sequence[Wire]
    rows: Sequence[int]
    problems: Mapping[int, Problem]


def mapped(
    batch: Batch, mapping: ImportMapping, file: SourceFile, memory: Memory | None = None
) -> Mapped:
    """What the mapping makes of the readable records of a batch; `memory` is of those before it."""
    cells = Cells(batch, mapping.nulls, file.name, memory or Memory())
    problems: dict[int, Problem] = {}
    columns = {
        name: _values(rule.apply(cells), name, problems) for name, rule in mapping.fields.items()
    }
    columns["id"] = _values(_ids(cells, mapping, file), "id", problems)
    columns["properties"] = _properties(cells, mapping, problems)
    rows = [row for row in range(cells.size) if row not in problems]
    return _checked(_zipped(columns, rows), rows, problems)


def remember(batch: Batch, mapping: ImportMapping, file: SourceFile, memory: Memory) -> None:
    """Let the memory know a batch that is not mapped any more."""
    cells = Cells(batch, mapping.nulls, file.name, memory)
    for rule in mapping.remembering:
        rule.apply(cells)


def _checked(
    events: list[dict[str, object]], rows: list[int], problems: dict[int, Problem]
) -> Mapped:
    try:
        return Mapped(msgspec.convert(events, list[Wire]), rows, problems)
    except msgspec.ValidationError:
        pass
    wires: list[Wire] = []
    kept: list[int] = []
    for event, row in zip(events, rows, strict=True):
        try:
            wires.append(msgspec.convert(event, Wire))
            kept.append(row)
        except msgspec.ValidationError as error:
            problems[row] = _problem_of(event, error)
    return Mapped(wires, kept, problems)


def _problem_of(event: dict[str, object], error: msgspec.ValidationError) -> Problem:
    fault = fault_of(msgspec.json.encode(event))
    if fault is None:
        return Problem("INVALID_EVENT", str(error))
    return Problem(fault.code, fault.message, fault.field)


def _values(outcome: Outcome, name: str, problems: dict[int, Problem]) -> Sequence[object]:
    for row, problem in outcome.problems.items():
        problems.setdefault(row, Problem(problem.code, f"{name}: {problem.message}", name))
    return outcome.values


def _ids(cells: Cells, mapping: ImportMapping, file: SourceFile) -> Outcome:
    if not mapping.id_columns:
        return Outcome(numbered_ids((mapping.name, file.digest), cells.batch.numbers))
    parts = [cells.column(name) for name in mapping.id_columns]
    ids = [_id(mapping.name, row) for row in zip(*parts, strict=True)]
    missing = Problem("MISSING_FIELD", f"no {' or '.join(mapping.id_columns)} to make it from.")
    return Outcome(ids, {row: missing for row, each in enumerate(ids) if each is None})


def _id(name: str, parts: tuple[object, ...]) -> str | None:
    if None in parts:
        return None
    return ":".join((name, *(_escaped(str(part)) for part in parts)))


def _escaped(part: str) -> str:
    return part.replace("\\", "\\\\").replace(":", "\\:")


def _properties(
    cells: Cells, mapping: ImportMapping, problems: dict[int, Problem]
) -> Sequence[object]:
    columns: dict[str, Sequence[object]] = {}
    if mapping.rest:
        taken = {*mapping.columns, *mapping.properties}
        columns |= {name: cells.column(name) for name in cells.batch.columns if name not in taken}
    for name, rule in mapping.properties.items():
        columns[name] = _values(rule.apply(cells), f"properties.{name}", problems)
    if not columns:
        return [None] * cells.size
    names = tuple(columns)
    return [_present(names, row) for row in zip(*columns.values(), strict=True)]


def _present(names: tuple[str, ...], row: tuple[object, ...]) -> dict[str, object]:
    found = dict(zip(names, row, strict=True))
    if None in row:
        return {name: value for name, value in found.items() if value is not None}
    return found


def _zipped(columns: Mapping[str, Sequence[object]], rows: list[int]) -> list[dict[str, object]]:
    names = tuple(columns)
    values: list[tuple[object, ...]] = list(zip(*columns.values(), strict=True))
    return [dict(zip(names, values[row], strict=True)) for row in rows]
