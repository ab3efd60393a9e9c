"""Alerts, their history, silences."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import strawberry

from domain import alert_records
from graph.fields import computed
from graph.scalars import JSON, Long
from graph.types.alert_enums import (
    AcknowledgeOutcome,
    AlertEventKind,
    AlertNotice,
    AlertPhase,
    AlertStatus,
    Severity,
)
from graph.types.answers import DimensionValue
from graph.types.commands import UserError
from graph.types.events import PageInfo
from graph.types.notifications import AlertNotification, shown_told
from resolvers import alert_views, user_errors
from resolvers.alert_views import ShownAlert, finite
from resolvers.notifications import told
from resolvers.scope import Scope


@strawberry.type(description="One thing that happened to an alert.")
class AlertHistoryEntry:
    cursor: Long = strawberry.field(description="Grows with every entry of any alert.")
    at: datetime = strawberry.field(description="When it happened.")
    event: AlertEventKind = strawberry.field(description="What happened.")
    from_phase: AlertPhase = strawberry.field(description="The phase before.")
    to_phase: AlertPhase = strawberry.field(description="The phase after.")
    value: float | None = strawberry.field(description="The measured number, where there is one.")
    threshold: float | None = strawberry.field(description="The threshold then.")
    reason: str = strawberry.field(description="Why, in words; of a comment, the comment.")
    subject: str | None = strawberry.field(description="Who did it; null: the engine.")
    notice: AlertNotice = strawberry.field(description="Whether people were told.")


@strawberry.type(description="One alert, from firing to resolved.")
class Alert:
    id: strawberry.ID = strawberry.field(description="Its id.")
    config_id: strawberry.ID = strawberry.field(description="The config that raised it.")
    name: str = strawberry.field(description="The config's name when it fired.")
    severity: Severity = strawberry.field(description="How much it matters.")
    status: AlertStatus = strawberry.field(description="Whether it is over.")
    group: list[DimensionValue] = strawberry.field(
        description="Which group it is about; empty without groupBy."
    )
    labels: JSON = strawberry.field(description="What silences match, as an object of texts.")
    triggered_at: datetime = strawberry.field(description="When it fired.")
    value: float | None = strawberry.field(
        description="The measured number when it fired; null where it fired for want of one."
    )
    threshold: float | None = strawberry.field(description="The threshold when it fired.")
    reason: str = strawberry.field(description="Why it fired, in words.")
    runbook_url: str | None = strawberry.field(description="What to do about it.")
    acknowledged_at: datetime | None = strawberry.field(description="When someone took it.")
    acknowledged_by: str | None = strawberry.field(description="Who took it.")
    resolved_at: datetime | None = strawberry.field(description="When it ended.")
    resolved_by: str | None = strawberry.field(
        description="Who ended it; null where it ended by itself or is open."
    )
    resolution: str | None = strawberry.field(description="Why it ended, in words.")
    history: list[AlertHistoryEntry] = strawberry.field(
        description="All that happened to it, the oldest first; comments too."
    )

    @computed("What was told of it, to whom, by what; and what was not.", list[AlertNotification])
    async def notifications(self, info: strawberry.Info[Scope, None]) -> object:
        found = await told(info.context, UUID(self.id))
        return [shown_told(each) for each in found]


@strawberry.type(description="One alert and where it stands in the list.")
class AlertEdge:
    cursor: str = strawberry.field(description="Pass it as `after` to go on from here.")
    node: Alert = strawberry.field(description="The alert.")


@strawberry.type(description="One page of alerts, the newest first.")
class AlertConnection:
    edges: list[AlertEdge] = strawberry.field(description="The alerts with their cursors.")
    nodes: list[Alert] = strawberry.field(description="The alerts alone.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


@strawberry.type(description="What became of a change of an alert.")
class AlertPayload:
    alert: Alert | None = strawberry.field(description="The alert after it; null: no change.")
    user_errors: list[UserError] = strawberry.field(description="Problems of the input; or empty.")


@strawberry.type(description="What became of one alert that was to be acknowledged.")
class Acknowledgement:
    id: strawberry.ID = strawberry.field(description="The id that was given.")
    outcome: AcknowledgeOutcome = strawberry.field(description="What became of it.")
    alert: Alert | None = strawberry.field(description="The alert now; null: there is none.")


@strawberry.type(description="What became of each alert that was to be acknowledged.")
class AlertsPayload:
    results: list[Acknowledgement] = strawberry.field(
        description="One per id, in the order of the ids."
    )
    user_errors: list[UserError] = strawberry.field(description="Problems of the input; or empty.")


@strawberry.type(description="A label and the values that match.")
class SilenceMatcher:
    label: str = strawberry.field(description="The label's name.")
    values: list[str] = strawberry.field(description="The values, of which any matches.")


@strawberry.type(description="Holds back notices about alerts that match all matchers.")
class Silence:
    id: strawberry.ID = strawberry.field(description="Its id.")
    matchers: list[SilenceMatcher] = strawberry.field(description="What is silenced.")
    starts_at: datetime = strawberry.field(description="From when on.")
    ends_at: datetime = strawberry.field(description="Until when.")
    comment: str = strawberry.field(description="Why.")
    created_by: str = strawberry.field(description="Who made it.")
    expired_by: str | None = strawberry.field(description="Who ended it before its time.")


@strawberry.type(description="What became of a change of a silence.")
class SilencePayload:
    silence: Silence | None = strawberry.field(description="The silence; null: no change.")
    user_errors: list[UserError] = strawberry.field(description="Problems of the input; or empty.")


def shown_alert(shown: ShownAlert) -> Alert:
    """An alert as the contract shows it."""
    alert = shown.alert
    return Alert(
        id=strawberry.ID(str(alert.id)),
        config_id=strawberry.ID(str(alert.config_id)),
        name=alert.name,
        severity=Severity[alert.severity.name],
        status=AlertStatus[alert.status.name],
        group=shown_group(alert.group),
        labels=JSON(dict(alert.labels)),
        triggered_at=alert.triggered_at,
        value=finite(alert.value),
        threshold=alert.threshold,
        reason=alert.reason,
        runbook_url=alert.runbook_url,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=alert.acknowledged_by,
        resolved_at=alert.resolved_at,
        resolved_by=alert.resolved_by,
        resolution=alert.resolution,
        history=[shown_event(event) for event in shown.events],
    )


def shown_event(event: alert_records.AlertEvent) -> AlertHistoryEntry:
    """One row of the history as the contract shows it."""
    return AlertHistoryEntry(
        cursor=Long(event.id),
        at=event.at,
        event=AlertEventKind[event.event.upper()],
        from_phase=AlertPhase[event.from_phase.upper()],
        to_phase=AlertPhase[event.to_phase.upper()],
        value=finite(event.value),
        threshold=event.threshold,
        reason=event.reason,
        subject=event.subject,
        notice=AlertNotice[event.notice.upper()],
    )


def shown_group(group: alert_records.Group) -> list[DimensionValue]:
    """A group's dimensions in the order of the config."""
    return [DimensionValue(dimension=name, value=value) for name, value in group]


def shown_connection(page: alert_views.AlertConnection) -> AlertConnection:
    """A page of alerts as the contract shows it."""
    nodes = [shown_alert(each) for each in page.nodes]
    cursors = [edge.cursor for edge in page.edges]
    return AlertConnection(
        edges=[AlertEdge(cursor=at, node=node) for at, node in zip(cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=_page_info(page),
    )


def shown_silence(silence: alert_records.Silence) -> Silence:
    """A silence as the contract shows it."""
    return Silence(
        id=strawberry.ID(str(silence.id)),
        matchers=[
            SilenceMatcher(label=each.label, values=list(each.values)) for each in silence.matchers
        ],
        starts_at=silence.starts_at,
        ends_at=silence.ends_at,
        comment=silence.comment,
        created_by=silence.created_by,
        expired_by=silence.expired_by,
    )


def shown_errors(errors: Sequence[user_errors.UserError]) -> list[UserError]:
    """Problems of an input as the contract shows them."""
    return [UserError(field=each.field, code=each.code, message=each.message) for each in errors]


def _page_info(page: alert_views.AlertConnection) -> PageInfo:
    info = page.page_info
    return PageInfo(has_next_page=info.has_next_page, end_cursor=info.end_cursor)
