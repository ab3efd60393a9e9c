"""Figures of all events of a range."""

from dataclasses import dataclass

from resolvers.figure_reads import FiguresAsked, counted_twice
from resolvers.figures import Compared
from resolvers.scope import Scope
from resolvers.windows import Meta, Window, meta


@dataclass(frozen=True, slots=True)
class FigureTotals:
    """The answer."""

    compared: Compared
    meta: Meta


async def figure_totals(scope: Scope, span: Window, asked: FiguresAsked) -> FigureTotals:
    """The figures, and beside them those of the earlier range where one is compared."""
    found = await counted_twice(scope, asked, span.edges, span.earlier_edges())
    compared = found.together([()])
    warnings = compared.figures.warnings(asked.names)
    return FigureTotals(compared, meta(span, found.frames, warnings=warnings))
