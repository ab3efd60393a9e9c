"""Measures held against the catalogue before anything is read."""

from collections.abc import Iterable

from domain.catalogue import EventType
from domain.errors import InvalidInput
from domain.questions import COUNT, MeasureKey


def checked_measures(keys: Iterable[MeasureKey], event_type: EventType) -> frozenset[MeasureKey]:
    """The measures, each known to the event type; the count alone where none is asked for."""
    wanted = frozenset(keys)
    for key in wanted:
        checked_measure(key, event_type)
    return wanted or frozenset({COUNT})


def checked_measure(key: MeasureKey, event_type: EventType, *, field: str = "of") -> MeasureKey:
    """A measure that the event type has, with a quantile from 0 to 1 where it takes one."""
    if key.of is not None:
        event_type.measure(key.of, field=field)
    if key.q is not None and not 0 <= key.q <= 1:
        raise InvalidInput(
            f"The quantile {key.q} is not from 0 to 1; the median is 0.5.",
            code="INVALID_QUANTILE",
            field="q",
        )
    return key
