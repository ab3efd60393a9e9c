"""The import of one file: mapped in batches ahead of the commits, from where it was left."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from app.import_source import ImportSource, OpenedSource, opened
from db.events import EventStore
from db.imports import ImportBatch, ImportOf, ImportRow, begin, commit_batch, finish
from domain.errors import InvalidInput
from domain.events import Arrival, EventRules, parse_all
from domain.imports import Reject, Tally
from domain.mapped import mapped
from domain.mapping import ImportMapping
from domain.records import Batch, raw_text

BATCH = 20_000


@dataclass(frozen=True, slots=True)
class Advance:
    """After each batch: the tally, and how much of the file's contents was read."""

    tally: Tally
    bytes_read: int


@dataclass(frozen=True, slots=True)
class Preparation:
    """What makes batches of events of a file. `ahead` is how far in the future an event may be."""

    source: ImportSource
    mapping: ImportMapping
    rules: EventRules
    ahead: timedelta

    def batches(
        self, file: OpenedSource, start: int, size: int
    ) -> Iterator[tuple[ImportBatch, int]]:
        """Batches after the first `start` records, and the bytes read by then.

        Raises InvalidInput where the file is not what the mapping says, before anything is made.
        """
        name = self.source.path.name
        if file.records.columns is not None:
            self.mapping.check_columns(file.records.columns, name)
        first = True
        for batch in file.records.batches(size=size, start=start):
            if first and start == 0:
                self._check_first(batch, name)
            first = False
            yield self._batch(batch), file.bytes_read

    def _check_first(self, batch: Batch, name: str) -> None:
        if not batch.numbers:
            problem = batch.malformed[0][1].problem
            raise InvalidInput(
                f"No record at the start of {name} can be read as {self.mapping.layout.format}"
                f": {problem.message}",
                code="WRONG_FORMAT",
            )
        if self.mapping.layout.format == "ndjson":
            self.mapping.check_columns(tuple(batch.columns), name)

    def _batch(self, batch: Batch) -> ImportBatch:
        layout = self.mapping.layout
        found = mapped(batch, self.mapping, self.source.file)
        arrival = Arrival(datetime.now(UTC), f"import:{self.mapping.name}", _unasked, self.ahead)
        events, places, rejected = parse_all(found.wires, self.rules, arrival)
        raws = [batch.raws[row] for row in found.rows]
        rejects = [
            *(
                Reject(raw_text(each, layout), each.problem.code, each.problem.message)
                for _, each in batch.malformed
            ),
            *(
                Reject(raw_text(batch.raws[row], layout), each.code, each.message, each.field)
                for row, each in sorted(found.problems.items())
            ),
            *(
                Reject(raw_text(raws[each.index], layout), each.code, each.message, each.field)
                for each in rejected
            ),
        ]
        return ImportBatch(batch.end, events, RawTexts(raws, places, layout), rejects)


async def import_file(
    connection: asyncpg.Connection,
    store: EventStore,
    preparation: Preparation,
    *,
    restart: bool = False,
    size: int = BATCH,
    report: Callable[[Advance], None],
) -> ImportRow:
    """Import what is left of a file; the next batch is made while one is committed."""
    row = await begin(connection, _import_of(preparation), restart=restart)
    if row.state == "done":
        return row
    with opened(preparation.source, preparation.mapping.layout) as file:
        batches = preparation.batches(file, row.tally.position, size)
        upcoming = asyncio.create_task(asyncio.to_thread(next, batches, None))
        while (made := await upcoming) is not None:
            batch, bytes_read = made
            upcoming = asyncio.create_task(asyncio.to_thread(next, batches, None))
            row = await commit_batch(connection, store, row, batch, datetime.now(UTC))
            report(Advance(row.tally, bytes_read))
    return await finish(connection, row)
