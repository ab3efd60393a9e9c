"""Which events a question counts: its own condition, and what the caller may see."""

from collections.abc import Sequence

from domain.catalogue import ALL_EVENTS, EventType
from domain.errors import InvalidInput
from domain.filters import validated
from domain.policy import confined
from domain.questions import Filter
from resolvers.scope import Scope


def condition_on(scope: Scope, event_type: EventType, filter: Filter | None) -> Filter | None:
    """The checked condition; on all events also that they are of types that the caller may see."""
    own = None if filter is None else validated(filter, event_type)
    if event_type.name != ALL_EVENTS:
        return own
    return confined(scope.caller.role, scope.rooms.catalogue, own)


def of_types(scope: Scope, names: Sequence[str] | None, filter: Filter | None) -> Filter | None:
    """The checked condition on all events, of these types alone where any are named."""
    everything = scope.rooms.catalogue.types[ALL_EVENTS]
    if names is None:
        return condition_on(scope, everything, filter)
    if not names:
        raise InvalidInput(
            "eventTypes names no type; leave it out for all of them.",
            code="INVALID_FILTER",
            field="eventTypes",
        )
    chosen = [scope.event_type(name, field="eventTypes").name for name in dict.fromkeys(names)]
    if ALL_EVENTS in chosen:
        return condition_on(scope, everything, filter)
    own = Filter(dimension="eventType", isin=tuple(chosen))
    return own if filter is None else Filter(all_of=(own, validated(filter, everything)))


def joined(first: Filter | None, second: Filter | None) -> Filter | None:
    """Both conditions at once."""
    if first is None or second is None:
        return first or second
    return Filter(all_of=(first, second))
