"""What a section's sources counted: parts that figures pick from and add up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from domain.amounts import Amounts, added
from domain.exact import exact_sum
from domain.questions import COUNT, USERS, Columns, Filter, MeasureKey, Value

CURRENCY = "currency"


@dataclass(frozen=True, slots=True)
class Source:
    """Events that figures share: of one type, those that meet a condition, told apart by `split`."""

    event_type: str
    split: tuple[str, ...] = ()
    condition: Filter | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """The events with these values of the split."""

    key: Mapping[str, str | None]
    columns: Columns


@dataclass(frozen=True, slots=True)
class Tally:
    """The parts of one group, in one bucket (`row`). Parts never share an event.

    `whole` False: the group is several groups of an answer, so what cannot be added (distinct users,
    quantiles) is unknown. Figures pick the same parts again and again, so picks are remembered.
    """

    parts: tuple[Part, ...]
    row: int = 0
    whole: bool = True
    _picked: dict[tuple[str, tuple[str | None, ...], bool], "Tally"] = field(
        default_factory=dict, compare=False, repr=False
    )

    def at(self, row: int) -> "Tally":
        """The same group in another bucket."""
        return Tally(self.parts, row, self.whole)

    def only(self, dimension: str, *values: str | None) -> "Tally":
        """The parts with one of these values."""
        return self._pick(dimension, values, wanted=True)

    def without(self, dimension: str, *values: str | None) -> "Tally":
        """The parts with none of these values."""
        return self._pick(dimension, values, wanted=False)

    def by(self, dimension: str) -> dict[str | None, "Tally"]:
        """The parts of each value."""
        names = dict.fromkeys(part.key[dimension] for part in self.parts)
        return {name: self.only(dimension, name) for name in names}

    def count(self) -> int:
        """How many events."""
        return sum(int(part) for part in self._values(COUNT))

    def having(self, of: str) -> int:
        """How many events have the measure."""
        return sum(int(part) for part in self._values(MeasureKey("n", of)))

    def total(self, of: str) -> Decimal | None:
        """The sum of a measure that is no money; None where no event has it."""
        found = list(self._values(MeasureKey("sum", of)))
        return exact_sum(map(_exact, found)) if found else None

    def amounts(self, of: str) -> Amounts:
        """The sums of an amount by currency; the split holds the currency."""
        return added(
            Amounts({part.key[CURRENCY]: _exact(value)})
            for part in self.parts
            if (value := self._value(part, MeasureKey("sum", of))) is not None
        )

    def greatest(self, of: str) -> Decimal | None:
        """The greatest value of a measure."""
        return max(map(_exact, self._values(MeasureKey("max", of))), default=None)

    def distinct(self, dimension: str) -> int:
        """How many values of the dimension have events; those without a value are not counted."""
        return len(self.named(dimension))

    def named(self, dimension: str) -> set[str]:
        """The values of the dimension that have events."""
        return {
            name
            for part in self.parts
            if (name := part.key[dimension]) is not None and self._value(part, COUNT)
        }

    def users(self) -> int | None:
        """How many distinct users; the source has no split."""
        found = self._single(USERS)
        return None if found is None else int(found)

    def quantile(self, of: str, q: float) -> float | None:
        """A quantile of a measure; the source has no split."""
        found = self._single(MeasureKey("quantile", of, q))
        return None if found is None else float(found)

    def _single(self, key: MeasureKey) -> Value:
        if not self.whole:
            return None
        if not self.parts:
            return 0 if key.of is None else None
        (part,) = self.parts
        return self._value(part, key)

    def _values(self, key: MeasureKey) -> Iterable[int | float | Decimal]:
        return (value for part in self.parts if (value := self._value(part, key)) is not None)

    def _value(self, part: Part, key: MeasureKey) -> Value:
        return part.columns.values[key][self.row]

    def _pick(self, dimension: str, values: tuple[str | None, ...], *, wanted: bool) -> "Tally":
        known = (dimension, values, wanted)
        if known not in self._picked:
            parts = [part for part in self.parts if (part.key[dimension] in values) is wanted]
            self._picked[known] = Tally(tuple(parts), self.row, self.whole)
        return self._picked[known]


def _exact(value: int | float | Decimal) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(value)
