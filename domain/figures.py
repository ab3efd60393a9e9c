"""Figures of a section: what each needs to be read, and how it follows from what was counted."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from domain.amounts import Amounts
from domain.errors import UnknownName
from domain.questions import MeasureKey, Warning
from domain.tallies import Source, Tally

Tallies = Mapping[Source, Tally]
FigureValue = int | float | Decimal | Amounts | None
Shape = Literal["whole", "count", "number", "exact", "money"]
Needs = Mapping[Source, frozenset[MeasureKey]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a section. `value` takes the tallies of what it `needs` and nothing else.

    A `whole` number is never null; a `count` is whole and may be unknown; an `exact` one is a decimal.
    """

    description: str
    shape: Shape
    needs: Needs
    value: Callable[[Tallies], FigureValue]
    warning: Callable[[Tallies], Warning | None] | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """Figures that are asked for together, by name.

    `dimensions` are those that they can be broken down by; `rank` is the figure that orders groups where
    the question names none. Of `keyed` sources only events that have the dimension are counted in groups.
    """

    name: str
    description: str
    figures: Mapping[str, Figure]
    rank: str
    dimensions: tuple[str, ...] = ()
    keyed: frozenset[Source] = frozenset()

    def has_money(self, names: Iterable[str]) -> bool:
        """Whether any of these figures is an amount: over time they make a series for each currency."""
        return any(self.figures[name].shape == "money" for name in names)

    def figure(self, name: str, *, of: str = "orderBy") -> Figure:
        """The figure of that name, or an error that lists the valid ones."""
        found = self.figures.get(name)
        if found is None:
            raise UnknownName("figure", name, self.figures, field=of)
        return found

    def dimension(self, name: str) -> str:
        """The dimension, or an error that lists the valid ones."""
        if name not in self.dimensions:
            raise UnknownName("dimension", name, self.dimensions, field="dimension")
        return name

    def needs(self, names: Iterable[str]) -> dict[Source, frozenset[MeasureKey]]:
        """What the figures of these names need, by source."""
        found: dict[Source, frozenset[MeasureKey]] = {}
        for name in names:
            for source, keys in self.figures[name].needs.items():
                found[source] = found.get(source, frozenset()) | keys
        return found


def needs(source: Source, *keys: MeasureKey) -> dict[Source, frozenset[MeasureKey]]:
    """What a figure of a single source needs."""
    return {source: frozenset(keys)}


def rate(part: Decimal | int | None, whole: Decimal | int | None) -> float | None:
    """A part of a whole; None where either is unknown or there is no whole."""
    return float(part / whole) if part is not None and whole else None


def mixed(name: str, value: FigureValue) -> Warning | None:
    """What to say of amounts in several currencies."""
    if not isinstance(value, Amounts) or not value.mixed:
        return None
    return Warning(
        "MIXED_CURRENCIES",
        f"{name} is in {', '.join(value.mixed)}, and amounts in different currencies are never added:"
        " the total is null, each currency is listed.",
    )
