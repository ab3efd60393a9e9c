"""Figures: numbers with names of their own, made of measures. A section declares them in a table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Union

from domain.questions import COUNT, ERRORS, USERS, MeasureKey, Value
from resolvers.answers import Aggregates


@dataclass(frozen=True, slots=True)
class Figure:
    """One number: what it says, the measures it needs, and how it is made of them.

    `whole` numbers are counts and never null; `exact` ones are decimals.
    """

    description: str
    keys: tuple[MeasureKey, ...]
    value: Callable[[Aggregates], Value]
    whole: bool = False
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures by their GraphQL names; figures that belong together may be a table of their own."""

    name: str
    description: str
    members: Mapping[str, Union[Figure, "Figures"]]


def events(description: str) -> Figure:
    """How many events there are."""
    return Figure(description, (COUNT,), lambda each: each.count, whole=True)


def errors(description: str) -> Figure:
    """How many of them are errors."""
    return Figure(description, (ERRORS,), lambda each: each.error_count, whole=True)


def successes(description: str) -> Figure:
    """How many of them are no errors."""
    return Figure(
        description,
        (COUNT, ERRORS),
        lambda each: int(each.count or 0) - int(each.error_count or 0),
        whole=True,
    )


def error_rate(description: str) -> Figure:
    """Errors over events."""
    return Figure(description, (COUNT, ERRORS), lambda each: each.error_rate)


def success_rate(description: str) -> Figure:
    """Events that are no errors over events."""
    return Figure(description, (COUNT, ERRORS), lambda each: each.success_rate)


def users(description: str) -> Figure:
    """Distinct user ids."""
    return Figure(description, (USERS,), lambda each: each.unique_users, whole=True)


def with_measure(description: str, of: str) -> Figure:
    """How many events have the measure at all."""
    key = MeasureKey("n", of)
    return Figure(description, (key,), lambda each: each.value(key), whole=True)


def total(description: str, of: str) -> Figure:
    """The exact sum of a measure; None where no event has it, which is not 0."""
    key = MeasureKey("sum", of)
    return Figure(description, (key,), lambda each: each.exact_sum(of), exact=True)


def mean(description: str, of: str) -> Figure:
    """The mean over the events that have the measure."""
    key = MeasureKey("avg", of)
    return Figure(description, (key,), lambda each: each.value(key))


def durations(name: str, description: str) -> Figures:
    """How long events took, in ms: the mean and the quantiles that matter."""
    return Figures(
        name,
        description,
        {
            "avg": mean("The mean.", "durationMs"),
            "p50": quantile("The median.", "durationMs", 0.5),
            "p95": quantile("95 % took at most this.", "durationMs", 0.95),
            "p99": quantile("99 % took at most this.", "durationMs", 0.99),
        },
    )


def quantile(description: str, of: str, q: float) -> Figure:
    """A quantile over the events that have the measure."""
    key = MeasureKey("quantile", of, q)
    return Figure(description, (key,), lambda each: each.value(key))
