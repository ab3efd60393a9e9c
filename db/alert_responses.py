"""What people do to alerts: acknowledge, resolve, comment; and the end that comes with a config's."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import asyncpg

from db.alert_history import append
from db.alert_outbox import enqueue
from db.alert_states import (
    forget_config,
    save_states,
    standing_of_alert,
    standings,
)
from db.alerts import Closing, acknowledge_locked, close_alerts, locked_alerts
from db.audit import record
from db.pool import Connection
from domain.alert_configs import AlertConfig
from domain.alert_records import Alert, AlertEvent, AlertStatus, group_key, labels_of
from domain.alerts import Notice, Phase, closed
from domain.audit import Change

ACKNOWLEDGED = "acknowledged"
COMMENTED = "commented"


async def acknowledge(
    pool: asyncpg.Pool, ids: Sequence[UUID], now: datetime, subject: str, comment: str
) -> tuple[dict[UUID, Alert], frozenset[UUID]]:
    """Say that someone is at these alerts. Returns those that there are, and which were firing until now.

    Of callers that race for one alert exactly one finds it firing.
    """
    async with pool.acquire() as connection, connection.transaction():
        alerts = await locked_alerts(connection, ids)
        won = await acknowledge_locked(connection, ids, now, subject)
        for alert_id in sorted(won):
            await _audit(connection, subject, "acknowledge", alerts[alert_id])
        reason = comment or "acknowledged"
        await append(
            connection,
            [_by_hand(alerts[id], ACKNOWLEDGED, now, subject, reason) for id in ids if id in won],
        )
    return alerts, won


async def comment_on(
    pool: asyncpg.Pool, alert_id: UUID, now: datetime, subject: str, text: str
) -> bool:
    """Add a comment to the history of an alert; whether there is such an alert."""
    async with pool.acquire() as connection, connection.transaction():
        alert = (await locked_alerts(connection, [alert_id])).get(alert_id)
        if alert is None:
            return False
        await _audit(connection, subject, "comment", alert, text)
        await append(connection, [_by_hand(alert, COMMENTED, now, subject, text)])
    return True


async def resolve(
    pool: asyncpg.Pool, alert_id: UUID, now: datetime, subject: str, comment: str
) -> bool:
    """End an alert by hand; whether it was open. It fires again when its condition still holds."""
    async with pool.acquire() as connection, connection.transaction():
        place = await standing_of_alert(connection, alert_id)
        alert = (await locked_alerts(connection, [alert_id])).get(alert_id)
        if place is None or alert is None:
            return False
        reason = comment or "resolved by hand"
        state, step = closed(place.standing.state, now, reason)
        standing = replace(place.standing, state=state)
        await save_states(connection, [replace(place, standing=standing)])
        await close_alerts(connection, [Closing(alert_id, now, subject, reason)])
        await _audit(connection, subject, "resolve", alert)
        event = _by_hand(alert, step.event.value, now, subject, reason)
        told = replace(event, from_phase=step.before.value, notice=step.notice.value)
        await enqueue(connection, await append(connection, [told]))
    return True


async def close_config(
    connection: Connection,
    config_id: UUID,
    config: AlertConfig,
    now: datetime,
    subject: str,
    reason: str,
) -> None:
    """End all alerts of a config and forget where its groups stand."""
    found = (await standings(connection, [config_id]))[config_id]
    events, closings = [], []
    for group, standing in found.items():
        state = standing.state
        if standing.alert_id is None or not (state.open or state.told_open):
            continue
        _, step = closed(state, now, reason)
        if state.open:
            closings.append(Closing(standing.alert_id, now, subject, reason))
        events.append(
            AlertEvent(
                0,
                now,
                step.event.value,
                config_id,
                standing.alert_id,
                config.name,
                config.severity,
                group_key(group),
                labels_of(config_id, config, group),
                step.before.value,
                step.after.value,
                None,
                config.threshold,
                reason,
                subject,
                step.notice.value,
            )
        )
    await forget_config(connection, config_id)
    await close_alerts(connection, closings)
    await enqueue(connection, await append(connection, events))


def _by_hand(alert: Alert, event: str, now: datetime, subject: str, reason: str) -> AlertEvent:
    open_still = event != "resolved" and alert.status is not AlertStatus.RESOLVED
    before = Phase.OK if alert.status is AlertStatus.RESOLVED else Phase.FIRING
    after = Phase.FIRING if open_still else Phase.OK
    return AlertEvent(
        0,
        now,
        event,
        alert.config_id,
        alert.id,
        alert.name,
        alert.severity,
        group_key(alert.group),
        alert.labels,
        before.value,
        after.value,
        alert.value,
        alert.threshold,
        reason,
        subject,
        Notice.NONE.value,
    )


async def _audit(
    connection: Connection, subject: str, action: str, alert: Alert, comment: str | None = None
) -> None:
    before = {"status": alert.status.value, "acknowledgedBy": alert.acknowledged_by}
    changes: dict[str, dict[str, str | None]] = {
        "acknowledge": {"status": "acknowledged", "acknowledgedBy": subject},
        "resolve": {"status": "resolved", "resolvedBy": subject},
        "comment": {"comment": comment},
    }
    await record(
        connection, Change(subject, action, "alert", str(alert.id), before, changes[action])
    )
