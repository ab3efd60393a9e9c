"""Sections: several answers about one range, each computed where it is selected and failing alone."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from domain.buckets import Granularity
from domain.questions import Filter, MeasureKey, Warning
from resolvers.breakdown import Breakdown, BreakdownAsked, breakdown
from resolvers.scope import Scope
from resolvers.timeseries import TimeSeries, TimeSeriesAsked, timeseries
from resolvers.totals import Totals, TotalsAsked, totals
from resolvers.windows import Meta, When, Window, resolved, window


class Part(Protocol):
    """An answer that says how good it is."""

    @property
    def meta(self) -> Meta: ...


P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True)
class Selected:
    """The measures that a selection needs: of the range, and of the one compared to."""

    measures: frozenset[MeasureKey]
    earlier: frozenset[MeasureKey] = frozenset()


@dataclass(frozen=True, slots=True)
class Section:
    """One range, asked about by one caller. A part that is not selected is never made."""

    scope: Scope
    when: When
    span: Window
    above: "Section | None" = None
    _parts: list[asyncio.Future[Any]] = field(default_factory=list)

    @classmethod
    def of(cls, scope: Scope, when: When) -> "Section":
        """The section of a range; raises what `window` raises."""
        return cls(scope, when, window(scope, when))

    def nested(self) -> "Section":
        """A section of the same range inside of this one, whose parts are this one's too."""
        return Section(self.scope, self.when, self.span, above=self)

    async def part(self, answering: Coroutine[Any, Any, P]) -> P:
        """An answer that the section's `meta` takes account of."""
        self.scope.loaders.beginnings.expect()
        task = asyncio.ensure_future(answering)
        self._note(task)
        return await task

    def _note(self, part: asyncio.Future[Any]) -> None:
        self._parts.append(part)
        if self.above is not None:
            self.above._note(part)

    async def together(self, *answering: Coroutine[Any, Any, P]) -> list[P]:
        """Several at once, so that they join one statement."""
        return await self.scope.loaders.beginnings.together(*answering)

    async def totals(self, event_type: str, filter: Filter | None, selected: Selected) -> Totals:
        """The figures of the events that meet a condition."""
        asked = TotalsAsked(event_type, filter, selected.measures, selected.earlier)
        return await self.part(totals(self.scope, self.span, asked))

    async def groups(
        self,
        event_type: str,
        dimension: str,
        filter: Filter | None,
        selected: Selected,
        order: "Order",
    ) -> Breakdown:
        """The figures of the largest groups, and of the rest."""
        asked = BreakdownAsked(
            event_type=event_type,
            dimension=dimension,
            when=self.when,
            filter=filter,
            order=order.by,
            descending=order.descending,
            first=order.first,
            measures=selected.measures,
            earlier_measures=selected.earlier,
        )
        return await self.part(breakdown(self.scope, asked))

    async def series(
        self, event_type: str, filter: Filter | None, selected: Selected, buckets: "Cut"
    ) -> TimeSeries:
        """The figures bucket by bucket."""
        asked = TimeSeriesAsked(
            event_type=event_type,
            when=self.when,
            granularity=buckets.granularity,
            max_points=buckets.max_points,
            group_by=buckets.group_by,
            filter=filter,
            fill=None,
            measures=selected.measures | selected.earlier,
            as_points=False,
        )
        return await self.part(timeseries(self.scope, asked))

    async def meta(self) -> Meta:
        """How good all selected parts are together; those that failed have errors of their own.

        The parts are beside the field that asks: they begin in the same turn of the loop, or one turn
        later for each level that they are deeper, so after some turns all of them are known.
        """
        for _ in range(_TURNS_TO_BEGIN):
            await asyncio.sleep(0)
            if self.scope.loaders.beginnings.over:
                break
        found = await asyncio.gather(*self._parts, return_exceptions=True)
        return merged(
            self.span, [each.meta for each in found if not isinstance(each, BaseException)]
        )


_TURNS_TO_BEGIN = 12


@dataclass(frozen=True, slots=True)
class Order:
    """Which groups come first, and how many are listed."""

    first: int
    by: MeasureKey
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Cut:
    """How a series is cut."""

    granularity: Granularity = Granularity.AUTO
    max_points: int | None = None
    group_by: tuple[str, ...] = ()


def merged(span: Window, metas: Sequence[Meta], warnings: Sequence[Warning] = ()) -> Meta:
    """One statement for several: the oldest moment, every source and every warning once."""
    said = [*(each for one in metas for each in one.warnings), *warnings]
    return Meta(
        range=resolved(span),
        as_of=min((one.as_of for one in metas), default=span.now),
        served_by=tuple(dict.fromkeys(each for one in metas for each in one.served_by)),
        warnings=tuple(dict.fromkeys(said)),
        cached=any(one.cached for one in metas),
    )
