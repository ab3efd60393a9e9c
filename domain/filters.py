"""Conditions on dimensions: what is accepted, and what they mean for one event."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from domain.catalogue import EventType
from domain.errors import InvalidInput, OverLimit
from domain.questions import Filter

DEEPEST = 10
"""How many conditions may stand inside each other."""

MOST_CONDITIONS = 100
"""How many dimensions one filter may test."""

MOST_VALUES = 1_000
"""How many values one `in` may list."""

LONGEST_VALUE = 500
"""Characters of a dimension's value, as events may have."""


def validated(filter: Filter, event_type: EventType, field: str | None = "filter") -> Filter:
    """The same condition with repeated values taken out; else an error that names what is wrong.

    UNKNOWN_DIMENSION, INVALID_FILTER (not exactly one form, an empty list, a value no event can have) or
    FILTER_TOO_LARGE (depth, conditions, values).
    """
    checked = _checked(filter, event_type, field, depth=1)
    conditions = sum(1 for _ in _leaves(checked))
    if conditions > MOST_CONDITIONS:
        raise _too_large(f"{conditions:,} conditions", MOST_CONDITIONS, field)
    return checked


def matches(filter: Filter, values: Mapping[str, str | None]) -> bool:
    """Whether an event with these dimension values meets the condition; an absent one is null.

    There are two truth values: `not` of "in" holds for null too.
    """
    if filter.dimension is not None:
        return values.get(filter.dimension) in filter.isin
    if filter.negated is not None:
        return not matches(filter.negated, values)
    if filter.all_of:
        return all(matches(part, values) for part in filter.all_of)
    return any(matches(part, values) for part in filter.any_of)


def _checked(filter: Filter, event_type: EventType, field: str | None, depth: int) -> Filter:
    if depth > DEEPEST:
        raise _too_large(f"more than {DEEPEST} levels", DEEPEST, field)
    _check_form(filter, field)
    if filter.dimension is not None:
        return _checked_leaf(filter, event_type, field)

    def inner(part: Filter) -> Filter:
        return _checked(part, event_type, field, depth + 1)

    return replace(
        filter,
        all_of=tuple(map(inner, filter.all_of)),
        any_of=tuple(map(inner, filter.any_of)),
        negated=inner(filter.negated) if filter.negated else None,
    )


def _check_form(filter: Filter, field: str | None) -> None:
    forms = (
        filter.dimension is not None,
        bool(filter.all_of),
        bool(filter.any_of),
        filter.negated is not None,
    )
    if sum(forms) != 1 or (filter.isin and filter.dimension is None):
        raise _invalid(
            "A condition is exactly one of: a dimension with values, and, or, not", field
        )


def _checked_leaf(filter: Filter, event_type: EventType, field: str | None) -> Filter:
    name = event_type.dimension(filter.dimension or "", field=field).name
    if not filter.isin:
        raise _invalid(f"The condition on {name} lists no value", field)
    if len(filter.isin) > MOST_VALUES:
        raise _too_large(f"{len(filter.isin):,} values of {name}", MOST_VALUES, field)
    for value in filter.isin:
        _check_value(name, value, field)
    return replace(filter, isin=tuple(dict.fromkeys(filter.isin)))


def _check_value(name: str, value: str | None, field: str | None) -> None:
    if value is None:
        return
    if len(value) > LONGEST_VALUE:
        raise _invalid(f"A value of {name} is longer than {LONGEST_VALUE} characters", field)
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise _invalid(f"A value of {name} holds a character that text cannot have", field)


def _leaves(filter: Filter) -> Iterator[Filter]:
    if filter.dimension is not None:
        yield filter
    inner = (*filter.all_of, *filter.any_of, *((filter.negated,) if filter.negated else ()))
    for part in inner:
        yield from _leaves(part)


def _invalid(what: str, field: str | None) -> InvalidInput:
    return InvalidInput(f"{what}.", code="INVALID_FILTER", field=field)


def _too_large(what: str, limit: int, field: str | None) -> OverLimit:
    return OverLimit(
        f"The filter has {what}; at most {limit:,} are answered.",
        code="FILTER_TOO_LARGE",
        field=field,
        limit=limit,
    )
