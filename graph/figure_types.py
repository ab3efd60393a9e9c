"""The GraphQL types of a kind of figures: of a total, of a change, of groups and of columns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

import strawberry

from domain.figures import Figure, Kind
from domain.questions import Filter
from graph.fields import computed
from graph.scalars import BooleanColumn, DateTimeColumn, FloatColumn, Long
from graph.selection import Selection
from graph.types.meta import Meta
from graph.types.money import Amounts
from resolvers.figure_reads import FiguresAsked
from resolvers.figure_rows import FigureRow
from resolvers.figure_totals import FigureTotals
from resolvers.figures import Compared, FigureChange, FigureColumns, Figures

Members = dict[str, tuple[Any, Any]]

_SHOWN: Mapping[str, Any] = {
    "whole": Long,
    "count": Long | None,
    "number": float | None,
    "exact": Decimal | None,
    "money": Amounts,
}
_NO_COMPARISON = "null without compareTo."
_CURRENCY = "The currency of its amounts; null where no amount is shown."


@dataclass(frozen=True)
class KindTypes:
    """The types of one kind, each made once. Groups may have `more` members than the figures."""

    kind: Kind
    more: Members = field(default_factory=dict)

    @cached_property
    def one(self) -> Any:
        """The figures of one total."""
        return self._type("", self._members(_value_of))

    @cached_property
    def overview(self) -> Any:
        """The figures of a total with those of the earlier one."""
        return self._type("Overview", self._compared())

    @cached_property
    def groups(self) -> Any:
        """The first groups, and the rest."""
        key = (str | None, _plain("The group's value; null for events without one."))
        group = self._type("Group", {"key": key, **self._compared(), **self.more}, "One group.")
        members: Members = {
            "rows": (list[group], _plain("The first groups, in order.")),  # type: ignore[valid-type]
            "other": (
                self.one | None,
                _plain("All other groups together; null where rows holds all of them."),
            ),
            "total_groups": (int, _plain("How many groups there are.")),
            "meta": (Meta, _plain("How good the answer is.")),
        }
        return self._type("Groups", members, "The first groups, and the rest.")

    @cached_property
    def series(self) -> Any:
        """The figures over time."""
        columns = self._type(
            "Columns", {**_buckets(), **self._members(_column_of)}, "A column for each figure."
        )
        keyed = self._type(
            "Series",
            {
                "key": (str | None, _plain("The group's value; null without groups.")),
                "currency": (str | None, _plain(_CURRENCY)),
                "columns": (columns, _plain("Its figures, a column each.")),
            },
            "The buckets of one group, in one currency.",
        )
        members: Members = {
            "series": (
                list[keyed],  # type: ignore[valid-type]
                _plain("One per group and currency, the one with the most events first."),
            ),
            "previous": (
                list[keyed] | None,  # type: ignore[valid-type]
                _plain(f"The same over the range compared to; {_NO_COMPARISON}"),
            ),
            "meta": (Meta, _plain("How good the answer is.")),
        }
        return self._type("TimeSeries", members, "Figures over time.")

    def total_of(self, selection: Selection, filter: Filter | None) -> FiguresAsked:
        """What an overview needs."""
        change = self._named(selection.at("change"))
        own = self._named(selection) | change
        return self._asked(own, self._named(selection.at("previous")) | change, filter)

    def groups_of(self, selection: Selection, filter: Filter | None) -> FiguresAsked:
        """What groups and the rest need."""
        rows = self.total_of(selection.at("rows"), filter)
        return self._asked(rows.names | self._named(selection.at("other")), rows.compared, filter)

    def series_of(self, selection: Selection, filter: Filter | None) -> FiguresAsked:
        """What columns need."""
        now, before = (
            self._named(selection.at(each, "columns")) for each in ("series", "previous")
        )
        compared = before or (frozenset({self.kind.rank}) if "previous" in selection else before)
        return self._asked(now | compared, compared, filter)

    def _asked(
        self, names: frozenset[str], compared: frozenset[str], filter: Filter | None
    ) -> FiguresAsked:
        return FiguresAsked(self.kind, names or frozenset({self.kind.rank}), compared, filter)

    def _named(self, selection: Selection) -> frozenset[str]:
        return frozenset(name for name in self.kind.figures if name in selection)

    def _compared(self) -> Members:
        return {
            **self._members(_value_of),
            "previous": _of_compared(
                f"The same over the range compared to; {_NO_COMPARISON}",
                self.one | None,
                lambda compared: compared.previous,
            ),
            "change": _of_compared(
                f"How many times previous the figures are; {_NO_COMPARISON}",
                self._change | None,
                lambda compared: compared.change,
            ),
        }

    @cached_property
    def _change(self) -> Any:
        said = "How many times its earlier value each figure is; null where that is 0 or unknown."
        return self._type("Change", self._members(_change_of), said)

    def _members(self, show: "_Show") -> Members:
        return {name: show(name, figure) for name, figure in self.kind.figures.items()}

    def _type(self, suffix: str, members: Members, said: str = "") -> Any:
        """A type whose members are annotations with their fields."""
        name = self.kind.name + suffix
        body: dict[str, Any] = {key: declared for key, (_, declared) in members.items()}
        body["__annotations__"] = {key: shown for key, (shown, _) in members.items()}
        description = said if suffix == "Change" else f"{said} {self.kind.description}".strip()
        return strawberry.type(type(name, (), body), name=name, description=description)


_Show = Callable[[str, Figure], tuple[Any, Any]]


def _value_of(name: str, figure: Figure) -> tuple[Any, Any]:
    def shown(root: strawberry.Parent[Any]) -> object:
        found: Figures | FigureRow | FigureTotals = root
        return (found if isinstance(found, Figures) else found.compared.figures).value(name)

    return _field(figure, _SHOWN[figure.shape], shown)


def _of_compared(
    description: str, shown_as: Any, pick: Callable[[Compared], object]
) -> tuple[Any, Any]:
    def shown(root: strawberry.Parent[Any]) -> object:
        found: FigureRow | FigureTotals = root
        return pick(found.compared)

    return shown_as, computed(description, shown_as)(shown)


def _change_of(name: str, figure: Figure) -> tuple[Any, Any]:
    def shown(root: strawberry.Parent[FigureChange]) -> object:
        return root.value(name)

    return _field(figure, float | None, shown)


def _column_of(name: str, figure: Figure) -> tuple[Any, Any]:
    def shown(root: strawberry.Parent[FigureColumns]) -> object:
        return root.column(name)

    return _field(figure, FloatColumn, shown)


def _field(figure: Figure, shown_as: Any, resolve: Callable[..., object]) -> tuple[Any, Any]:
    return shown_as, computed(figure.description, shown_as)(resolve)


def _plain(description: str) -> Any:
    return strawberry.field(description=description)


def _buckets() -> Members:
    whole = "Whether each bucket is whole: inside of the range and over."
    return {
        "start": (DateTimeColumn, _plain("Where each bucket starts.")),
        "end": (DateTimeColumn, _plain("Where each bucket ends, itself outside.")),
        "complete": (BooleanColumn, _plain(whole)),
    }
