"""The alert state machine: a pure step from one state and one sample to the next.

Two things are followed side by side. The *phase* says what the last sample means; whether an alert is
*open* outlives the phases no_data and error, which say nothing about the condition and so never end one.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, StrEnum

NONE = timedelta(0)


class Severity(StrEnum):
    """How much an alert matters."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class AlertType(StrEnum):
    """What makes a value alarming."""

    THRESHOLD_ABOVE = "threshold_above"
    THRESHOLD_BELOW = "threshold_below"
    RATE_OF_CHANGE = "rate_of_change"
    ANOMALY = "anomaly"


class NoData(StrEnum):
    """What a window without a value means: all is well, the condition holds, nothing new, or unknown."""

    OK = "ok"
    ALERT = "alert"
    KEEP = "keep"
    NO_DATA = "no_data"


class Phase(StrEnum):
    """What the last sample means."""

    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"
    NO_DATA = "no_data"
    ERROR = "error"


class Event(StrEnum):
    """What happened: an alert opened, closed, only the phase changed, or a held-back notice is due."""

    FIRED = "fired"
    RESOLVED = "resolved"
    CHANGED = "changed"
    REMINDED = "reminded"


class Notice(StrEnum):
    """Whether people are told now and, if not, why.

    STALE: they would hear what they heard last, as the news in between was held back.
    """

    NONE = "none"
    SEND = "send"
    COOLDOWN = "cooldown"
    SILENCED = "silenced"
    STALE = "stale"


class _Finding(Enum):
    BREACHED = "breached"
    BETWEEN = "between"
    CLEAR = "clear"
    KEEP = "keep"
    NO_DATA = "no_data"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Rule:
    """When to alert. `recovery` equals `threshold` where there is no hysteresis; anomalies need neither.

    THRESHOLD_BELOW alone compares downwards. `cooldown` is the least time between two notices.
    """

    type: AlertType
    threshold: float | None = None
    recovery: float | None = None
    hold: timedelta = NONE
    keep_firing: timedelta = NONE
    cooldown: timedelta = NONE
    no_data: NoData = NoData.NO_DATA


@dataclass(frozen=True, slots=True)
class Sample:
    """What one evaluation found. `compared` is held against the threshold; None: there is no value.

    Of an anomaly rule `compared` is the score and `anomalous` the verdict. `error`: nothing could be found.
    """

    value: float | None = None
    compared: float | None = None
    reason: str = ""
    anomalous: bool = False
    error: str | None = None
    silenced: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """Where one config and group stands. `told_open` is what the last notice said, at `told_at`."""

    phase: Phase
    since: datetime
    breached_since: datetime | None = None
    cleared_since: datetime | None = None
    open: bool = False
    told_open: bool = False
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """One thing to write into the history, and to tell if `notice` is SEND."""

    event: Event
    before: Phase
    after: Phase
    at: datetime
    notice: Notice
    value: float | None
    threshold: float | None
    reason: str


def fresh(now: datetime) -> State:
    """The state of what was never evaluated."""
    return State(Phase.OK, now)


def next_state(
    state: State, sample: Sample, rule: Rule, now: datetime
) -> tuple[State, tuple[Transition, ...]]:
    """One evaluation at `now`. At most one transition; none where nothing changed and nothing is due."""
    moved = _moved(state, _finding(sample, rule), rule, now)
    if moved.phase is not state.phase:
        moved = replace(moved, since=now)
    event = _event(state, moved)
    notice = _notice(moved, event, rule, now, silenced=sample.silenced)
    if event is None and notice is not Notice.SEND:
        return moved, ()
    if notice is Notice.SEND:
        moved = replace(moved, told_open=moved.open, told_at=now)
    reason = sample.error or sample.reason
    return moved, (
        Transition(
            event or Event.REMINDED,
            state.phase,
            moved.phase,
            now,
            notice,
            sample.value,
            rule.threshold,
            reason,
        ),
    )


def closed(state: State, now: datetime, reason: str) -> tuple[State, Transition]:
    """The alert ended from outside: by hand, or with its config. Told at once if its firing was.

    An alert that had ended, but whose end was held back, is only told of.
    """
    notice = Notice.SEND if state.told_open else Notice.STALE
    told_at = now if notice is Notice.SEND else state.told_at
    event = Event.RESOLVED if state.open else Event.REMINDED
    step = Transition(event, state.phase, Phase.OK, now, notice, None, None, reason)
    return State(Phase.OK, now, told_at=told_at), step


def _finding(sample: Sample, rule: Rule) -> _Finding:
    if sample.error is not None:
        return _Finding.ERROR
    if sample.compared is None:
        return _MEANING[rule.no_data]
    if rule.type is AlertType.ANOMALY:
        return _Finding.BREACHED if sample.anomalous else _Finding.CLEAR
    assert rule.threshold is not None
    recovery = rule.threshold if rule.recovery is None else rule.recovery
    sign = -1.0 if rule.type is AlertType.THRESHOLD_BELOW else 1.0
    if sign * sample.compared > sign * rule.threshold:
        return _Finding.BREACHED
    return _Finding.CLEAR if sign * sample.compared <= sign * recovery else _Finding.BETWEEN


_MEANING = {
    NoData.OK: _Finding.CLEAR,
    NoData.ALERT: _Finding.BREACHED,
    NoData.KEEP: _Finding.KEEP,
    NoData.NO_DATA: _Finding.NO_DATA,
}


def _moved(state: State, finding: _Finding, rule: Rule, now: datetime) -> State:
    match finding:
        case _Finding.KEEP:
            return state
        case _Finding.ERROR:
            return replace(state, phase=Phase.ERROR, cleared_since=None)
        case _Finding.NO_DATA:
            return replace(state, phase=Phase.NO_DATA, breached_since=None, cleared_since=None)
        case _Finding.BREACHED:
            return _breached(state, rule, now)
        case _:
            return _not_breached(state, rule, now, recovered=finding is _Finding.CLEAR)


def _breached(state: State, rule: Rule, now: datetime) -> State:
    since = state.breached_since or now
    is_open = state.open or now - since >= rule.hold
    return replace(
        state,
        phase=Phase.FIRING if is_open else Phase.PENDING,
        breached_since=since,
        cleared_since=None,
        open=is_open,
    )


def _not_breached(state: State, rule: Rule, now: datetime, *, recovered: bool) -> State:
    calm = replace(state, breached_since=None, cleared_since=None)
    if not state.open:
        return replace(calm, phase=Phase.OK)
    if not recovered:
        return replace(calm, phase=Phase.FIRING)
    since = state.cleared_since or now
    if now - since >= rule.keep_firing:
        return replace(calm, phase=Phase.OK, open=False)
    return replace(calm, phase=Phase.RECOVERING, cleared_since=since)


def _event(before: State, after: State) -> Event | None:
    if after.open is not before.open:
        return Event.FIRED if after.open else Event.RESOLVED
    return None if after.phase is before.phase else Event.CHANGED


def _notice(
    state: State, event: Event | None, rule: Rule, now: datetime, *, silenced: bool
) -> Notice:
    """People are told where what they know is out of date, at most once in a cooldown."""
    if state.open is state.told_open:
        return Notice.STALE if event in (Event.FIRED, Event.RESOLVED) else Notice.NONE
    held = None
    if silenced:
        held = Notice.SILENCED
    elif state.told_at is not None and now - state.told_at < rule.cooldown:
        held = Notice.COOLDOWN
    if held is None:
        return Notice.SEND
    return held if event in (Event.FIRED, Event.RESOLVED) else Notice.NONE
