"""The audit log: who changed what, written in the transaction of the change itself."""

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg
import orjson

from db.pool import Connection
from db.queries import load
from domain.audit import AuditEntry, Change
from domain.questions import Interval

QUERIES = load("audit")


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which changes; None for any."""

    subject: str | None = None
    action: str | None = None
    object_type: str | None = None
    object_id: str | None = None
    made: Interval | None = None


async def record(connection: Connection, change: Change) -> None:
    """Keep the change; to be called inside the transaction that makes it."""
    await connection.execute(
        QUERIES["record"],
        change.subject,
        change.action,
        change.object_type,
        change.object_id,
        _text(change.before),
        _text(change.after),
    )


async def page_of_changes(
    pool: asyncpg.Pool, wanted: AuditFilter, first: int, before: int | None
) -> tuple[list[AuditEntry], bool]:
    """The newest changes, of those before an id where one is given, and whether there are more."""
    rows = await pool.fetch(
        QUERIES["page"],
        wanted.subject,
        wanted.action,
        wanted.object_type,
        wanted.object_id,
        wanted.made.start if wanted.made else None,
        wanted.made.end if wanted.made else None,
        before,
        first + 1,
    )
    return [_entry(row) for row in rows[:first]], len(rows) > first


def _entry(row: asyncpg.Record) -> AuditEntry:
    change = Change(
        row["subject"],
        row["action"],
        row["object_type"],
        row["object_id"],
        _facts(row["before"]),
        _facts(row["after"]),
    )
    return AuditEntry(row["id"], row["at"], change)


def _facts(stored: str | None) -> Mapping[str, object] | None:
    return None if stored is None else orjson.loads(stored)


def _text(value: Mapping[str, object] | None) -> str | None:
    return None if value is None else orjson.dumps(value, default=str).decode()
