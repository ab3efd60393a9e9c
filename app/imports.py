"""The import of one file, from where it was left: a batch is made while the one before is committed."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from app.import_source import ImportSource, opened
from db.events import EventStore
from db.imports import ImportOf, begin, commit_batch, finish
from db.pool import Connection
from domain.imports import ImportBatch, Importing, Tally

BATCH = 20_000

Report = Callable[[Tally, int], None]
"""Called after each commit with the tally and the bytes of the contents that were read."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A file that is imported now: the tally of all runs, and how many events this one added."""

    name: str
    tally: Tally
    added: int


async def import_file(
    connection: Connection,
    store: EventStore,
    source: ImportSource,
    importing: Importing,
    report: Report,
    *,
    restart: bool = False,
    size: int = BATCH,
) -> Imported:
    """Import what is left of a file. Raises InvalidInput where the file does not fit the mapping."""
    mapping = importing.mapping
    of = ImportOf(source.digest, source.path.name, mapping.name, mapping.digest)
    with opened(source, mapping.layout) as file:
        row = await begin(connection, of, file.records.columns, restart=restart)
        before = row.tally.accepted
        if row.is_done:
            return Imported(of.file_name, row.tally, 0)
        batches = importing.batches(file.records, start=row.tally.position, size=size)
        upcoming = _soon(batches)
        try:
            while (batch := await upcoming) is not None:
                read = file.bytes_read
                upcoming = _soon(batches)
                row = await commit_batch(connection, store, row, batch, datetime.now(UTC))
                report(row.tally, read)
        finally:
            await asyncio.wait([upcoming])
    row = await finish(connection, row)
    return Imported(of.file_name, row.tally, row.tally.accepted - before)


def _soon(batches: Iterator[ImportBatch]) -> "asyncio.Task[ImportBatch | None]":
    return asyncio.create_task(asyncio.to_thread(next, batches, None))
