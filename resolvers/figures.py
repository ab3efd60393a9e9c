"""Figures of one group as the contract shows them: now, before, and how they compare."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from domain.amounts import Amounts
from domain.comparison import ratio
from domain.figures import FigureValue, Kind, Tallies, mixed
from domain.questions import Warning
from resolvers.answers import Buckets


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one group; those that were not selected were not read."""

    kind: Kind
    tallies: Tallies
    _values: dict[str, FigureValue] = field(default_factory=dict, compare=False, repr=False)

    def value(self, name: str) -> FigureValue:
        """The figure of that name."""
        if name not in self._values:
            self._values[name] = self.kind.figures[name].value(self.tallies)
        return self._values[name]

    def warnings(self, names: Iterable[str]) -> Iterator[Warning]:
        """What to know about these figures."""
        for name in sorted(names):
            figure = self.kind.figures[name]
            said = figure.warning(self.tallies) if figure.warning else None
            yield from (each for each in (mixed(name, self.value(name)), said) if each)


@dataclass(frozen=True, slots=True)
class FigureChange:
    """How many times its earlier value each figure is; None where that is 0, unknown or in other money."""

    now: Figures
    before: Figures

    def value(self, name: str) -> float | None:
        """The ratio of the figure of that name."""
        now, before = self.now.value(name), self.before.value(name)
        if isinstance(now, Amounts) and isinstance(before, Amounts):
            return _ratio_of_totals(now, before)
        if isinstance(now, Amounts) or isinstance(before, Amounts):
            return None
        return ratio(now, before)


@dataclass(frozen=True, slots=True)
class Compared:
    """The figures of a group and those of its earlier self."""

    figures: Figures
    previous: Figures | None

    @property
    def change(self) -> FigureChange | None:
        return None if self.previous is None else FigureChange(self.figures, self.previous)


@dataclass(frozen=True, slots=True)
class FigureColumns:
    """The figures of one series, a column each: amounts are of one currency."""

    figures: Figures
    buckets: Buckets
    length: int

    @property
    def start(self) -> object:
        return self.buckets.start

    @property
    def end(self) -> object:
        return self.buckets.end

    @property
    def complete(self) -> object:
        return self.buckets.complete

    def column(self, name: str) -> Sequence[float | int | None]:
        """One figure in every bucket; exact numbers as the nearest floats."""
        rows = (_at(self.figures, row) for row in range(self.length))
        return self.buckets.lined_up([_plain(each.value(name)) for each in rows])


def _at(figures: Figures, row: int) -> Figures:
    tallies = {source: tally.at(row) for source, tally in figures.tallies.items()}
    return Figures(figures.kind, tallies)


def _plain(value: FigureValue) -> float | int | None:
    if isinstance(value, Amounts):
        value = None if value.total is None else value.total.amount
    return float(value) if isinstance(value, Decimal) else value


def _ratio_of_totals(now: Amounts, before: Amounts) -> float | None:
    current, earlier = now.total, before.total
    if current is None or earlier is None or current.currency != earlier.currency:
        return None
    return ratio(current.amount, earlier.amount)
