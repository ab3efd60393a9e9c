"""Rules that make one column of event values from the columns of a file, a whole batch at a time.

A cell that a rule cannot convert is a problem of its row, never of the batch.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Underflow
from typing import Protocol

from domain.cells import (
    Cells,
    Outcome,
    Unfit,
    by_text,
    each,
    joined,
    one_by_one,
    only_texts,
    text_of,
)
from domain.event_numbers import plain

_EXACT = Context(prec=120, traps=[Inexact, InvalidOperation, Overflow, Underflow])
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Rule(Protocol):
    """Makes one column of values; `columns` names those it reads."""

    @property
    def columns(self) -> tuple[str, ...]: ...

    def apply(self, cells: Cells) -> Outcome: ...


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
        texts = joined(cells, self.columns, self.join)
        if self.match is None and self.values is None:
            found = Outcome(texts) if self.native else each(texts, text_of)
        else:
            found = each(texts, self._convert)
        if self.default is None:
            return found
        filled = [self.default if value is None else value for value in found.values]
        return Outcome(filled, found.problems)

    def _convert(self, cell: object) -> str | None:
        text = text_of(cell)
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
    """The exact product of the numbers of some columns and of `times`; None where one is null.

    The last of `columns` stands in where a single one is null, with `instead`.
    """

    columns: tuple[str, ...]
    times: Decimal = Decimal(1)
    thousands: str = ""
    decimal_mark: str = "."
    instead: bool = False

    def apply(self, cells: Cells) -> Outcome:
        factors = [cells.column(name) for name in self.columns]
        if self.instead:
            return each(_first_present(factors), self._scaled)
        if len(factors) == 1:
            return each(factors[0], self._scaled)
        convert = by_text if all(map(only_texts, factors)) else one_by_one
        return convert(list(zip(*factors, strict=True)), self._product)

    def _scaled(self, cell: object) -> int | Decimal:
        number = self._number(cell)
        return _spelled(number if self.times == 1 else _multiplied(number, self.times))

    def _product(self, cells: object) -> int | Decimal | None:
        product = self.times
        for cell in cells if isinstance(cells, tuple) else ():
            if cell is None:
                return None
            product = _multiplied(product, self._number(cell))
        return _spelled(product)

    def _number(self, cell: object) -> Decimal:
        if isinstance(cell, Decimal):
            return cell
        if isinstance(cell, int) and not isinstance(cell, bool):
            return Decimal(cell)
        text = text_of(cell).strip()
        if self.thousands:
            text = text.replace(self.thousands, "")
        if self.decimal_mark != ".":
            text = text.replace(self.decimal_mark, ".")
        if _NUMBER.fullmatch(text) is None:
            raise Unfit("BAD_NUMBER", f"{_short(text_of(cell))} is not a number.")
        return Decimal(text)


@dataclass(frozen=True, slots=True)
class Whole:
    """A number that must be whole, as an int."""

    number: Number

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of the number."""
        return self.number.columns

    def apply(self, cells: Cells) -> Outcome:
        found = self.number.apply(cells)
        whole = one_by_one(found.values, _whole)
        return Outcome(whole.values, {**found.problems, **whole.problems})


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
        return each(joined(cells, self.columns, self.join), self._convert)

    def _convert(self, cell: object) -> datetime:
        text = text_of(cell).strip()
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
        text = text_of(cell)
        if self.equals is not None:
            return text in self.equals
        if self.starts_with is not None:
            return text.startswith(self.starts_with)
        return self.match is not None and self.match.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Cases:
    """The value of the first case whose condition holds, else what `otherwise` makes."""

    cases: tuple[tuple[Condition, str], ...]
    otherwise: Rule

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of all conditions and of what is made without any."""
        named = (condition.column for condition, _ in self.cases)
        return tuple(dict.fromkeys((*named, *self.otherwise.columns)))

    def apply(self, cells: Cells) -> Outcome:
        found = self.otherwise.apply(cells)
        values, problems = found.values, dict(found.problems)
        for condition, value in reversed(self.cases):
            held = _held(condition, cells.column(condition.column))
            values = [value if met else old for met, old in zip(held, values, strict=True)]
            problems = {row: each for row, each in problems.items() if not held[row]}
        return Outcome(values, problems)


@dataclass(frozen=True, slots=True)
class First:
    """1 in the first record of the file with this text in the column, 0 in later ones; None for null."""

    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The one column."""
        return (self.column,)

    def apply(self, cells: Cells) -> Outcome:
        return Outcome(cells.memory.firsts(self.column, cells.column(self.column)))


def _whole(number: object) -> int:
    if not isinstance(number, int):
        raise Unfit("BAD_NUMBER", f"{number} is not a whole number.")
    return number


def _spelled(number: Decimal) -> int | Decimal:
    """Equal numbers come out alike: an int, or a Decimal without trailing zeros."""
    text = plain(number)
    if text is None:
        raise Unfit("BAD_NUMBER", "The number has too many digits.")
    return Decimal(text) if "." in text else int(text)


def _multiplied(left: Decimal, right: Decimal) -> Decimal:
    try:
        return _EXACT.multiply(left, right)
    except (Inexact, InvalidOperation, Overflow, Underflow) as error:
        raise Unfit("BAD_NUMBER", "The product has too many digits to be exact.") from error


def _first_present(columns: Sequence[Sequence[object]]) -> list[object]:
    rows = zip(*columns, strict=True)
    return [next((cell for cell in row if cell is not None), None) for row in rows]


def _held(condition: Condition, column: Sequence[object]) -> list[bool]:
    if not only_texts(column):
        return [condition.holds(cell) for cell in column]
    known = {text: condition.holds(text) for text in set(column)}
    return [known[text] for text in column]


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
