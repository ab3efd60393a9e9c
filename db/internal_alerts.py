"""Alerts that Tidemark raises about itself, through the same state machine, history and outbox."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from db.alert_outcomes import save
from db.alert_silences import active_silences
from db.alert_states import hold, standings
from domain.alert_configs import Aggregate, AlertConfig, AlertMeasure
from domain.alert_evaluation import Outcome, Standing
from domain.alert_records import is_silenced, labels_of
from domain.alerts import AlertType, Sample, Severity, fresh, next_state


@dataclass(frozen=True, slots=True)
class InternalAlert:
    """Fires while a number is above 0. `reason` is what it says, with `{value}` in it."""

    id: UUID
    config: AlertConfig
    reason: str


def internal_alert(
    number: int, name: str, reason: str, severity: Severity = Severity.WARNING
) -> InternalAlert:
    """An alert about Tidemark itself; `number` tells them apart for good."""
    config = AlertConfig(
        name=name,
        severity=severity,
        type=AlertType.THRESHOLD_ABOVE,
        measure=AlertMeasure("*", Aggregate.COUNT),
        window=timedelta(minutes=1),
        every=timedelta(minutes=1),
        threshold=0.0,
        cooldown=timedelta(minutes=15),
        labels={"internal": "true"},
    )
    return InternalAlert(UUID(int=number), config, reason)


MISSED = internal_alert(
    1, "Tidemark: evaluations missed", "{value:g} alert evaluations were missed or are overdue"
)

UNDELIVERED = internal_alert(
    2, "Tidemark: messages undelivered", "{value:g} messages could not be delivered"
)


async def observe(pool: asyncpg.Pool, alert: InternalAlert, value: float, now: datetime) -> bool:
    """Step an internal alert; whether anything changed."""
    async with pool.acquire() as connection, connection.transaction():
        await hold(connection, alert.id)
        before = (await standings(connection, [alert.id]))[alert.id].get(())
        if before is None and value <= 0:
            return False
        labels = labels_of(alert.id, alert.config, ())
        silenced = is_silenced(labels, await active_silences(connection, now), now)
        sample = Sample(value, value, alert.reason.format(value=value), silenced=silenced)
        state = before.state if before else fresh(now)
        moved, transitions = next_state(state, sample, alert.config.rule, now)
        after = Standing(moved, before.alert_id if before else None, now, sample)
        outcome = Outcome(alert.id, alert.config, (), before, after, transitions)
        return await save(connection, [outcome]) > 0
