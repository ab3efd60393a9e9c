"""Who is told of alerts: channels, routes, and what people and teams prefer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum

from domain.alerts import NONE, Severity

EVERYONE = "*"
"""In-app: all who may see alerts. Elsewhere: every user and team with an address for the channel."""

DEFAULT = "default"
"""The Slack webhook of the settings."""

USER = "user:"
TEAM = "team:"


class Channel(StrEnum):
    """How a message travels."""

    IN_APP = "in_app"
    EMAIL = "email"
    SLACK = "slack"
    SMS = "sms"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Route:
    """Alerts of a severity go to a recipient, at once or once nobody acknowledged them for `after`.

    `repeat`: how often they are told again until someone acknowledges. A recipient is an address of the
    channel, `user:` or `team:` with a name, EVERYONE, or DEFAULT.
    """

    severity: Severity
    channel: Channel
    recipient: str
    after: timedelta = NONE
    repeat: timedelta | None = None


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end` on the clock of a zone, each day; over midnight where `end` is earlier.

    Critical alerts come through unless `critical_too`.
    """

    start: time
    end: time
    zone: str
    critical_too: bool = False


@dataclass(frozen=True, slots=True)
class Preference:
    """What a user (`user:` and the subject) or a team wants. A channel without an address is not used.

    `members` are the subjects of a team, who see what is sent to it in-app.
    """

    recipient: str
    addresses: Mapping[Channel, str] = field(default_factory=dict)
    min_severity: Severity = Severity.INFO
    in_app: bool = True
    quiet: QuietHours | None = None
    members: tuple[str, ...] = ()
    version: int = 0


@dataclass(frozen=True, slots=True)
class Reach:
    """Which channels are set up, and whether there is a Slack webhook for DEFAULT."""

    channels: frozenset[Channel]
    slack_default: bool = True

    def holds(self, channel: Channel, address: str) -> bool:
        """Whether a message could be sent there."""
        if channel is Channel.SLACK and address == DEFAULT:
            return self.slack_default
        return channel in self.channels


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


def at_least(severity: Severity, least: Severity) -> bool:
    """Whether it matters as much as `least`, or more."""
    return _RANKS[severity] >= _RANKS[least]


def worst(severities: "tuple[Severity, ...]") -> Severity:
    """The one that matters most."""
    return max(severities, key=_RANKS.__getitem__)


def is_named(recipient: str) -> bool:
    """Whether it names a user or a team, whose address is in their preferences."""
    return recipient.startswith((USER, TEAM))
