"""From news that is due to messages: what is dropped, what waits, and what is told together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.alert_records import Silence
from domain.alerts import Severity
from domain.news import News
from domain.notifications import Action, Decision, Reason, allowed_at, decide
from domain.recipients import Channel, Preference, Reach, is_named, worst

Destination = tuple[Channel, str]
"""A channel and an address of it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of each piece of news."""

    decided: list[tuple[News, Decision]] = field(default_factory=list)
    messages: list[tuple[Destination, list[News]]] = field(default_factory=list)


def compose(
    news: Sequence[News],
    preferences: Mapping[str, Preference],
    silences: Sequence[Silence],
    sent: Mapping[Destination, Sequence[datetime]],
    reach: Reach,
    now: datetime,
) -> Plan:
    """All that is to be sent to one address is one message; where that may not leave yet, all of it waits.

    `sent`: when messages went to an address lately. `reach`: which channels are set up.
    """
    plan = Plan()
    ready: dict[Destination, list[News]] = defaultdict(list)
    for each in news:
        preference = preferences.get(each.recipient)
        decision = decide(each, preference, silences, now)
        if decision.action is Action.SEND:
            ready[destination(each, preference)].append(each)
        else:
            plan.decided.append((each, decision))
    for place, together in ready.items():
        kept = _kept(place, sent.get(place, ()), reach, now)
        if kept is None:
            plan.messages.append((place, together))
        else:
            plan.decided.extend((each, kept) for each in together)
    return plan


def _kept(
    place: Destination, sent: Sequence[datetime], reach: Reach, now: datetime
) -> Decision | None:
    """Why nothing may leave for this address now; None where it may."""
    if not reach.holds(*place):
        return Decision(Action.SUPPRESS, Reason.CHANNEL_OFF)
    at = allowed_at(place[0], sent, now)
    return Decision(Action.HOLD, Reason.RATE_LIMIT, at) if at > now else None


def destination(news: News, preference: Preference | None) -> Destination:
    """Where it goes: the recipient is an address, or has one."""
    if is_named(news.recipient) and preference is not None:
        return news.channel, preference.addresses.get(news.channel, "")
    return news.channel, news.recipient


def severity_of(news: Sequence[News]) -> Severity:
    """Of a message: that of its worst news."""
    return worst(tuple(each.severity for each in news))


def once(news: Sequence[News]) -> tuple[News, ...]:
    """Without repetition: two recipients with one address are told once."""
    return tuple({(each.alert_id, each.over): each for each in news}.values())
