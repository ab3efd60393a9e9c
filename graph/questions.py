"""Questions about any event type."""

from typing import Annotated

import strawberry

from domain import buckets, fill
from domain.catalogue import ALL_EVENTS
from domain.limits import Limits
from domain.questions import COUNT, USERS, MeasureKey
from graph.arguments import (
    UTC,
    After,
    CompareTo,
    Condition,
    EventTypeName,
    EventTypeOrAll,
    Range,
    Zone,
    when,
)
from graph.fields import computed
from graph.inputs import Direction, Fill, Granularity, OrderInput
from graph.selection import selection_of
from graph.types.answers import Breakdown, Summary, TimeSeries
from graph.types.events import EventConnection
from resolvers.breakdown import BreakdownAsked, breakdown
from resolvers.events import EventsAsked, events
from resolvers.scope import Scope
from resolvers.summary import SummaryAsked, summary
from resolvers.timeseries import TimeSeriesAsked, timeseries

Info = strawberry.Info[Scope, None]

_FIRST_GROUPS = 10
_FIRST_EVENTS = Limits().default_page_size


@strawberry.type
class Questions:
    @computed(
        "How many events there are, by how many users, of which types.",
        Summary | None,
    )
    async def summary(
        self,
        info: Info,
        range: Range,
        event_types: Annotated[
            list[str] | None,
            strawberry.argument(description="Only these types; all that you may see without it."),
        ] = None,
        filter: Condition = None,
        time_zone: Zone = UTC,
        compare_to: CompareTo = None,
    ) -> object:
        selected = selection_of(info)
        change = selected.at("change").measures()
        own = ((COUNT, "totalEvents"), (USERS, "uniqueUsers"))
        asked = SummaryAsked(
            when=when(range, time_zone, compare_to),
            event_types=None if event_types is None else tuple(event_types),
            filter=None if filter is None else filter.tree(),
            measures=selected.at("totals").measures()
            | change
            | {key for key, name in own if name in selected},
            earlier_measures=selected.at("previous").measures() | change,
            by_type="eventsByType" in selected,
        )
        return await summary(info.context, asked)

    @computed("Measures of one event type over time.", TimeSeries | None)
    async def timeseries(
        self,
        info: Info,
        event_type: EventTypeName,
        range: Range,
        granularity: Annotated[
            Granularity | None, strawberry.argument(description="The length of buckets.")
        ] = Granularity.AUTO,
        max_points: Annotated[
            int | None, strawberry.argument(description="How many buckets at most.")
        ] = None,
        group_by: Annotated[
            list[str] | None,
            strawberry.argument(description="Dimensions; one series for each of their values."),
        ] = None,
        filter: Condition = None,
        fill: Annotated[
            Fill | None,
            strawberry.argument(
                description="What columns hold where a bucket has no events; without it, counts"
                " are 0 and the rest null."
            ),
        ] = None,
        time_zone: Zone = UTC,
        compare_to: CompareTo = None,
    ) -> object:
        asked = TimeSeriesAsked(
            event_type=event_type,
            when=when(range, time_zone, compare_to),
            granularity=buckets.Granularity[(granularity or Granularity.AUTO).name],
            max_points=max_points,
            group_by=tuple(group_by or ()),
            filter=None if filter is None else filter.tree(),
            fill=_fill(fill),
            measures=_series_measures(info),
            as_points=_as_points(info),
        )
        return await timeseries(info.context, asked)

    @computed(
        "The largest groups of one event type by one dimension, and the rest.",
        Breakdown | None,
    )
    async def breakdown(
        self,
        info: Info,
        event_type: EventTypeName,
        dimension: Annotated[
            str, strawberry.argument(description="A dimension of the event type.")
        ],
        range: Range,
        filter: Condition = None,
        order_by: Annotated[
            OrderInput | None,
            strawberry.argument(description="How groups are ordered; by count without it."),
        ] = None,
        first: Annotated[
            int | None, strawberry.argument(description="How many groups to list.")
        ] = _FIRST_GROUPS,
        time_zone: Zone = UTC,
        compare_to: CompareTo = None,
    ) -> object:
        selected, order = selection_of(info), order_by or OrderInput()
        rows = selected.at("rows")
        change = rows.at("change").measures()
        asked = BreakdownAsked(
            event_type=event_type,
            dimension=dimension,
            when=when(range, time_zone, compare_to),
            filter=None if filter is None else filter.tree(),
            order=order.measure(),
            descending=order.direction is Direction.DESC,
            first=_FIRST_GROUPS if first is None else first,
            measures=rows.at("aggregates").measures() | selected.at("other").measures() | change,
            earlier_measures=rows.at("previous").measures() | change,
        )
        return await breakdown(info.context, asked)

    @computed(
        "The raw events behind a number, as far back as they are kept.",
        EventConnection | None,
    )
    async def events(
        self,
        info: Info,
        range: Range,
        event_type: EventTypeOrAll = ALL_EVENTS,
        filter: Condition = None,
        user_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only this user's events.")
        ] = None,
        time_zone: Zone = UTC,
        first: Annotated[
            int | None, strawberry.argument(description="How many events a page has.")
        ] = _FIRST_EVENTS,
        after: After = None,
    ) -> object:
        asked = EventsAsked(
            when=when(range, time_zone),
            event_type=event_type or ALL_EVENTS,
            filter=None if filter is None else filter.tree(),
            user_id=user_id,
            first=_FIRST_EVENTS if first is None else first,
            after=after,
        )
        return await events(info.context, asked)


def _series_measures(info: Info) -> frozenset[MeasureKey]:
    selected = selection_of(info)
    series = (selected.at("series"), selected.at("previous"))
    return frozenset().union(
        *(each.at("columns").measures() for each in series),
        *(each.at("points", "aggregates").measures() for each in series),
    )


def _as_points(info: Info) -> bool:
    selected = selection_of(info)
    return any("points" in selected.at(name) for name in ("series", "previous"))


def _fill(chosen: Fill | None) -> fill.Fill | None:
    return None if chosen is None else fill.Fill[chosen.name]
