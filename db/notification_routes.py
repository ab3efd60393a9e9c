"""The routing table, and telling those whom it names later or again."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from db.alert_history import append
from db.alerts import locked_alerts
from db.audit import record
from db.pool import Connection
from db.queries import load
from domain.alert_records import Alert, AlertEvent, group_key
from domain.alerts import Event, Notice, Phase, Severity
from domain.audit import Change
from domain.preference_documents import route_document
from domain.recipients import Channel, Route

QUERIES = load("notification_routes")

_MOST_FOLLOWED_UP = 500


async def all_routes(connection: Connection | asyncpg.Pool) -> list[Route]:
    """Every route, the most severe first."""
    return [_route(row) for row in await connection.fetch(QUERIES["all"])]


async def set_routes(pool: asyncpg.Pool, routes: Sequence[Route], subject: str) -> list[Route]:
    """Put these routes in the place of all earlier ones; audited."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(QUERIES["lock"])
        before = await all_routes(connection)
        await connection.execute(QUERIES["clear"])
        await connection.execute(
            QUERIES["add"],
            [each.severity for each in routes],
            [each.channel for each in routes],
            [each.recipient for each in routes],
            [each.after for each in routes],
            [each.repeat for each in routes],
        )
        after = await all_routes(connection)
        change = Change(
            subject, "update", "notification_routes", "all", _documents(before), _documents(after)
        )
        await record(connection, change)
    return after


async def follow_up(connection: Connection, now: datetime) -> int:
    """Queue news for those to tell later or again of alerts that nobody acknowledged; returns how much.

    One history row an alert says that it happened. To be called by one at a time.
    """
    rows = await connection.fetch(QUERIES["follow_up"], now, _MOST_FOLLOWED_UP)
    if not rows:
        return 0
    by_alert: dict[UUID, list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        by_alert[row["id"]].append(row)
    alerts = await locked_alerts(connection, list(by_alert))
    reminders = [_reminder(alerts[id], now, _why(found)) for id, found in by_alert.items()]
    events = await append(connection, reminders)
    pairs = [(each, row) for each in events for row in by_alert[_alert_id(each)]]
    await connection.execute(
        QUERIES["enqueue_follow_up"],
        [event.id for event, _ in pairs],
        [event.alert_id for event, _ in pairs],
        [row["channel"] for _, row in pairs],
        [row["recipient"] for _, row in pairs],
        [event.severity for event, _ in pairs],
        now,
    )
    return len(pairs)


def _alert_id(event: AlertEvent) -> UUID:
    assert event.alert_id is not None
    return event.alert_id


def _why(rows: Sequence[asyncpg.Record]) -> str:
    waits: list[timedelta] = [row["after"] for row in rows if row["escalates"]]
    if not waits:
        return "still firing, not acknowledged"
    return f"escalated: not acknowledged for {max(waits)}"


def _reminder(alert: Alert, now: datetime, why: str) -> AlertEvent:
    return AlertEvent(
        id=0,
        at=now,
        event=Event.REMINDED.value,
        config_id=alert.config_id,
        alert_id=alert.id,
        name=alert.name,
        severity=alert.severity,
        group_key=group_key(alert.group),
        labels=alert.labels,
        from_phase=Phase.FIRING.value,
        to_phase=Phase.FIRING.value,
        value=alert.value,
        threshold=alert.threshold,
        reason=f"{alert.reason} ({why})" if alert.reason else why,
        subject=None,
        notice=Notice.SEND.value,
    )


def _route(row: asyncpg.Record) -> Route:
    return Route(
        Severity(row["severity"]),
        Channel(row["channel"]),
        row["recipient"],
        row["after"],
        row["repeat_every"],
    )


def _documents(routes: Sequence[Route]) -> dict[str, object]:
    return {"routes": [route_document(each) for each in routes]}
