"""What happens to alerts, as it is followed."""

from datetime import datetime

import strawberry

from domain import alert_records
from graph.fields import computed
from graph.scalars import JSON
from graph.selection import selection_of
from graph.types.alert_enums import AlertEventKind, AlertNotice, AlertPhase, Severity
from graph.types.alerts import Alert, shown_alert, shown_group
from graph.types.answers import DimensionValue
from resolvers.alert_views import finite
from resolvers.following import alert_of
from resolvers.scope import Scope


@strawberry.type(description="One thing that happened to an alert, as it is followed.")
class AlertEvent:
    cursor: str = strawberry.field(description="Pass it as `after` to go on from here.")
    at: datetime = strawberry.field(description="When it happened.")
    event: AlertEventKind = strawberry.field(description="What happened.")
    alert_id: strawberry.ID | None = strawberry.field(
        description="The alert; null where none was open, as for a change to PENDING."
    )
    config_id: strawberry.ID = strawberry.field(description="The alert's config.")
    name: str = strawberry.field(description="The config's name then.")
    severity: Severity = strawberry.field(description="How much it matters.")
    group: list[DimensionValue] = strawberry.field(
        description="Which group it is about; empty without groupBy."
    )
    labels: JSON = strawberry.field(description="What silences match, as an object of texts.")
    from_phase: AlertPhase = strawberry.field(description="The phase before.")
    to_phase: AlertPhase = strawberry.field(description="The phase after.")
    value: float | None = strawberry.field(description="The measured number, where there is one.")
    threshold: float | None = strawberry.field(description="The threshold then.")
    reason: str = strawberry.field(description="Why, in words; of a comment, the comment.")
    subject: str | None = strawberry.field(description="Who did it; null: the engine.")
    notice: AlertNotice = strawberry.field(description="Whether people were told.")
    kept: strawberry.Private[alert_records.AlertEvent]

    @computed(
        "The alert as it is when the event is told, which may be later than the event.",
        Alert | None,
    )
    async def alert(self, info: strawberry.Info[Scope, None]) -> object:
        history = "history" in selection_of(info)
        found = await alert_of(info.context, self.kept, history=history)
        return None if found is None else shown_alert(found)


def shown_alert_event(event: alert_records.AlertEvent) -> AlertEvent:
    """One row of the history as those who follow it see it."""
    return AlertEvent(
        cursor=str(event.id),
        at=event.at,
        event=AlertEventKind[event.event.upper()],
        alert_id=None if event.alert_id is None else strawberry.ID(str(event.alert_id)),
        config_id=strawberry.ID(str(event.config_id)),
        name=event.name,
        severity=Severity[event.severity.name],
        group=shown_group(event.group),
        labels=JSON(dict(event.labels)),
        from_phase=AlertPhase[event.from_phase.upper()],
        to_phase=AlertPhase[event.to_phase.upper()],
        value=finite(event.value),
        threshold=event.threshold,
        reason=event.reason,
        subject=event.subject,
        notice=AlertNotice[event.notice.upper()],
        kept=event,
    )
