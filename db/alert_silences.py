"""Silences: notices that are held back until an instant."""

from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from db.audit import record
from db.pool import Connection
from db.queries import load
from domain.alert_records import Matcher, Silence
from domain.audit import Change
from domain.errors import NotFound

QUERIES = load("alert_silences")


async def active_silences(connection: Connection | asyncpg.Pool, now: datetime) -> list[Silence]:
    """Those that hold now."""
    return [_silence(row) for row in await connection.fetch(QUERIES["active"], now)]


async def latest_silences(pool: asyncpg.Pool, limit: int) -> list[Silence]:
    """Those that end last."""
    return [_silence(row) for row in await pool.fetch(QUERIES["latest"], limit)]


async def add_silence(pool: asyncpg.Pool, silence: Silence) -> None:
    """Keep a silence, audited as the doing of who made it."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            QUERIES["add"],
            silence.id,
            orjson.dumps([(each.label, each.values) for each in silence.matchers]).decode(),
            silence.starts_at,
            silence.ends_at,
            silence.comment,
            silence.created_by,
        )
        change = Change(
            silence.created_by, "create", "alert_silence", str(silence.id), None, _facts(silence)
        )
        await record(connection, change)


async def expire_silence(
    pool: asyncpg.Pool, silence_id: UUID, now: datetime, subject: str
) -> Silence:
    """End a silence before its time."""
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(QUERIES["expire"], silence_id, now, subject)
        if row is None:
            raise NotFound(
                f"There is no silence {silence_id} that still holds.",
                code="SILENCE_NOT_FOUND",
                field="id",
            )
        ended = _silence(row)
        await record(
            connection,
            Change(subject, "expire", "alert_silence", str(silence_id), None, _facts(ended)),
        )
    return ended


def _silence(row: asyncpg.Record) -> Silence:
    return Silence(
        row["id"],
        tuple(Matcher(label, tuple(values)) for label, values in orjson.loads(row["matchers"])),
        row["starts_at"],
        row["ends_at"],
        row["comment"],
        row["created_by"],
        row["expired_by"],
    )


def _facts(silence: Silence) -> dict[str, object]:
    return {
        "matchers": {each.label: list(each.values) for each in silence.matchers},
        "startsAt": silence.starts_at,
        "endsAt": silence.ends_at,
        "comment": silence.comment,
    }
