"""Alerts, each from firing to resolved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from db.pool import Connection
from db.queries import load
from domain.alert_records import Alert, AlertStatus, group_key, group_of
from domain.alerts import Severity
from domain.pages import Position
from domain.questions import Interval

QUERIES = load("alerts")


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts; None for any. `fired` is when they began."""

    statuses: tuple[AlertStatus, ...] | None = None
    severities: tuple[Severity, ...] | None = None
    config_ids: tuple[UUID, ...] | None = None
    fired: Interval | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of an alert; `subject` None: it ended by itself."""

    alert_id: UUID
    at: datetime
    subject: str | None
    reason: str


async def open_alerts(connection: Connection, alerts: Sequence[Alert]) -> None:
    """Write alerts that fire now."""
    if alerts:
        columns = zip(*(_values(alert) for alert in alerts), strict=True)
        await connection.execute(QUERIES["open"], *(list(column) for column in columns))


async def close_alerts(connection: Connection, closings: Sequence[Closing]) -> None:
    """Write that alerts are over."""
    if closings:
        await connection.execute(
            QUERIES["close"],
            [each.alert_id for each in closings],
            [each.at for each in closings],
            [each.subject for each in closings],
            [each.reason for each in closings],
        )


async def locked_alerts(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Alert]:
    """These alerts, as nobody else changes them before the transaction ends."""
    rows = await connection.fetch(QUERIES["lock"], list(ids))
    return {row["id"]: _alert(row) for row in rows}


async def acknowledge_locked(
    connection: Connection, ids: Sequence[UUID], now: datetime, subject: str
) -> frozenset[UUID]:
    """Say that someone is at them; returns those for which that is new."""
    rows = await connection.fetch(QUERIES["acknowledge"], list(ids), now, subject)
    return frozenset(row["id"] for row in rows)


async def alerts_by_id(pool: asyncpg.Pool, ids: Sequence[UUID]) -> dict[UUID, Alert]:
    """Those of these alerts that there are."""
    return {row["id"]: _alert(row) for row in await pool.fetch(QUERIES["by_ids"], list(ids))}


async def page_of_alerts(
    pool: asyncpg.Pool, wanted: AlertFilter, first: int, after: Position | None
) -> tuple[list[Alert], bool]:
    """The newest alerts after the cursor, and whether there are more."""
    fired = wanted.fired
    rows = await pool.fetch(
        QUERIES["page"],
        _texts(wanted.statuses),
        _texts(wanted.severities),
        None if wanted.config_ids is None else list(wanted.config_ids),
        fired.start if fired else None,
        fired.end if fired else None,
        after.occurred_at if after else None,
        after.id if after else None,
        first + 1,
    )
    return [_alert(row) for row in rows[:first]], len(rows) > first


def _texts(names: Sequence[AlertStatus] | Sequence[Severity] | None) -> list[str] | None:
    return None if names is None else [name.value for name in names]


def _alert(row: asyncpg.Record) -> Alert:
    labels: Mapping[str, str] = orjson.loads(row["labels"])
    return Alert(
        row["id"],
        row["config_id"],
        row["name"],
        Severity(row["severity"]),
        labels,
        row["runbook_url"],
        row["threshold"],
        group_of(row["group_key"]),
        AlertStatus(row["status"]),
        row["triggered_at"],
        row["value"],
        row["reason"],
        row["acknowledged_at"],
        row["acknowledged_by"],
        row["resolved_at"],
        row["resolved_by"],
        row["resolution"],
    )


def _values(alert: Alert) -> tuple[object, ...]:
    return (
        alert.id,
        alert.config_id,
        alert.name,
        alert.severity.value,
        orjson.dumps(alert.labels).decode(),
        alert.runbook_url,
        alert.threshold,
        group_key(alert.group),
        alert.triggered_at,
        alert.value,
        alert.reason,
    )
