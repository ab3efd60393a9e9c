"""Rules that make one column of event values from the columns of a file, a whole batch at a time.

A text that comes often (a day, a country, a price) is converted once per batch. A cell that a rule
cannot convert is a problem of its row, never of the batch.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Underflow
from typing import Protocol

import msgspec

from domain.records import Batch, Problem

FILE_COLUMN = "$file"
"""Read as a column, it is the name of the file, without `.gz`."""

_EXACT = Context(prec=120, traps=[Inexact, InvalidOperation, Overflow, Underflow])
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One value per row, and the problems of the rows that have one (their value is None)."""

    values: Sequence[object]
    problems: Mapping[int, Problem] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cells:
    """The columns of a batch of a file, its null texts taken out."""

    batch: Batch
    nulls: frozenset[str]
    file: str

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.batch.numbers)

    def column(self, name: str) -> Sequence[object]:
        """The cells of that name; of NDJSON also by a path, as `geo.city`. None where absent."""
        nulls = self.nulls
        return [None if type(cell) is str and cell in nulls else cell for cell in self._found(name)]

    def _found(self, name: str) -> Sequence[object]:
        found = self.batch.columns.get(name)
        if found is not None:
            return found
        if name == FILE_COLUMN:
            return [self.file] * self.size
        head, _, rest = name.partition(".")
        objects = self.batch.columns.get(head) if rest else None
        return [_at(each, rest) for each in objects] if objects else [None] * self.size


class Rule(Protocol):
    """Makes one column of values; `columns` names those it reads."""

    @property
    def columns(self) -> tuple[str, ...]: ...

    def apply(self, cells: Cells) -> Outcome: ...


class Unfit(Exception):
    """A cell that a rule cannot convert."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(code, message)


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value in every row."""

    value: object
    columns: tuple[str, ...] = ()

    def apply(self, cells: Cells) -> Outcome:
        return Outcome([self.value] * cells.size)


@dataclass(frozen=True, slots=True)
class Text:
    """Text of one column, or of several joined by `join`.

    `match` must match the whole text and gives its first group. `values` replaces what it lists.
    `default` stands in for null, for what does not match and for what is not listed. `native`
    leaves what is not text in NDJSON as it is.
    """

    columns: tuple[str, ...]
    join: str = " "
    match: re.Pattern[str] | None = None
    values: Mapping[str, str] | None = None
    default: str | None = None
    native: bool = False

    def apply(self, cells: Cells) -> Outcome:
        texts = _joined(cells, self.columns, self.join)
        if self.match is None and self.values is None:
            found = Outcome(texts) if self.native else each(texts, _text)
        else:
            found = each(texts, self._convert)
        if self.default is None:
            return found
        filled = [self.default if value is None else value for value in found.values]
        return Outcome(filled, found.problems)

    def _convert(self, cell: object) -> str | None:
        text = _text(cell)
        if self.match is not None:
            matched = self.match.fullmatch(text)
            if matched is None:
                return self._unmatched(text)
            text = matched[1] if self.match.groups else matched[0]
        if self.values is None:
            return text
        return self.values.get(text, text if self.default is None else self.default)

    def _unmatched(self, text: str) -> str:
        if self.default is None:
            raise Unfit("NO_MATCH", f"{_short(text)} does not match the mapping's pattern.")
        return self.default


@dataclass(frozen=True, slots=True)
class Number:
    """The exact product of the numbers of some columns and of `times`; None where one is null."""

    columns: tuple[str, ...]
    times: Decimal = Decimal(1)
    thousands: str = ""
    decimal_mark: str = "."

    def apply(self, cells: Cells) -> Outcome:
        factors = [cells.column(name) for name in self.columns]
        if len(factors) == 1:
            return each(factors[0], self._scaled)
        convert = _by_text if all(map(_only_texts, factors)) else _one_by_one
        return convert(list(zip(*factors, strict=True)), self._product)

    def _scaled(self, cell: object) -> Decimal:
        number = self._number(cell)
        return number if self.times == 1 else _multiplied(number, self.times)

    def _product(self, cells: object) -> Decimal | None:
        product = self.times
        for cell in cells if isinstance(cells, tuple) else ():
            if cell is None:
                return None
            product = _multiplied(product, self._number(cell))
        return product

    def _number(self, cell: object) -> Decimal:
        if isinstance(cell, Decimal):
            return cell
        if isinstance(cell, int) and not isinstance(cell, bool):
            return Decimal(cell)
        text = _text(cell).strip()
        if self.thousands:
            text = text.replace(self.thousands, "")
        if self.decimal_mark != ".":
            text = text.replace(self.decimal_mark, ".")
        if _NUMBER.fullmatch(text) is None:
            raise Unfit("BAD_NUMBER", f"{_short(_text(cell))} is not a number.")
        return Decimal(text)


@dataclass(frozen=True, slots=True)
class Instant:
    """An instant from text in one of `formats`: strptime patterns, `iso`, `unix` or `unix_ms`.

    Without an offset the text is local time of `zone`. A time that comes twice, when clocks go
    back, is the earlier one; one that is skipped, when they go forward, has the offset from before.
    """

    columns: tuple[str, ...]
    join: str = " "
    formats: tuple[str, ...] = ("iso",)
    zone: tzinfo = UTC

    def apply(self, cells: Cells) -> Outcome:
        return each(_joined(cells, self.columns, self.join), self._convert)

    def _convert(self, cell: object) -> datetime:
        text = _text(cell).strip()
        for pattern in self.formats:
            found = _instant(text, pattern)
            if found is not None:
                return self._placed(found)
        wanted = " or ".join(self.formats)
        raise Unfit("BAD_TIME", f"{_short(text)} is not a time as {wanted}.")

    def _placed(self, found: datetime) -> datetime:
        try:
            aware = found if found.tzinfo else found.replace(tzinfo=self.zone)
            return aware.astimezone(UTC)
        except OverflowError as error:
            raise Unfit("BAD_TIME", "The time is outside of the years 1 to 9999.") from error


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether a column's text is one of `equals`, has a prefix, matches wholly, or is null."""

    column: str
    equals: frozenset[str] | None = None
    starts_with: str | None = None
    match: re.Pattern[str] | None = None
    null: bool | None = None

    def holds(self, cell: object) -> bool:
        """Whether this cell meets it; a null cell meets only `null = true`."""
        if self.null is not None:
            return (cell is None) is self.null
        if cell is None:
            return False
        text = _text(cell)
        if self.equals is not None:
            return text in self.equals
        if self.starts_with is not None:
            return text.startswith(self.starts_with)
        return self.match is not None and self.match.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Cases:
    """The value of the first case whose condition holds, else `otherwise`."""

    cases: tuple[tuple[Condition, str], ...]
    otherwise: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of all conditions."""
        return tuple(dict.fromkeys(condition.column for condition, _ in self.cases))

    def apply(self, cells: Cells) -> Outcome:
        values: list[object] = [self.otherwise] * cells.size
        for condition, value in reversed(self.cases):
            held = [condition.holds(cell) for cell in cells.column(condition.column)]
            values = [value if met else old for met, old in zip(held, values, strict=True)]
        return Outcome(values)


def each(values: Sequence[object], convert: Callable[[object], object]) -> Outcome:
    """Every value converted, texts once each; None stays None."""
    return (_by_text if _only_texts(values) else _one_by_one)(values, convert)


def _only_texts(values: Sequence[object]) -> bool:
    return set(map(type, values)) <= {str, type(None)}


def _by_text(values: Sequence[object], convert: Callable[[object], object]) -> Outcome:
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


def _one_by_one(values: Sequence[object], convert: Callable[[object], object]) -> Outcome:
    found: list[object] = []
    problems: dict[int, Problem] = {}
    for i, value in enumerate(values):
        try:
            found.append(None if value is None else convert(value))
        except Unfit as unfit:
            found.append(None)
            problems[i] = unfit.problem
    return Outcome(found, problems)


def _joined(cells: Cells, names: tuple[str, ...], join: str) -> Sequence[object]:
    if len(names) == 1:
        return cells.column(names[0])
    rows = zip(*(cells.column(name) for name in names), strict=True)
    return [join.join(_text(part) for part in row if part is not None) or None for row in rows]


def _text(cell: object) -> str:
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


def _multiplied(left: Decimal, right: Decimal) -> Decimal:
    try:
        return _EXACT.multiply(left, right)
    except (Inexact, InvalidOperation, Overflow, Underflow) as error:
        raise Unfit("BAD_NUMBER", "The product has too many digits to be exact.") from error


def _instant(text: str, pattern: str) -> datetime | None:
    try:
        if pattern == "iso":
            return datetime.fromisoformat(text)
        if pattern in ("unix", "unix_ms"):
            unit = 1_000_000 if pattern == "unix" else 1_000
            return _EPOCH + timedelta(microseconds=int(Decimal(text) * unit))
        return datetime.strptime(text, pattern)  # noqa: DTZ007 (Instant.zone is given to it)
    except (ValueError, ArithmeticError):
        return None


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")
