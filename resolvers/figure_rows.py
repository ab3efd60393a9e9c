"""Figures group by group: the first by one of them, and the rest together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from domain.amounts import Amounts
from domain.figures import FigureValue
from domain.limits import check_page
from domain.questions import GroupKey
from resolvers.figure_reads import CountedTwice, FiguresAsked, counted_twice
from resolvers.figures import Compared, Figures
from resolvers.scope import Scope
from resolvers.windows import Meta, Window, meta


@dataclass(frozen=True, slots=True)
class RowsAsked:
    """Which groups, in which order; `order_by` None is what the kind ranks by."""

    figures: FiguresAsked
    dimension: str
    first: int
    order_by: str | None = None
    descending: bool = True


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One group, in a range that ends at `until`."""

    key: str | None
    until: datetime
    compared: Compared


@dataclass(frozen=True, slots=True)
class FigureRows:
    """The answer, its rows in the order asked for."""

    rows: list[FigureRow]
    other: Figures | None
    total_groups: int
    meta: Meta


async def figure_rows(scope: Scope, span: Window, asked: RowsAsked) -> FigureRows:
    """All groups are read, in one statement with those of the earlier range; the first are shown."""
    kind = asked.figures.kind
    order = asked.order_by or kind.rank
    kind.figure(order)
    check_page(asked.first, scope.limits.breakdown_rows)
    wanted = replace(asked.figures, names=asked.figures.names | {order})
    by = (kind.dimension(asked.dimension),)
    found = await counted_twice(scope, wanted, span.edges, span.earlier_edges(), by)
    keys = _ranked(found, order, descending=asked.descending)
    shown, rest = keys[: asked.first], keys[asked.first :]
    rows = [FigureRow(key[0], span.interval.end, found.group(key)) for key in shown]
    names = asked.figures.names
    warnings = [each for row in rows for each in row.compared.figures.warnings(names)]
    left_out = rest or any(found.now.rest.values())
    return FigureRows(
        rows=rows,
        other=found.together(rest).figures if left_out else None,
        total_groups=len(keys),
        meta=meta(span, found.frames, warnings=warnings),
    )


def _ranked(found: CountedTwice, order: str, *, descending: bool) -> list[GroupKey]:
    """Groups by the figure; where that is unknown or in several currencies, last and by their events."""
    sign = -1 if descending else 1
    ranked: list[tuple[tuple[bool, Decimal, int, bool, str], GroupKey]] = []
    for key in found.now.keys:
        figures = found.current(key)
        number = _number(figures.value(order))
        events = sum(tally.count() for tally in figures.tallies.values())
        place = (number is None, sign * (number or Decimal(0)), -events, *_last_if_none(key))
        ranked.append((place, key))
    return [key for _, key in sorted(ranked)]


def _last_if_none(key: Sequence[str | None]) -> tuple[bool, str]:
    return key[0] is None, key[0] or ""


def _number(value: FigureValue) -> Decimal | None:
    if isinstance(value, Amounts):
        return None if value.total is None else value.total.amount
    return None if value is None else Decimal(value)
