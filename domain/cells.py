"""The cells of a batch of records, and how a rule converts them: a text that comes often only once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from domain.memory import Memory
from domain.records import Batch, Problem

FILE_COLUMN = "$file"
"""Read as a column, it is the name of the file, without `.gz`."""


_TEXTS = frozenset({str, type(None)})


@dataclass(frozen=True, slots=True)
class Outcome:
    """One value per row, and the problems of the rows that have one (their value is None)."""

    values: Sequence[object]
    problems: Mapping[int, Problem] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cells:
    """The columns of a batch of a file, its null texts taken out; `memory` is of the batches before."""

    batch: Batch
    nulls: frozenset[str]
    file: str
    memory: Memory = field(default_factory=Memory)

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.batch.numbers)

    def column(self, name: str) -> Sequence[object]:
        """The cells of that name; of NDJSON also by a path, as `geo.city`. None where absent."""
        found, nulls = self._found(name), self.nulls
        if only_texts(found) and nulls.isdisjoint(found):
            return found
        return [None if type(cell) is str and cell in nulls else cell for cell in found]

    def _found(self, name: str) -> Sequence[object]:
        found = self.batch.columns.get(name)
        if found is not None:
            return found
        if name == FILE_COLUMN:
            return [self.file] * self.size
        head, _, rest = name.partition(".")
        objects = self.batch.columns.get(head) if rest else None
        return [_at(each, rest) for each in objects] if objects else [None] * self.size


class Unfit(Exception):
    """A cell that a rule cannot convert."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(code, message)


def each(values: Sequence[object], convert: Callable[[object], object]) -> Outcome:
    """Every value converted, texts once each; None stays None."""
    return (by_text if only_texts(values) else one_by_one)(values, convert)


def only_texts(values: Sequence[object]) -> bool:
    """Whether there are only texts and None, so that equal values are the same."""
    return _TEXTS.issuperset(map(type, values))


def by_text(values: Sequence[object], convert: Callable[[object], object]) -> Outcome:
    """Every distinct value converted once."""
    known: dict[object, object] = {None: None}
    bad: dict[object, Problem] = {}
    for value in dict.fromkeys(values):
        if value is not None:
            try:
                known[value] = convert(value)
            except Unfit as unfit:
                known[value], bad[value] = None, unfit.problem
    problems = {i: bad[value] for i, value in enumerate(values) if value in bad} if bad else {}
    return Outcome([known[value] for value in values], problems)


def one_by_one(values: Sequence[object], convert: Callable[[object], object]) -> Outcome:
    """Every value converted for itself."""
    found: list[object] = []
    problems: dict[int, Problem] = {}
    for i, value in enumerate(values):
        try:
            found.append(None if value is None else convert(value))
        except Unfit as unfit:
            found.append(None)
            problems[i] = unfit.problem
    return Outcome(found, problems)


def joined(cells: Cells, names: tuple[str, ...], join: str) -> Sequence[object]:
    """The cells of one column as they are, or those of several as one text, None left out."""
    if len(names) == 1:
        return cells.column(names[0])
    rows = zip(*(cells.column(name) for name in names), strict=True)
    return [join.join(text_of(part) for part in row if part is not None) or None for row in rows]


def text_of(cell: object) -> str:
    """How a cell reads as text: true and false, plain decimals, JSON of what is nested."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, dict | list):
        return msgspec.json.encode(cell).decode()
    return format(cell, "f") if isinstance(cell, Decimal) else str(cell)


def _at(value: object, path: str) -> object:
    for name in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
