"""Events that were refused, kept with the reason until someone replays them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from db.events import EventStore, Outcome
from db.lent import lent
from db.outage import LOST
from db.pool import Connection
from db.queries import load
from domain.errors import Unavailable
from domain.events import Event
from domain.kept_records import KeptRecord
from domain.mapped import SourceFile

QUERIES = load("dead_letters")
_OWN = (
    "id",
    "received_at",
    "origin",
    "subject",
    "code",
    "field",
    "message",
    "body",
    "truncated",
    "replayed_at",
)
MAX_BODY = 64 * 1024
PATIENCE = 0.9
"""Seconds to wait for PostgreSQL before the sender is asked to come back."""


@dataclass(frozen=True, slots=True)
class Refused:
    """One refused event as it came, and why. `record` is its number in a file, from 1."""

    code: str
    field: str | None
    message: str
    body: bytes
    record: int | None = None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A refused event as it is kept. `truncated`: the body was longer than 64 KiB.

    `record` says where in a file it was, if in one; its `body` is UTF-8 then, whatever the file is.
    """

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
    record: KeptRecord | None


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
    except (asyncpg.PostgresError, *LOST, TimeoutError) as problem:
        raise Unavailable("Refused events cannot be kept right now; send all again.") from problem


async def keep_on(
    connection: Connection,
    refused: Sequence[Refused],
    *,
    origin: str,
    subject: str | None,
    received_at: datetime,
    import_id: int | None = None,
) -> None:
    """Store refused events in the connection's transaction; `import_id` where they are records."""
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
        [each.record for each in refused],
        import_id,
    )


async def close_read_again(
    connection: Connection,
    file_digest: bytes,
    mapping: str,
    *,
    records: tuple[int, int],
    at: datetime,
) -> None:
    """Close the letters of the records after the first number up to the second: they are read anew."""
    await connection.execute(QUERIES["close_read_again"], file_digest, mapping, *records, at)


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
    return [_letter(row) for row in rows]


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


def _letter(row: asyncpg.Record) -> DeadLetter:
    own = {name: row[name] for name in _OWN}
    if row["record"] is None:
        return DeadLetter(**own, record=None)
    file = SourceFile(row["file_name"].removesuffix(".gz"), row["file_digest"].hex())
    columns = tuple(row["columns"] or ())
    return DeadLetter(**own, record=KeptRecord(row["mapping"], file, columns, row["record"]))


def _storable(text: str | None) -> str | None:
    """The text with what PostgreSQL cannot keep replaced."""
    if text is None:
        return None
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
