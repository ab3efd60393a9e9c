"""Sections made of figures: a range, a condition, and any of its kinds."""

from dataclasses import dataclass

from domain.questions import Filter
from resolvers.figure_reads import FiguresAsked
from resolvers.figure_rows import FigureRows, RowsAsked, figure_rows
from resolvers.figure_series import FigureTimeline, SeriesAsked, figure_series
from resolvers.figure_totals import FigureTotals, figure_totals
from resolvers.section_parts import Section


@dataclass(frozen=True, slots=True)
class FigureSection:
    """Events of a range that meet a condition."""

    section: Section
    filter: Filter | None

    async def totals(self, asked: FiguresAsked) -> FigureTotals:
        """Figures of all of them."""
        return await self.section.part(figure_totals(self.section.scope, self.section.span, asked))

    async def rows(self, asked: RowsAsked) -> FigureRows:
        """Figures group by group."""
        return await self.section.part(figure_rows(self.section.scope, self.section.span, asked))

    async def series(self, asked: SeriesAsked) -> FigureTimeline:
        """Figures over time."""
        return await self.section.part(figure_series(self.section.scope, self.section.span, asked))
