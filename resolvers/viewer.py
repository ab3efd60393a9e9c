"""Who asks, and what they may ask for."""

from dataclasses import dataclass

from domain.catalogue import Dimension, EventType, Measure
from domain.limits import Limits
from domain.policy import visible_types
from resolvers.scope import Scope


@dataclass(frozen=True, slots=True)
class Viewer:
    """The caller."""

    subject: str
    roles: list[str]
    limits: Limits


@dataclass(frozen=True, slots=True)
class ListedType:
    """An event type of the catalogue. `raw_retention_days` None: raw events are kept for good."""

    name: str
    description: str
    dimensions: list[Dimension]
    measures: list[Measure]
    rollups: tuple[tuple[str, ...], ...]
    raw_retention_days: int | None


def viewer(scope: Scope) -> Viewer:
    """The caller, as the token or key says."""
    return Viewer(scope.caller.subject, [scope.caller.role.value], scope.limits)


def catalogue(scope: Scope) -> list[ListedType]:
    """The event types that the caller may ask about."""
    return [
        _listed(each, scope.rooms.raw_days)
        for each in visible_types(scope.caller.role, scope.rooms.catalogue)
    ]


def _listed(event_type: EventType, default_days: int) -> ListedType:
    days = default_days if event_type.raw_days is None else event_type.raw_days
    return ListedType(
        event_type.name,
        event_type.description,
        list(event_type.dimensions.values()),
        list(event_type.measures.values()),
        event_type.rollups,
        days or None,
    )
