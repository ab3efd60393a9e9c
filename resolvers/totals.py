"""The total of a condition on one event type, beside an earlier one: what the figures of a section show."""

from dataclasses import dataclass

from domain.questions import Filter, Frame, MeasureKey, Read
from resolvers.answers import Aggregates, Ratios
from resolvers.conditions import condition_on
from resolvers.measures import checked_measures
from resolvers.scope import Scope
from resolvers.windows import Meta, Window, meta


@dataclass(frozen=True, slots=True)
class TotalsAsked:
    """What is selected: `measures` of the range itself, `earlier_measures` of the one compared to."""

    event_type: str
    filter: Filter | None
    measures: frozenset[MeasureKey]
    earlier_measures: frozenset[MeasureKey]


@dataclass(frozen=True, slots=True)
class Totals:
    """The measures of a range and, where one was asked for, of the earlier range."""

    aggregates: Aggregates
    previous: Aggregates | None
    meta: Meta

    @property
    def change(self) -> Ratios | None:
        """How the range compares to the earlier one."""
        return None if self.previous is None else Ratios(self.aggregates, self.previous)


async def totals(scope: Scope, span: Window, asked: TotalsAsked) -> Totals:
    """One read, and one more of the earlier range where there is one."""
    event_type = scope.event_type(asked.event_type)
    condition = condition_on(scope, event_type, asked.filter)
    measures = checked_measures(asked.measures, event_type)
    reads = [Read(event_type.name, span.edges, measures, filter=condition)]
    earlier = span.earlier_edges()
    if earlier is not None:
        wanted = checked_measures(asked.earlier_measures, event_type)
        reads.append(Read(event_type.name, earlier, wanted, filter=condition))
    frames = await scope.loaders.frames.all(reads)
    return Totals(_total(frames[0]), _total(frames[1]) if frames[1:] else None, meta(span, frames))


def _total(frame: Frame) -> Aggregates:
    return Aggregates(frame.groups[()])
