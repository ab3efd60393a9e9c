"""What one recipient is to be told by one channel: a row of the outbox, with what is known of its alert."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.alert_records import AlertStatus, Group
from domain.alerts import Severity
from domain.recipients import Channel


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened to an alert, for one destination.

    `over`: it says that the alert ended, else that it fires. `told`: the destination was, or may have been,
    told that it fires. `status` to `acknowledged_by` are the alert's own as they are now.
    """

    id: int
    channel: Channel
    recipient: str
    severity: Severity
    at: datetime
    over: bool
    told: bool
    config_id: UUID
    alert_id: UUID | None
    name: str
    group: Group
    labels: Mapping[str, str]
    value: float | None
    threshold: float | None
    reason: str
    triggered_at: datetime
    status: AlertStatus
    acknowledged_by: str | None = None
    resolved_at: datetime | None = None
    runbook_url: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent in one piece to one address; the same in every attempt, down to `id`.

    `created_at` is when it was put together. `dashboard_url` has no slash at its end.
    """

    id: UUID
    channel: Channel
    address: str
    created_at: datetime
    news: tuple[News, ...]
    dashboard_url: str | None = None

    @property
    def firing(self) -> tuple[News, ...]:
        return tuple(each for each in self.news if not each.over)

    @property
    def over(self) -> tuple[News, ...]:
        return tuple(each for each in self.news if each.over)

    def link(self, news: News) -> str | None:
        """Where the alert is shown."""
        if self.dashboard_url is None:
            return None
        return f"{self.dashboard_url}/alerts/{news.alert_id}"
