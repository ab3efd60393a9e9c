"""All events of a range: how many, by how many users, of which types."""

from dataclasses import dataclass

from domain.catalogue import ALL_EVENTS
from domain.questions import COUNT, Filter, Frame, MeasureKey, Read, Value
from resolvers.answers import Aggregates, Ratios
from resolvers.conditions import of_types
from resolvers.measures import checked_measures
from resolvers.scope import Scope
from resolvers.sight import check_sight, of_groups
from resolvers.windows import Meta, When, meta, window


@dataclass(frozen=True, slots=True)
class SummaryAsked:
    """The question; what is not selected is not computed."""

    when: When
    event_types: tuple[str, ...] | None
    filter: Filter | None
    measures: frozenset[MeasureKey]
    earlier_measures: frozenset[MeasureKey]
    by_type: bool


@dataclass(frozen=True, slots=True)
class EventTypeCount:
    """How many events of one type there are."""

    event_type: str | None
    count: Value


@dataclass(frozen=True, slots=True)
class Summary:
    """The answer. `events_by_type` is empty where it was not selected."""

    totals: Aggregates
    previous: Aggregates | None
    events_by_type: list[EventTypeCount]
    meta: Meta

    @property
    def total_events(self) -> Value:
        return self.totals.count

    @property
    def unique_users(self) -> Value:
        return self.totals.unique_users

    @property
    def change(self) -> Ratios | None:
        """How the totals compare to the earlier ones."""
        return None if self.previous is None else Ratios(self.totals, self.previous)


async def summary(scope: Scope, asked: SummaryAsked) -> Summary:
    """One read for the totals, one by type, one of the earlier period: as far as they are selected."""
    everything = scope.rooms.catalogue.types[ALL_EVENTS]
    span = window(scope, asked.when)
    condition = of_types(scope, asked.event_types, asked.filter)
    await check_sight(scope, everything, span, (), asked.filter, condition)
    measures = checked_measures(asked.measures, everything)
    reads = {"totals": Read(ALL_EVENTS, span.edges, measures, filter=condition)}
    if asked.by_type:
        counted = frozenset({COUNT})
        types = Read(ALL_EVENTS, span.edges, counted, ("eventType",), condition)
        reads["types"] = of_groups(scope, types)
    earlier = span.earlier_edges()
    if earlier is not None:
        wanted = checked_measures(asked.earlier_measures, everything)
        reads["earlier"] = Read(ALL_EVENTS, earlier, wanted, filter=condition)
    loaded = await scope.loaders.frames.all(reads.values())
    frames = dict(zip(reads, loaded, strict=True))
    return Summary(
        totals=_total(frames["totals"]),
        previous=_total(frames["earlier"]) if earlier is not None else None,
        events_by_type=_by_type(frames["types"]) if asked.by_type else [],
        meta=meta(span, loaded),
    )


def _total(frame: Frame) -> Aggregates:
    return Aggregates(frame.groups[()])


def _by_type(frame: Frame) -> list[EventTypeCount]:
    counts = [
        EventTypeCount(key[0], Aggregates(columns).count) for key, columns in frame.groups.items()
    ]
    present = [each for each in counts if each.count]
    return sorted(present, key=lambda each: (-float(each.count or 0), each.event_type or ""))
