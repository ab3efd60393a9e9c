"""The import of a file: batches of events made by a mapping, and how far it is."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from domain.errors import InvalidInput
from domain.events import Arrival, Event, EventRules, parse_all
from domain.mapped import Mapped, SourceFile, mapped, remember
from domain.mapping import ImportMapping
from domain.memory import Memory
from domain.records import Batch, Problem, Records, raw_text


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that is no event: what the dead letter keeps of it. `record` is its number, from 1."""

    raw: str
    code: str
    message: str
    field: str | None = None
    record: int | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """`position` records are done: accepted + duplicates + the sum of `rejected`, by code, in all."""

    position: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)

    @property
    def rejects(self) -> int:
        """How many were rejected, for whatever reason."""
        return sum(self.rejected.values())

    def after(
        self, end: int, *, accepted: int, duplicates: int, rejects: Sequence[Reject]
    ) -> "Tally":
        """The tally once the records up to `end` are done as well."""
        return Tally(
            position=end,
            accepted=self.accepted + accepted,
            duplicates=self.duplicates + duplicates,
            rejected=dict(Counter(self.rejected) + Counter(each.code for each in rejects)),
        )


@dataclass(frozen=True, slots=True)
class ImportBatch:
    """The records after the last batch up to `end`; `refused` makes event i a reject after all."""

    end: int
    events: Sequence[Event]
    rejects: Sequence[Reject]
    refused: Callable[[int, Problem], Reject]


@dataclass(frozen=True, slots=True)
class Importing:
    """A file, and what makes its records events. `clock` gives what the moment of receipt allows."""

    file: SourceFile
    mapping: ImportMapping
    rules: EventRules
    clock: Callable[[], Arrival]

    def batches(self, records: Records, *, start: int, size: int) -> Iterator[ImportBatch]:
        """Batches after the first `start` records.

        Raises InvalidInput where the file is not what the mapping says, before it makes any.
        """
        if records.columns is not None:
            self.mapping.check_columns(records.columns, self.file.name)
        memory = Memory()
        skipped = partial(remember, mapping=self.mapping, file=self.file, memory=memory)
        shown = skipped if self.mapping.remembering else None
        for batch in records.batches(size=size, start=start, skipped=shown):
            if batch.end <= size:
                self._check_first(batch)
            yield self._made(batch, memory)

    def _check_first(self, batch: Batch) -> None:
        wanted = self.mapping.layout.format
        if not batch.numbers:
            reason = batch.malformed[0][1].problem.message
            raise InvalidInput(
                f"Nothing at the start of {self.file.name} can be read as {wanted}: {reason}",
                code="WRONG_FORMAT",
            )
        if wanted == "ndjson":
            self.mapping.check_columns(tuple(batch.columns), self.file.name)

    def _made(self, batch: Batch, memory: Memory) -> ImportBatch:
        found = mapped(batch, self.mapping, self.file, memory)
        events, places, rejections = parse_all(found.wires, self.rules, self.clock())
        refused = [
            self._reject(
                batch, found.rows[each.index], Problem(each.code, each.message, each.field)
            )
            for each in rejections
        ]
        return ImportBatch(
            end=batch.end,
            events=events,
            rejects=[*self._unread(batch, found), *refused],
            refused=lambda i, problem: self._reject(batch, found.rows[places[i]], problem),
        )

    def _unread(self, batch: Batch, found: Mapped) -> Iterator[Reject]:
        for number, each in batch.malformed:
            yield Reject(each.raw, each.problem.code, each.problem.message, None, number)
        for row, problem in sorted(found.problems.items()):
            yield self._reject(batch, row, problem)

    def _reject(self, batch: Batch, row: int, problem: Problem) -> Reject:
        raw = raw_text(batch.raws[row], self.mapping.layout)
        return Reject(raw, problem.code, problem.message, problem.field, batch.numbers[row])
