"""What became of notifications, and what each reader finds in-app."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from db.notification_preferences import preferences_of, teams_of
from db.queries import load
from domain.alert_records import group_of
from domain.alerts import Severity
from domain.notifications import Reason
from domain.recipients import EVERYONE, USER, Channel, Preference, at_least
from domain.told import Inboxed, Told

QUERIES = load("notification_ledger")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads in-app: a subject, all that they are addressed as, and what they want to see."""

    subject: str
    recipients: tuple[str, ...]
    severities: tuple[Severity, ...]

    def sees(self, delivered: "Delivered") -> bool:
        """Whether it is in this reader's inbox."""
        told = delivered.inboxed
        return delivered.recipient in self.recipients and told.severity in self.severities


@dataclass(frozen=True, slots=True)
class Delivered:
    """A notification that came in-app, and to whom; as nobody has read it."""

    recipient: str
    inboxed: Inboxed

    @property
    def id(self) -> int:
        return self.inboxed.id


async def told_of(pool: asyncpg.Pool, alert_ids: Sequence[UUID]) -> list[list[Told]]:
    """What was told of each alert, the oldest first; and what was not."""
    found: dict[UUID, list[Told]] = {id: [] for id in alert_ids}
    for row in await pool.fetch(QUERIES["of_alerts"], list(found)):
        found[row["alert_id"]].append(_told(row))
    return [found[id] for id in alert_ids]


async def reader(pool: asyncpg.Pool, subject: str) -> Reader:
    """How a subject reads, by their preferences and teams."""
    own = USER + subject
    wanted = (await preferences_of(pool, [own])).get(own, Preference(own))
    severities = (each for each in Severity if at_least(each, wanted.min_severity))
    teams = await teams_of(pool, subject)
    return Reader(subject, (EVERYONE, own, *teams), tuple(severities) if wanted.in_app else ())


async def inbox(
    pool: asyncpg.Pool, who: Reader, first: int, before: int | None, *, unread: bool
) -> list[Inboxed]:
    """The newest before a cursor."""
    rows = await pool.fetch(QUERIES["inbox"], *_key(who), before, unread, first)
    return [_inboxed(row) for row in rows]


async def inbox_since(
    pool: asyncpg.Pool, who: Reader, cursor: int, limit: int = 500
) -> list[Inboxed]:
    """What came after a cursor, oldest first; whoever has read up to one misses nothing before it."""
    rows = await pool.fetch(QUERIES["inbox_since"], *_key(who), cursor, limit)
    return [_inboxed(row) for row in rows]


async def delivered_since(pool: asyncpg.Pool, cursor: int, limit: int = 500) -> list[Delivered]:
    """What came to anybody after a cursor, oldest first."""
    rows = await pool.fetch(QUERIES["delivered_since"], cursor, limit)
    return [Delivered(row["recipient"], _inboxed(row)) for row in rows]


async def last_delivered(pool: asyncpg.Pool) -> int:
    """The cursor after which nothing has come yet."""
    newest: int = await pool.fetchval(QUERIES["last_delivered"])
    return newest


async def count_unread(pool: asyncpg.Pool, who: Reader) -> int:
    """How much the reader has not read."""
    count: int = await pool.fetchval(QUERIES["unread"], *_key(who))
    return count


async def mark_read(
    pool: asyncpg.Pool, who: Reader, ids: Sequence[int] | None, now: datetime
) -> None:
    """The reader has read these, or everything."""
    chosen = None if ids is None else list(ids)
    await pool.execute(QUERIES["mark_read"], *_key(who), chosen, now)


def _key(who: Reader) -> tuple[str, list[str], list[str]]:
    return who.subject, list(who.recipients), [each.value for each in who.severities]


def _told(row: asyncpg.Record) -> Told:
    waits = row["status"] == "pending"
    reason = None if row["reason"] is None else Reason(row["reason"])
    return Told(
        id=row["id"],
        alert_id=row["alert_id"],
        event=row["event"],
        channel=Channel(row["channel"]),
        recipient=row["recipient"],
        status="unknown" if waits and reason is Reason.UNKNOWN else row["status"],
        reason=reason,
        attempts=row["attempts"],
        unknown_attempts=row["unknown_attempts"],
        created_at=row["created_at"],
        sent_at=row["delivered_at"],
        next_at=row["next_at"] if waits else None,
        provider_id=row["provider_id"],
        last_error=row["last_error"],
    )


def _inboxed(row: asyncpg.Record) -> Inboxed:
    return Inboxed(
        id=row["id"],
        at=row["created_at"],
        event=row["event"],
        alert_id=row["alert_id"],
        config_id=row["config_id"],
        severity=Severity(row["severity"]),
        name=row["name"],
        group=group_of(row["group_key"]),
        value=row["value"],
        threshold=row["threshold"],
        reason=row["reason"],
        read_at=row["read_at"],
    )
