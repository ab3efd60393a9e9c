"""Imports of files: each batch of events and how far the file is, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from db.dead_letters import Refused, close_read_again, keep_on
from db.events import EventStore
from db.pool import Connection
from db.queries import load
from domain.errors import InvalidInput
from domain.events import CONFLICT, UNSTORABLE
from domain.imports import ImportBatch, Reject, Tally
from domain.records import Problem

QUERIES = load("imports")

State = Literal["running", "done"]


@dataclass(frozen=True, slots=True)
class ImportOf:
    """What an import is known by: the same contents through the same mapping are the same import."""

    file_digest: bytes
    file_name: str
    mapping: str
    mapping_digest: bytes

    @property
    def origin(self) -> str:
        """What its dead letters are filed under."""
        return f"import:{self.mapping}"


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An import that was begun, now or before."""

    id: int
    of: ImportOf
    tally: Tally
    state: State

    @property
    def is_done(self) -> bool:
        """Whether the whole file was imported."""
        return self.state == "done"


async def begin(
    connection: Connection, of: ImportOf, columns: Sequence[str] | None, *, restart: bool
) -> ImportRow:
    """The import of this file, where it was left; from the beginning with `restart`.

    `columns` are those that the file has, where that is known beforehand.
    """
    async with connection.transaction():
        row = await connection.fetchrow(
            QUERIES["start"], of.file_digest, of.mapping, of.mapping_digest, of.file_name, columns
        )
        assert row is not None
        if restart:
            await connection.execute(QUERIES["restart"], row["id"])
            return ImportRow(row["id"], of, Tally(), "running")
    rejected = msgspec.json.decode(row["rejected"], type=dict[str, int])
    tally = Tally(row["position"], row["accepted"], row["duplicates"], rejected)
    return ImportRow(row["id"], of, tally, row["state"])


async def commit_batch(
    connection: Connection,
    store: EventStore,
    row: ImportRow,
    batch: ImportBatch,
    received_at: datetime,
) -> ImportRow:
    """Store a batch and move on; all of it is committed when this returns, or none.

    Raises InvalidInput where another process imports the same file.
    """
    classes = {store.raw_days if each.raw_days is None else each.raw_days for each in batch.events}
    await store.partitions.ensure(connection, classes, received_at)
    async with connection.transaction():
        outcome = await store.commit(connection, batch.events, received_at)
        refused = [
            *(batch.refused(i, _CONFLICT) for i in sorted(outcome.conflicts)),
            *(batch.refused(i, _UNFIT) for i in sorted(outcome.unstorable)),
        ]
        rejects = [*batch.rejects, *refused]
        tally = row.tally.after(
            batch.end,
            accepted=len(batch.events) - len(outcome.duplicates) - len(refused),
            duplicates=len(outcome.duplicates),
            rejects=rejects,
        )
        await close_read_again(
            connection,
            row.of.file_digest,
            row.of.mapping,
            records=(row.tally.position, batch.end),
            at=received_at,
        )
        await keep_on(
            connection,
            [_letter(each) for each in rejects],
            origin=row.of.origin,
            subject=row.of.file_name,
            received_at=received_at,
            import_id=row.id,
        )
        return await _advance(connection, row, tally, "running")


async def finish(connection: Connection, row: ImportRow) -> ImportRow:
    """Mark the whole file as imported."""
    return await _advance(connection, row, row.tally, "done")


_CONFLICT = Problem("ID_CONFLICT", CONFLICT, "id")
_UNFIT = Problem("UNSTORABLE", UNSTORABLE)


def _letter(reject: Reject) -> Refused:
    body = reject.raw.encode("utf-8", "surrogateescape")
    return Refused(reject.code, reject.field, reject.message, body, reject.record)


async def _advance(connection: Connection, row: ImportRow, tally: Tally, state: State) -> ImportRow:
    moved = await connection.fetchval(
        QUERIES["advance"],
        row.id,
        row.tally.position,
        tally.position,
        tally.accepted,
        tally.duplicates,
        msgspec.json.encode(tally.rejected).decode(),
        state,
    )
    if moved is None:
        raise InvalidInput(
            f"Another process imports {row.of.file_name} with the mapping {row.of.mapping!r} now.",
            code="IMPORT_RUNNING",
        )
    return ImportRow(row.id, row.of, tally, state)
