"""An alert config as a value: what is measured, when it alarms, how often it is looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from domain.alerts import NONE, AlertType, NoData, Rule, Severity
from domain.questions import COUNT, ERRORS, USERS, Filter, MeasureKey, MeasureKind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WEEK = timedelta(days=7)


class Aggregate(StrEnum):
    """The number made of the events in a window. Rates are fractions from 0 to 1."""

    COUNT = "count"
    ERROR_COUNT = "error_count"
    ERROR_RATE = "error_rate"
    SUCCESS_RATE = "success_rate"
    UNIQUE_USERS = "unique_users"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    QUANTILE = "quantile"


class ChangeUnit(StrEnum):
    """How a change is counted: in percent of the earlier value, or as the difference."""

    PERCENT = "percent"
    ABSOLUTE = "absolute"


class Baseline(StrEnum):
    """The earlier value: of the window just before, or of the same window a week before."""

    PREVIOUS_WINDOW = "previous_window"
    SAME_HOUR_LAST_WEEK = "same_hour_last_week"


class Direction(StrEnum):
    """Which way a change or an anomaly must point."""

    UP = "up"
    DOWN = "down"
    EITHER = "either"


_PLAIN: Mapping[Aggregate, tuple[MeasureKey, ...]] = {
    Aggregate.COUNT: (COUNT,),
    Aggregate.ERROR_COUNT: (ERRORS,),
    Aggregate.ERROR_RATE: (COUNT, ERRORS),
    Aggregate.SUCCESS_RATE: (COUNT, ERRORS),
    Aggregate.UNIQUE_USERS: (USERS,),
}
_KINDS: Mapping[Aggregate, MeasureKind] = {
    Aggregate.SUM: "sum",
    Aggregate.AVG: "avg",
    Aggregate.MIN: "min",
    Aggregate.MAX: "max",
    Aggregate.QUANTILE: "quantile",
}
COUNTED = frozenset({Aggregate.COUNT, Aggregate.ERROR_COUNT, Aggregate.UNIQUE_USERS})
"""Aggregates that are 0 without events; all others have no value then."""


@dataclass(frozen=True, slots=True)
class AlertMeasure:
    """The number that is watched; with `group_by`, one number and one alert per group."""

    event_type: str
    aggregate: Aggregate
    of: str | None = None
    q: float | None = None
    filter: Filter | None = None
    group_by: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[MeasureKey, ...]:
        """What must be read for it."""
        if self.aggregate in _PLAIN:
            return _PLAIN[self.aggregate]
        return (MeasureKey(_KINDS[self.aggregate], self.of, self.q),)


@dataclass(frozen=True, slots=True)
class AlertConfig:
    """What a user configures. `threshold` of an anomaly config is a least score and may be absent.

    `change`, `baseline` belong to RATE_OF_CHANGE; `direction` to it and to ANOMALY. `every` is at least
    10 s. The window ends `delay` before the moment of evaluation; with `complete_only` at a multiple of
    its own length, so that each bucket is judged whole.
    """

    name: str
    severity: Severity
    type: AlertType
    measure: AlertMeasure
    window: timedelta
    every: timedelta
    threshold: float | None = None
    recovery: float | None = None
    change: ChangeUnit = ChangeUnit.PERCENT
    baseline: Baseline = Baseline.PREVIOUS_WINDOW
    direction: Direction = Direction.EITHER
    hold: timedelta = NONE
    keep_firing: timedelta = NONE
    cooldown: timedelta = NONE
    delay: timedelta = NONE
    complete_only: bool = False
    no_data: NoData = NoData.NO_DATA
    enabled: bool = True
    description: str = ""
    runbook_url: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def rule(self) -> Rule:
        """What the state machine needs of it."""
        return Rule(
            self.type,
            self.threshold,
            self.recovery,
            self.hold,
            self.keep_firing,
            self.cooldown,
            self.no_data,
        )

    @property
    def watches(self) -> tuple[object, ...]:
        """What must stay the same for states of before an edit to mean something after it."""
        return (self.type, self.measure, self.window, self.change, self.baseline, self.direction)

    def slot(self, now: datetime) -> datetime:
        """The moment that an evaluation at `now` stands for: the last multiple of `every`."""
        return floored(now, self.every)

    def window_end(self, slot: datetime) -> datetime:
        """Where the window of an evaluation ends, itself outside."""
        end = slot - self.delay
        whole = self.complete_only or self.type is AlertType.ANOMALY
        return floored(end, self.window) if whole else end


def floored(at: datetime, step: timedelta) -> datetime:
    """The last multiple of `step` since 1970 that is not after `at`."""
    return at - (at - _EPOCH) % step
