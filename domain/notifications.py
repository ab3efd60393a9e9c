"""Whether a piece of news is sent, held or dropped, each with its reason. `now` is passed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.alert_records import AlertStatus, Silence, is_silenced
from domain.alerts import Severity
from domain.news import News
from domain.quiet_hours import quiet_until
from domain.recipients import Channel, Preference, at_least, is_named


class Reason(StrEnum):
    """Why a notification is where it is. COOLDOWN and STALE come from the alert engine."""

    DUE = "due"
    COOLDOWN = "cooldown"
    STALE = "stale"
    SILENCED = "silenced"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    NEVER_TOLD = "never_told"
    MIN_SEVERITY = "min_severity"
    NO_ADDRESS = "no_address"
    CHANNEL_OFF = "channel_off"
    QUIET_HOURS = "quiet_hours"
    RATE_LIMIT = "rate_limit"
    RETRYING = "retrying"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    GAVE_UP = "gave_up"
    DELIVERED = "delivered"
    MAYBE_TWICE = "maybe_twice"


class Action(StrEnum):
    """What to do now."""

    SEND = "send"
    HOLD = "hold"
    SUPPRESS = "suppress"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, why, and for HOLD until when."""

    action: Action
    reason: Reason
    until: datetime | None = None


SEND = Decision(Action.SEND, Reason.DUE)


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most `count` messages to one address within `window`."""

    count: int
    window: timedelta


ALLOWANCES: dict[Channel, tuple[Allowance, ...]] = {
    Channel.SMS: (Allowance(1, timedelta(minutes=1)), Allowance(5, timedelta(minutes=15))),
    Channel.EMAIL: (Allowance(10, timedelta(minutes=1)), Allowance(60, timedelta(hours=1))),
    Channel.SLACK: (Allowance(20, timedelta(minutes=1)),),
}
"""What is more than that waits and is told in one message. Webhooks are for machines and have none."""

LONGEST_WINDOW = max(each.window for all in ALLOWANCES.values() for each in all)

GATHER: dict[Severity, timedelta] = {
    Severity.INFO: timedelta(seconds=30),
    Severity.WARNING: timedelta(seconds=10),
    Severity.CRITICAL: timedelta(0),
}
"""How long news waits for more, so that a burst is one message."""


def decide(
    news: News, preference: Preference | None, silences: Sequence[Silence], now: datetime
) -> Decision:
    """What to do with one piece of news now. `preference` is of its recipient, if that has any."""
    return (
        _unreachable(news, preference)
        or _overtaken(news, silences, now)
        or _unwanted(news, preference, now)
        or SEND
    )


def allowed_at(channel: Channel, sent: Sequence[datetime], now: datetime) -> datetime:
    """When the next message may leave, given when earlier ones did; `now` where at once."""
    waits = [now]
    for allowance in ALLOWANCES.get(channel, ()):
        recent = sorted(each for each in sent if each > now - allowance.window)
        if len(recent) >= allowance.count:
            waits.append(recent[-allowance.count] + allowance.window)
    return max(waits)


def _unreachable(news: News, preference: Preference | None) -> Decision | None:
    if is_named(news.recipient) and (
        preference is None or news.channel not in preference.addresses
    ):
        return Decision(Action.SUPPRESS, Reason.NO_ADDRESS)
    return None


def _overtaken(news: News, silences: Sequence[Silence], now: datetime) -> Decision | None:
    """What happened since makes it old: nobody is told of a fire that someone is at, or that is out."""
    if news.over:
        return None if news.told else Decision(Action.SUPPRESS, Reason.NEVER_TOLD)
    if news.status is AlertStatus.ACKNOWLEDGED:
        return Decision(Action.SUPPRESS, Reason.ACKNOWLEDGED)
    if news.status is AlertStatus.RESOLVED:
        return Decision(Action.SUPPRESS, Reason.RESOLVED)
    if is_silenced(news.labels, silences, now):
        return Decision(Action.SUPPRESS, Reason.SILENCED)
    return None


def _unwanted(news: News, preference: Preference | None, now: datetime) -> Decision | None:
    if preference is None:
        return None
    if not at_least(news.severity, preference.min_severity):
        return Decision(Action.SUPPRESS, Reason.MIN_SEVERITY)
    quiet = preference.quiet
    if quiet is None or (news.severity is Severity.CRITICAL and not quiet.critical_too):
        return None
    until = quiet_until(quiet, now)
    return None if until is None else Decision(Action.HOLD, Reason.QUIET_HOURS, until)
