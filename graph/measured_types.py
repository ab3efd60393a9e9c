"""The GraphQL types of a table of figures: of one total, of a change, of groups and of columns."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import strawberry

from domain.comparison import ratio
from domain.questions import MeasureKey, Value
from graph.fields import computed
from graph.scalars import BooleanColumn, DateTimeColumn, FloatColumn, Long
from graph.selection import Selection
from graph.types.meta import Meta
from resolvers.answers import AggregateColumns, Aggregates, Ratios
from resolvers.breakdown import Breakdown, BreakdownRow
from resolvers.measured_figures import Figure, Figures
from resolvers.section_parts import Selected
from resolvers.timeseries import Series
from resolvers.totals import Totals

_Show = Callable[[Any, Figure], object]
_NO_COMPARISON = "null without compareTo."


def _of_total(root: Aggregates, figure: Figure) -> object:
    return _number(figure, figure.value(root))


def _of_current(root: Totals | BreakdownRow, figure: Figure) -> object:
    return _number(figure, figure.value(root.aggregates))


def _of_change(root: Ratios, figure: Figure) -> object:
    return ratio(figure.value(root.current), figure.value(root.earlier))


def _of_columns(root: AggregateColumns, figure: Figure) -> object:
    return root.each(lambda row: _number(figure, figure.value(row), column=True))


def _number(figure: Figure, value: Value, *, column: bool = False) -> object:
    if value is None or figure.whole or (figure.exact and not column):
        return value
    return float(value)


def _whole_root(root: Any) -> Any:
    return root


def _current(root: Totals | BreakdownRow) -> Aggregates:
    return root.aggregates


@dataclass(frozen=True)
class FigureTypes:
    """The types of one table, each made once."""

    figures: Figures

    @cached_property
    def one(self) -> Any:
        """The figures of one total."""
        return _type(self.figures.name, self.figures.description, self._fields("one", _of_total))

    @cached_property
    def change(self) -> Any:
        """How many times its earlier value each figure is."""
        return _type(
            f"{self.figures.name}Change",
            "How many times its earlier value each figure is; null where that is 0 or unknown.",
            self._fields("change", _of_change),
        )

    @cached_property
    def overview(self) -> Any:
        """The figures of a total with those of the earlier one."""
        name = f"{self.figures.name}Overview"
        return _type(name, self.figures.description, self._compared())

    @cached_property
    def group(self) -> Any:
        """The figures of one group with its earlier ones."""
        key = strawberry.field(description="The group's value; null for events without one.")
        return _type(
            f"{self.figures.name}Group",
            f"One group. {self.figures.description}",
            {"key": (str | None, key), **self._compared()},
        )

    @cached_property
    def groups(self) -> Any:
        """The largest groups, and the rest."""

        def rows(root: strawberry.Parent[Breakdown]) -> object:
            return root.rows

        members = {
            "rows": _field("The largest groups, in order.", list[self.group], rows),  # type: ignore[name-defined]
            "other": (
                self.one | None,
                strawberry.field(
                    description="All other groups together; null where rows holds all of them."
                ),
            ),
            "total_groups": (int, strawberry.field(description="How many groups there are.")),
            "meta": (Meta, strawberry.field(description="How good the answer is.")),
        }
        return _type(f"{self.figures.name}Groups", "The largest groups, and the rest.", members)

    @cached_property
    def columns(self) -> Any:
        """The figures of all buckets, a column each."""
        return _type(
            f"{self.figures.name}Columns",
            f"A column for each figure. {self.figures.description}",
            {**_buckets(), **self._fields("columns_inside", _of_columns)},
        )

    @cached_property
    def columns_inside(self) -> Any:
        """Columns of figures that are a part of others."""
        return _type(
            f"{self.figures.name}Columns",
            self.figures.description,
            self._fields("columns_inside", _of_columns),
        )

    @cached_property
    def series(self) -> Any:
        """The figures over time, one series per group."""
        columns = self.columns
        keyed = _type(
            f"{self.figures.name}Series",
            "The buckets of one group.",
            {
                "key": _field("The group's value; null without groups.", str | None, _series_key),
                "columns": (columns, strawberry.field(description="Its figures, a column each.")),
            },
        )
        return _type(
            f"{self.figures.name}TimeSeries",
            "Figures over time.",
            {
                "series": (
                    list[keyed],  # type: ignore[valid-type]
                    strawberry.field(description="One per group, the largest first."),
                ),
                "previous": (
                    list[keyed] | None,  # type: ignore[valid-type]
                    strawberry.field(
                        description=f"The same over the range compared to; {_NO_COMPARISON}"
                    ),
                ),
                "meta": (Meta, strawberry.field(description="How good the answer is.")),
            },
        )

    def selected(self, selection: Selection) -> Selected:
        """What an overview or a group needs."""
        change = self.measures(selection.at("change"))
        return Selected(
            self.measures(selection) | change, self.measures(selection.at("previous")) | change
        )

    def selected_groups(self, selection: Selection) -> Selected:
        """What groups and the rest need."""
        rows = self.selected(selection.at("rows"))
        return Selected(rows.measures | self.measures(selection.at("other")), rows.earlier)

    def selected_series(self, selection: Selection) -> Selected:
        """What columns need."""
        return Selected(
            self.measures(selection.at("series", "columns")),
            self.measures(selection.at("previous", "columns")),
        )

    def measures(self, selection: Selection) -> frozenset[MeasureKey]:
        """The measures of the selected figures."""
        return frozenset(_measures(self.figures, selection))

    def _compared(self) -> dict[str, tuple[Any, Any]]:
        previous = strawberry.field(
            description=f"The same over the range compared to; {_NO_COMPARISON}"
        )
        change = strawberry.field(
            description=f"How many times previous the figures are; {_NO_COMPARISON}"
        )
        return {
            **self._fields("one", _of_current, inside=_current),
            "previous": (self.one | None, previous),
            "change": (self.change | None, change),
        }

    def _fields(
        self, kind: str, show: _Show, inside: Callable[[Any], Any] = _whole_root
    ) -> dict[str, tuple[Any, Any]]:
        made = {}
        for name, member in self.figures.members.items():
            if isinstance(member, Figures):
                nested = getattr(types_of(member), kind)
                made[name] = _field(member.description, nested, inside)
            else:
                made[name] = _figure(member, show)
        return made


_MADE: dict[str, FigureTypes] = {}


def types_of(figures: Figures) -> FigureTypes:
    """The types of a table; the same for the same table."""
    made = _MADE.setdefault(figures.name, FigureTypes(figures))
    assert made.figures is figures, f"two tables of figures are called {figures.name}"
    return made


def _measures(figures: Figures, selection: Selection) -> Iterator[MeasureKey]:
    for name, member in figures.members.items():
        if name not in selection:
            continue
        if isinstance(member, Figures):
            yield from _measures(member, selection.at(name))
        else:
            yield from member.keys


def _figure(figure: Figure, show: _Show) -> tuple[Any, Any]:
    def shown(root: strawberry.Parent[Any]) -> object:
        return show(root, figure)

    return _field(figure.description, _shown_as(figure, show), shown)


def _shown_as(figure: Figure, show: _Show) -> Any:
    if show is _of_columns:
        return FloatColumn
    if show is _of_change:
        return float | None
    if figure.whole:
        return Long
    return Decimal | None if figure.exact else float | None


def _field(description: str, shown_as: Any, resolve: Callable[[Any], object]) -> tuple[Any, Any]:
    def shown(root: strawberry.Parent[Any]) -> object:
        return resolve(root)

    return shown_as, computed(description, shown_as)(shown)


def _type(name: str, description: str, members: Mapping[str, tuple[Any, Any]]) -> Any:
    """A type whose members are annotations with their fields."""
    body: dict[str, Any] = {name: field for name, (_, field) in members.items()}
    body["__annotations__"] = {name: kind for name, (kind, _) in members.items()}
    return strawberry.type(type(name, (), body), name=name, description=description)


def _buckets() -> dict[str, tuple[Any, Any]]:
    return {
        "start": (DateTimeColumn, strawberry.field(description="Where each bucket starts.")),
        "end": (
            DateTimeColumn,
            strawberry.field(description="Where each bucket ends, itself outside."),
        ),
        "complete": (
            BooleanColumn,
            strawberry.field(
                description="Whether each bucket is whole: inside of the range and over."
            ),
        ),
    }


def _series_key(root: Series) -> str | None:
    return root.key[0].value if root.key else None
