"""What evaluations came to, written together: states, alerts, history and outbox in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from db.alert_history import append
from db.alert_outbox import enqueue
from db.alert_states import Place, forget_states, save_states
from db.alerts import Closing, close_alerts, open_alerts
from db.pool import Connection
from domain.alert_evaluation import Outcome, Standing
from domain.alert_records import Alert, AlertEvent, AlertStatus, Labels, group_key, labels_of
from domain.alerts import Event, Transition


@dataclass(frozen=True, slots=True)
class _Written:
    """One outcome; `after` names the alert that it opened, if it did."""

    outcome: Outcome
    after: Standing

    def alert_of(self, step: Transition) -> UUID | None:
        """The alert that a step is about; None for steps while none is open."""
        before = self.outcome.before
        was_open = before is not None and before.state.open
        about = was_open or self.after.state.open or step.event is Event.REMINDED
        return self.after.alert_id if about else None

    @property
    def labels(self) -> Labels:
        return labels_of(self.outcome.config_id, self.outcome.config, self.outcome.group)


async def save(connection: Connection, outcomes: Sequence[Outcome]) -> int:
    """Write the outcomes of evaluations; returns how many things happened.

    A handful of statements, however many outcomes there are. The rows of alert_states must be held.
    """
    written = [_written(outcome, outcome.after) for outcome in outcomes if outcome.after]
    gone = [each for each in outcomes if each.after is None]
    await save_states(connection, [_place(each) for each in written])
    await forget_states(connection, [(each.config_id, group_key(each.group)) for each in gone])
    happened = [(each, step) for each in written for step in each.outcome.transitions]
    await open_alerts(
        connection, [_alert(each, step) for each, step in happened if step.event is Event.FIRED]
    )
    await close_alerts(
        connection,
        [
            Closing(each.after.alert_id, step.at, None, step.reason)
            for each, step in happened
            if step.event is Event.RESOLVED and each.after.alert_id is not None
        ],
    )
    events = await append(connection, [_event(each, step) for each, step in happened])
    await enqueue(connection, events)
    return len(events)


def _written(outcome: Outcome, after: Standing) -> _Written:
    fired = any(step.event is Event.FIRED for step in outcome.transitions)
    return _Written(outcome, replace(after, alert_id=uuid4()) if fired else after)


def _place(each: _Written) -> Place:
    outcome = each.outcome
    return Place(outcome.config_id, group_key(outcome.group), each.after)


def _alert(each: _Written, step: Transition) -> Alert:
    config = each.outcome.config
    assert each.after.alert_id is not None
    return Alert(
        id=each.after.alert_id,
        config_id=each.outcome.config_id,
        name=config.name,
        severity=config.severity,
        labels=each.labels,
        runbook_url=config.runbook_url,
        threshold=config.threshold,
        group=each.outcome.group,
        status=AlertStatus.FIRING,
        triggered_at=step.at,
        value=step.value,
        reason=step.reason,
        acknowledged_at=None,
        acknowledged_by=None,
        resolved_at=None,
        resolved_by=None,
        resolution=None,
    )


def _event(each: _Written, step: Transition) -> AlertEvent:
    outcome = each.outcome
    return AlertEvent(
        id=0,
        at=step.at,
        event=step.event.value,
        config_id=outcome.config_id,
        alert_id=each.alert_of(step),
        name=outcome.config.name,
        severity=outcome.config.severity,
        group_key=group_key(outcome.group),
        labels=each.labels,
        from_phase=step.before.value,
        to_phase=step.after.value,
        value=step.value,
        threshold=step.threshold,
        reason=step.reason,
        subject=None,
        notice=step.notice.value,
    )
