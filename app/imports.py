"""The import of one file, from where it was left: a batch is made while the one before is committed."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import asyncpg

from app.import_source import ImportSource, opened
from db.events import EventStore
from db.imports import ImportOf, ImportRow, begin, commit_batch, finish
from domain.imports import ImportBatch, Importing, Tally

BATCH = 20_000

Report = Callable[[Tally, int], None]
"""Called after each commit with the tally and the bytes of the contents that were read."""


async def import_file(
    connection: asyncpg.Connection,
    store: EventStore,
    source: ImportSource,
    importing: Importing,
    report: Report,
    *,
    restart: bool = False,
    size: int = BATCH,
) -> ImportRow:
    """Import what is left of a file. Raises InvalidInput where the file does not fit the mapping."""
    mapping = importing.mapping
    of = ImportOf(source.digest, source.path.name, mapping.name, mapping.digest)
    row = await begin(connection, of, restart=restart)
    if row.state == "done":
        return row
    with opened(source, mapping.layout) as file:
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
    return await finish(connection, row)


def _soon(batches: Iterator[ImportBatch]) -> "asyncio.Task[ImportBatch | None]":
    return asyncio.create_task(asyncio.to_thread(next, batches, None))
