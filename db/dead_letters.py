"""Events that were refused, kept with the reason until someone replays them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from db.events import EventStore, Outcome
from db.lent import lent
from db.pool import Connection
from db.queries import load
from domain.errors import Unavailable
from domain.events import Event

QUERIES = load("dead_letters")
MAX_BODY = 64 * 1024
PATIENCE = 0.9
"""Seconds to wait for PostgreSQL before the sender is asked to come back."""


@dataclass(frozen=True, slots=True)
class Refused:
    """One refused event as it came, and why."""

    code: str
    field: str | None
    message: str
    body: bytes


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A refused event as it is kept. `truncated`: the body was longer than 64 KiB."""

    id: int
    received_at: datetime
    origin: str
    subject: str | None
    code: str
    field: str | None
    message: str
    body: bytes
    truncated: bool
    replayed_at: datetime | None


async def keep(
    pool: asyncpg.Pool,
    refused: Sequence[Refused],
    *,
    origin: str,
    subject: str | None,
    received_at: datetime,
) -> None:
    """Store refused events, all or none. Raises Unavailable within a second where that fails."""
    if not refused:
        return
    try:
        async with lent(pool, PATIENCE) as connection:
            await keep_on(
                connection, refused, origin=origin, subject=subject, received_at=received_at
            )
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as problem:
        raise Unavailable("Refused events cannot be kept right now; send all again.") from problem


async def keep_on(
    connection: Connection,
    refused: Sequence[Refused],
    *,
    origin: str,
    subject: str | None,
    received_at: datetime,
) -> None:
    """Store refused events in the connection's transaction."""
    if not refused:
        return
    await connection.execute(
        QUERIES["keep"],
        received_at,
        origin,
        _storable(subject),
        [each.code for each in refused],
        [_storable(each.field) for each in refused],
        [_storable(each.message) for each in refused],
        [each.body[:MAX_BODY] for each in refused],
        [len(each.body) > MAX_BODY for each in refused],
    )


async def page(
    connection: Connection,
    *,
    limit: int,
    after: int | None = None,
    code: str | None = None,
    origin: str | None = None,
    replayed: bool = False,
) -> list[DeadLetter]:
    """The oldest letters behind the one numbered `after`, without the replayed ones unless asked."""
    rows = await connection.fetch(QUERIES["page"], after, code, origin, replayed, limit)
    return [DeadLetter(**dict(row)) for row in rows]


async def replay(
    connection: Connection, store: EventStore, letter: DeadLetter, event: Event, at: datetime
) -> Outcome | None:
    """Store the event of a letter, and close the letter where the event is stored now or was before.

    Both or neither. None: the letter was replayed meanwhile, or is being replayed.
    """
    days = store.raw_days if event.raw_days is None else event.raw_days
    await store.partitions.ensure(connection, [days], at)
    try:
        async with connection.transaction():
            if await connection.fetchval(QUERIES["lock"], letter.id) is None:
                return None
            outcome = await store.commit(connection, [event], at)
            if not outcome.conflicts:
                await connection.execute(QUERIES["mark_replayed"], letter.id, at)
            return outcome
    except (asyncpg.DataError, asyncpg.ProgramLimitExceededError):
        return Outcome(unstorable=frozenset((0,)))


def _storable(text: str | None) -> str | None:
    """The text with what PostgreSQL cannot keep replaced."""
    if text is None:
        return None
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
