"""What people and teams prefer, and where they can be reached."""

from collections.abc import Iterable
from datetime import datetime

import asyncpg
import orjson

from db.audit import record
from db.pool import Connection
from db.queries import load
from domain.alerts import Severity
from domain.audit import Change
from domain.preference_documents import document_of
from domain.recipients import Channel, Preference, QuietHours

QUERIES = load("notification_preferences")


async def preferences_of(
    connection: Connection | asyncpg.Pool, recipients: Iterable[str]
) -> dict[str, Preference]:
    """The preferences of those of these recipients that have any."""
    rows = await connection.fetch(QUERIES["of"], list(set(recipients)))
    return {row["recipient"]: _preference(row) for row in rows}


async def all_preferences(pool: asyncpg.Pool) -> list[Preference]:
    """Everybody's, by recipient."""
    return [_preference(row) for row in await pool.fetch(QUERIES["all"])]


async def set_preference(
    pool: asyncpg.Pool, wanted: Preference, now: datetime, subject: str
) -> Preference:
    """Put these preferences in the place of earlier ones; audited."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(QUERIES["hold"], wanted.recipient)
        before = (await preferences_of(connection, [wanted.recipient])).get(wanted.recipient)
        await _put(connection, wanted, now, subject)
        after = (await preferences_of(connection, [wanted.recipient]))[wanted.recipient]
        await _audit(connection, subject, wanted.recipient, before, after)
    return after


async def forget_preference(pool: asyncpg.Pool, recipient: str, subject: str) -> bool:
    """Remove preferences and addresses; whether there were any. Audited."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(QUERIES["hold"], recipient)
        before = (await preferences_of(connection, [recipient])).get(recipient)
        if before is None:
            return False
        await connection.execute(QUERIES["forget"], recipient)
        await _audit(connection, subject, recipient, before, None)
    return True


async def teams_of(pool: asyncpg.Pool, subject: str) -> list[str]:
    """The recipients that are teams of this subject."""
    return [row["recipient"] for row in await pool.fetch(QUERIES["teams_of"], subject)]


async def _put(connection: Connection, wanted: Preference, now: datetime, subject: str) -> None:
    quiet = wanted.quiet
    await connection.execute(
        QUERIES["put"],
        wanted.recipient,
        wanted.min_severity.value,
        wanted.in_app,
        quiet.start if quiet else None,
        quiet.end if quiet else None,
        quiet.zone if quiet else None,
        quiet is not None and quiet.critical_too,
        list(wanted.members),
        now,
        subject,
    )
    await connection.execute(QUERIES["clear_addresses"], wanted.recipient)
    channels, addresses = list(wanted.addresses), list(wanted.addresses.values())
    await connection.execute(QUERIES["add_addresses"], wanted.recipient, channels, addresses)


async def _audit(
    connection: Connection,
    subject: str,
    recipient: str,
    before: Preference | None,
    after: Preference | None,
) -> None:
    action = "delete" if after is None else "update" if before else "create"
    change = Change(
        subject,
        action,
        "notification_preferences",
        recipient,
        document_of(before) if before else None,
        document_of(after) if after else None,
    )
    await record(connection, change)


def _preference(row: asyncpg.Record) -> Preference:
    quiet = None
    if row["quiet_zone"] is not None:
        quiet = QuietHours(
            row["quiet_start"], row["quiet_end"], row["quiet_zone"], row["quiet_all"]
        )
    return Preference(
        row["recipient"],
        {Channel(name): each for name, each in orjson.loads(row["addresses"]).items()},
        Severity(row["min_severity"]),
        row["in_app"],
        quiet,
        tuple(row["members"]),
        row["version"],
    )
