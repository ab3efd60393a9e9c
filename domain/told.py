"""What became of one notification, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.alert_records import Group
from domain.alerts import Severity
from domain.notifications import Reason
from domain.recipients import Channel


@dataclass(frozen=True, slots=True)
class Told:
    """One row of the outbox. `status`: pending, delivered, suppressed, dead, or unknown.

    Unknown: the last attempt may have arrived; it is made again. `event` is what it was about.
    `next_at` is when it is looked at next, of what is pending or unknown.
    """

    id: int
    alert_id: UUID
    event: str
    channel: Channel
    recipient: str
    status: str
    reason: Reason | None
    attempts: int
    unknown_attempts: int
    created_at: datetime
    sent_at: datetime | None
    next_at: datetime | None
    provider_id: str | None
    last_error: str | None

    @property
    def explanation(self) -> str:
        """Why it is where it is, as a sentence."""
        said = _SENTENCES[self.reason or Reason.DELIVERED]
        return f"{said} The provider said: {self.last_error}" if self._failed else said

    @property
    def _failed(self) -> bool:
        return bool(self.last_error) and self.status != "delivered"


@dataclass(frozen=True, slots=True)
class Inboxed:
    """One notification in-app, as one reader sees it. `id` is its cursor."""

    id: int
    at: datetime
    event: str
    alert_id: UUID
    config_id: UUID
    severity: Severity
    name: str
    group: Group
    value: float | None
    threshold: float | None
    reason: str
    read_at: datetime | None


NO_ROUTE = "No route led there when it happened: see notificationRoutes."
"""Where there is no row at all."""

_SENTENCES: Mapping[Reason, str] = {
    Reason.DUE: "It is about to be sent, or waits a moment so that a burst becomes one message.",
    Reason.COOLDOWN: "Not sent: the last notice about this alert was within its cooldown.",
    Reason.STALE: "Not sent: it would have said what was said last.",
    Reason.SILENCED: "Not sent: a silence matched the alert.",
    Reason.ACKNOWLEDGED: "Not sent: someone had acknowledged the alert before it could leave.",
    Reason.RESOLVED: "Not sent: the alert was over before it could leave.",
    Reason.NEVER_TOLD: "Not sent: the recipient was never told that the alert fired.",
    Reason.MIN_SEVERITY: "Not sent: the recipient wants only more severe alerts.",
    Reason.NO_ADDRESS: "Not sent: the recipient's preferences have no address for this channel.",
    Reason.CHANNEL_OFF: "Not sent: the settings do not set this channel up.",
    Reason.QUIET_HOURS: "Held until the recipient's quiet hours end.",
    Reason.RATE_LIMIT: "Held: this address had as many messages as it may; the rest is told together.",
    Reason.RETRYING: "The last attempt failed; it is tried again.",
    Reason.UNKNOWN: "The last attempt may have arrived; it is made again, and may arrive twice.",
    Reason.REFUSED: "Given up: the provider refused it for good.",
    Reason.GAVE_UP: "Given up: every attempt failed for as long as the settings say.",
    Reason.DELIVERED: "Delivered.",
    Reason.MAYBE_TWICE: "Delivered; an earlier attempt, of unknown end, may have arrived too.",
}
