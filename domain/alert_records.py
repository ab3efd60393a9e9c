"""What is kept of alerts: incidents, the history of all that happened, silences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from domain.alert_configs import AlertConfig
from domain.alerts import Severity

Labels = Mapping[str, str]
Group = tuple[tuple[str, str | None], ...]
"""The group-by dimensions of one alert and their values, in the order of the config."""


class AlertStatus(StrEnum):
    """Open, open and someone is at it, over."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class StoredConfig:
    """A config as it is kept. `evaluated_at` and `problem` are of its last evaluation, if it had one."""

    id: UUID
    config: AlertConfig
    version: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    evaluated_at: datetime | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """One incident of one config and group. Name to threshold are those of the config when it fired."""

    id: UUID
    config_id: UUID
    name: str
    severity: Severity
    labels: Labels
    runbook_url: str | None
    threshold: float | None
    group: Group
    status: AlertStatus
    triggered_at: datetime
    value: float | None
    reason: str
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: str | None


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One row of the history. `id` grows in the order in which rows become visible; 0: not kept yet.

    `event` is a domain.alerts.Event, or acknowledged, or commented; `notice` a domain.alerts.Notice.
    """

    id: int
    at: datetime
    event: str
    config_id: UUID
    alert_id: UUID | None
    name: str
    severity: Severity
    group_key: str
    labels: Labels
    from_phase: str
    to_phase: str
    value: float | None
    threshold: float | None
    reason: str
    subject: str | None
    notice: str

    @property
    def group(self) -> Group:
        return group_of(self.group_key)


@dataclass(frozen=True, slots=True)
class Matcher:
    """A label and the values that it may have."""

    label: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Silence:
    """Holds back notices about alerts whose labels match all matchers, from start to end."""

    id: UUID
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    comment: str
    created_by: str
    expired_by: str | None = None


def is_silenced(labels: Labels, silences: Sequence[Silence], now: datetime) -> bool:
    """Whether any silence holds an alert with these labels back."""
    return any(
        silence.starts_at <= now < silence.ends_at
        and all(labels.get(each.label) in each.values for each in silence.matchers)
        for silence in silences
    )


def labels_of(config_id: UUID, config: AlertConfig, group: Group) -> dict[str, str]:
    """What silences match and notifications show: the config's own labels, the group, and what it is."""
    return {
        **config.labels,
        **{dimension: value or "" for dimension, value in group},
        "alert": config.name,
        "config": str(config_id),
        "severity": config.severity.value,
        "eventType": config.measure.event_type,
    }


def group_key(group: Group) -> str:
    """The group as text, the same for equal groups."""
    return msgspec.json.encode(group).decode()


def group_of(key: str) -> Group:
    """The group of a text that `group_key` made."""
    return msgspec.json.decode(key, type=Group)
