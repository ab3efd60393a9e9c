"""What may be asked: event types, their dimensions, measures and the dimension sets that are rolled up."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain

from domain.errors import InvalidInput, UnknownName

ALL_EVENTS = "*"
"""The event type that stands for every event; its dimension `eventType` gives the counts by type."""

DEFAULT_MAX_KEYS = 10_000
"""How many keys one bucket of a set holds where the event type does not say."""

MAX_SET_DIMENSIONS = 4
"""How many dimensions one rolled-up set may hold: rollup rows keep them in four columns."""

TEXT_COLUMNS: Mapping[str, str] = {
    "eventType": "event_type",
    "source": "source",
    "userId": "user_id",
    "deviceId": "device_id",
    "sessionId": "session_id",
    "provider": "provider",
    "currency": "currency",
    "statusCode": "status_code",
    "errorMessage": "error_message",
}
"""Event fields that may be dimensions, and their columns."""

NUMBER_COLUMNS: Mapping[str, str] = {
    "durationMs": "duration_ms",
    "value": "value",
    "cost": "cost",
}
"""Event fields that may be measures, and their columns."""

PROPERTY_PREFIX = "properties."


@dataclass(frozen=True, slots=True)
class Dimension:
    """A text attribute to group and filter by. `source` is an event field or `properties.<path>`."""

    name: str
    source: str
    description: str


@dataclass(frozen=True, slots=True)
class Measure:
    """A number of an event. `money` is in the event's currency and never added across currencies."""

    name: str
    source: str
    unit: str
    description: str
    money: bool = False


class Area(StrEnum):
    """Whose business a type of events is; `domain/policy.py` says which roles that are."""

    OPS = "ops"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class EventType:
    """One kind of event. `rollups` holds every rolled-up dimension set, each sorted, the smallest first.

    `raw_days`: how many days raw events are kept from their receipt; None follows the setting, 0 keeps them.
    `max_keys`: how many keys one bucket of a set holds before the smallest are folded into "other".
    `area`: who may ask about it, where the policy does not name the type; None is admins alone.
    """

    name: str
    description: str
    dimensions: Mapping[str, Dimension]
    measures: Mapping[str, Measure]
    rollups: tuple[tuple[str, ...], ...]
    raw_days: int | None = None
    max_keys: int = DEFAULT_MAX_KEYS
    area: Area | None = None

    def dimension(self, name: str, *, field: str | None = None) -> Dimension:
        """The dimension of that name, or an error that lists the valid ones."""
        found = self.dimensions.get(name)
        if found is None:
            raise UnknownName("dimension", name, self.dimensions, field=field)
        return found

    def measure(self, name: str, *, field: str | None = None) -> Measure:
        """The measure of that name, or an error that lists the valid ones."""
        found = self.measures.get(name)
        if found is None:
            raise UnknownName("measure", name, self.measures, field=field)
        return found

    @property
    def has_money(self) -> bool:
        """Whether any measure is an amount of money."""
        return any(measure.money for measure in self.measures.values())

    def rollup_for(self, needed: Iterable[str]) -> tuple[str, ...] | None:
        """The smallest rolled-up set that holds all `needed` dimensions; None where there is none."""
        wanted = frozenset(needed)
        return next((chosen for chosen in self.rollups if wanted <= frozenset(chosen)), None)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every event type by name, and a version that changes whenever an answer could."""

    types: Mapping[str, EventType]
    version: str = field(default="")

    def event_type(self, name: str, *, field: str | None = None) -> EventType:
        """The event type of that name, or an error that lists the valid ones."""
        found = self.types.get(name)
        if found is None:
            raise UnknownName("event type", name, self.types, field=field)
        return found

    @property
    def recordable(self) -> tuple[str, ...]:
        """The types that events may have: all but the one that stands for every event."""
        return tuple(name for name in self.types if name != ALL_EVENTS)


def event_type(
    name: str,
    description: str,
    *,
    dimensions: Iterable[Dimension],
    measures: Iterable[Measure] = (),
    combinations: Iterable[Iterable[str]] = (),
    raw_days: int | None = None,
    max_keys: int = DEFAULT_MAX_KEYS,
    area: Area | None = None,
) -> EventType:
    """An event type whose sets are: none, each dimension alone, and the named combinations.

    Where a measure is money, each set but the empty one has the currency too, so that amounts stay apart.
    """
    by_name = {dimension.name: dimension for dimension in dimensions}
    numbers = {measure.name: measure for measure in measures}
    money = any(measure.money for measure in numbers.values())
    if money and "currency" not in by_name:
        raise InvalidInput(
            f"Event type {name!r} has a money measure and no dimension 'currency'.",
            field=f"types.{name}.dimensions",
        )
    return EventType(
        name=name,
        description=description,
        dimensions=by_name,
        measures=numbers,
        rollups=_rollup_sets(by_name, combinations, money=money, type_name=name),
        raw_days=raw_days,
        max_keys=max_keys,
        area=area,
    )


def catalogue_of(types: Iterable[EventType]) -> Catalogue:
    """A catalogue of these types, its version drawn from all that they say."""
    by_name = {each.name: each for each in types}
    digest = hashlib.blake2b(repr(sorted(by_name.items())).encode(), digest_size=8)
    return Catalogue(types=by_name, version=digest.hexdigest())


def _rollup_sets(
    dimensions: Mapping[str, Dimension],
    combinations: Iterable[Iterable[str]],
    *,
    money: bool,
    type_name: str,
) -> tuple[tuple[str, ...], ...]:
    named = [tuple(sorted(each)) for each in combinations]
    for name in chain.from_iterable(named):
        if name not in dimensions:
            raise UnknownName(
                "dimension", name, dimensions, field=f"types.{type_name}.combinations"
            )
    sets = {(), *((name,) for name in dimensions), *named}
    if money:
        sets = {()} | {tuple(sorted({*each, "currency"})) for each in sets}
    too_wide = next((each for each in sets if len(each) > MAX_SET_DIMENSIONS), None)
    if too_wide is not None:
        raise InvalidInput(
            f"The combination {', '.join(too_wide)} has {len(too_wide)} dimensions"
            f" (currency included); at most {MAX_SET_DIMENSIONS} can be rolled up together.",
            field=f"types.{type_name}.combinations",
        )
    return tuple(sorted(sets, key=lambda each: (len(each), each)))
