"""The history of alerts: appended in the order in which it becomes visible, read by cursor.

Identity values are drawn before a transaction commits, so a reader could see 8 before 7. Every writer
therefore holds one advisory lock from drawing ids until it commits; it is taken last, after all row locks,
so that it is held shortly and can be in no deadlock.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import asyncpg
import orjson

from db.pool import Connection
from db.queries import load
from domain.alert_records import AlertEvent
from domain.alerts import Severity

QUERIES = load("alert_history")


async def append(connection: Connection, events: Sequence[AlertEvent]) -> list[AlertEvent]:
    """Add to the history; returns the events with their ids. Take no other lock afterwards."""
    if not events:
        return []
    await connection.execute(QUERIES["lock"])
    columns = zip(*(_values(event) for event in events), strict=True)
    rows = await connection.fetch(QUERIES["append"], *(list(column) for column in columns))
    ids = sorted(row["id"] for row in rows)
    return [replace(event, id=id) for event, id in zip(events, ids, strict=True)]


async def events_since(
    pool: asyncpg.Pool,
    cursor: int,
    *,
    severities: Sequence[Severity] | None = None,
    config_ids: Sequence[UUID] | None = None,
    limit: int = 500,
) -> list[AlertEvent]:
    """What happened after a cursor (the id of the last event that was read), oldest first."""
    names = None if severities is None else [each.value for each in severities]
    configs = None if config_ids is None else list(config_ids)
    rows = await pool.fetch(QUERIES["since"], cursor, names, configs, limit)
    return [_event(row) for row in rows]


async def last_cursor(pool: asyncpg.Pool) -> int:
    """The cursor after which nothing has happened yet."""
    newest: int = await pool.fetchval(QUERIES["last"])
    return newest


async def history_of(pool: asyncpg.Pool, alert_ids: Sequence[UUID]) -> dict[UUID, list[AlertEvent]]:
    """All that happened to these alerts, oldest first."""
    found: dict[UUID, list[AlertEvent]] = {alert_id: [] for alert_id in alert_ids}
    for row in await pool.fetch(QUERIES["of_alerts"], list(alert_ids)):
        found[row["alert_id"]].append(_event(row))
    return found


def _event(row: asyncpg.Record) -> AlertEvent:
    return AlertEvent(
        row["id"],
        row["at"],
        row["event"],
        row["config_id"],
        row["alert_id"],
        row["name"],
        Severity(row["severity"]),
        row["group_key"],
        orjson.loads(row["labels"]),
        row["from_phase"],
        row["to_phase"],
        row["value"],
        row["threshold"],
        row["reason"],
        row["subject"],
        row["notice"],
    )


def _values(event: AlertEvent) -> tuple[object, ...]:
    return (
        event.at,
        event.event,
        event.config_id,
        event.alert_id,
        event.name,
        event.severity.value,
        event.group_key,
        orjson.dumps(event.labels).decode(),
        event.from_phase,
        event.to_phase,
        event.value,
        event.threshold,
        event.reason,
        event.subject,
        event.notice,
    )
