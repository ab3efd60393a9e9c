"""Events into the database: one batch, one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from db.event_copy import COLUMNS, ESCAPE, NULL, copy_lines, json_lines
from db.partitions import EventPartitions
from db.pool import Connection
from db.queries import load
from domain.events import Event

QUERIES = load("events")

FEW = 200
"""Up to so many events one statement with JSON costs less than COPY, which takes five exchanges."""

CAREFUL_BATCHES = 64
"""So many batches ask which of their ids are taken after one was: finding out by failing costs double."""

_Claim = tuple[list[str], list[int], datetime, datetime, datetime, list[str]]
"""Arguments of `claim_new_ids`; `store` takes lines as well."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the events of a batch, by their places in it. The rest was accepted."""

    duplicates: frozenset[int] = frozenset()
    conflicts: frozenset[int] = frozenset()
    unstorable: frozenset[int] = frozenset()

    def part(self, start: int, end: int) -> "Outcome":
        """The outcome of the events at [start, end), counted from there."""
        if not (self.duplicates or self.conflicts or self.unstorable):
            return self
        return Outcome(
            *(
                frozenset(place - start for place in places if start <= place < end)
                for places in (self.duplicates, self.conflicts, self.unstorable)
            )
        )

    def joined(self, later: "Outcome", offset: int) -> "Outcome":
        """This outcome and that of the events that follow from place `offset` on."""
        return Outcome(
            self.duplicates | {offset + place for place in later.duplicates},
            self.conflicts | {offset + place for place in later.conflicts},
            self.unstorable | {offset + place for place in later.unstorable},
        )


@dataclass(slots=True)
class Novelty:
    """Whether all ids of the next batch are likely new: `careful` batches more are to be asked about."""

    careful: int = 0

    def is_likely(self) -> bool:
        """For each batch once."""
        self.careful, before = max(self.careful - 1, 0), self.careful
        return before == 0

    def missed(self) -> None:
        """An id was taken."""
        self.careful = CAREFUL_BATCHES


@dataclass(frozen=True, slots=True)
class EventStore:
    """Where events go. `raw_days` is for types that name no retention of their own; 0 keeps."""

    partitions: EventPartitions
    raw_days: int
    novelty: Novelty = field(default_factory=Novelty)

    async def commit(
        self, connection: Connection, events: Sequence[Event], received_at: datetime
    ) -> Outcome:
        """Store a batch; when this returns, it is committed.

        Any number of processes may store the same ids at once: the first to commit has the event,
        the others wait for it and find a duplicate. Ids are claimed in order, so that no two wait
        for each other.
        """
        if not events:
            return Outcome()
        classes = {self.raw_days if each.raw_days is None else each.raw_days for each in events}
        await self.partitions.ensure(connection, classes, received_at)
        try:
            return await self._commit(connection, events, received_at)
        except asyncpg.CheckViolationError:
            self.partitions.forget()
            await self.partitions.ensure(connection, classes, received_at)
            return await self._commit(connection, events, received_at)

    async def _commit(
        self, connection: Connection, events: Sequence[Event], received_at: datetime
    ) -> Outcome:
        first: dict[str, Event] = {event.id: event for event in reversed(events)}
        ids = sorted(first)
        digests = [first[each].digest for each in ids]
        times = [event.occurred_at for event in events]
        types = sorted({event.event_type for event in events})
        claim = (ids, digests, received_at, min(times), max(times), types)
        lines = self._few(connection, first)
        if lines is None:
            taken = await self._copied(connection, first, claim)
        else:
            [stored] = await connection.fetch(QUERIES["store"], *claim, lines)
            taken = await _taken(connection, stored["taken"])
        if len(first) == len(events) and not taken:
            return Outcome()
        return _outcome(events, first, taken)

    def _few(self, connection: Connection, first: Mapping[str, Event]) -> str | None:
        """The lines, where one statement can store them, which is a transaction by itself.

        Inside another one it would not do: what it could not store would end that as well.
        """
        if len(first) > FEW or connection.is_in_transaction():
            return None
        return json_lines(first.values(), self.raw_days)

    async def _copied(
        self, connection: Connection, first: Mapping[str, Event], claim: _Claim
    ) -> dict[str, int]:
        """Store any number of events; the digests of those that were stored before."""
        if self.novelty.is_likely():
            try:
                await self._copied_new(connection, first, claim)
            except asyncpg.UniqueViolationError:
                self.novelty.missed()
            else:
                return {}
        async with connection.transaction():
            [claimed] = await connection.fetch(QUERIES["store"], *claim, "[]")
            taken = await _taken(connection, claimed["taken"])
            if claimed["batch_id"] is not None:
                fresh = (event for event in first.values() if event.id not in taken)
                await self._copy(connection, fresh, claimed["batch_id"], claim)
        return taken

    async def _copied_new(
        self, connection: Connection, first: Mapping[str, Event], claim: _Claim
    ) -> None:
        """Store events whose ids are all new; raises UniqueViolationError where one is not."""
        async with connection.transaction():
            batch_id = await connection.fetchval(QUERIES["claim_new_ids"], *claim)
            await self._copy(connection, first.values(), batch_id, claim)

    async def _copy(
        self, connection: Connection, events: Iterable[Event], batch_id: int, claim: _Claim
    ) -> None:
        received_at = claim[2]
        await connection.copy_to_table(
            "analytics_events",
            source=copy_lines(events, batch_id, received_at, self.raw_days),
            columns=COLUMNS,
            format="csv",
            escape=ESCAPE,
            null=NULL,
        )


async def _taken(connection: Connection, ids: Sequence[object]) -> dict[str, int]:
    """Digest by id of the events that were stored before."""
    if not ids:
        return {}
    rows = await connection.fetch(QUERIES["digests"], ids)
    return {str(row["id"]): row["digest"] for row in rows}


def _outcome(
    events: Sequence[Event], first: Mapping[str, Event], taken: Mapping[str, int]
) -> Outcome:
    duplicates: set[int] = set()
    conflicts: set[int] = set()
    for place, event in enumerate(events):
        original = first[event.id]
        if event is original and event.id not in taken:
            continue
        stored = taken.get(event.id, original.digest)
        (duplicates if event.digest == stored else conflicts).add(place)
    return Outcome(frozenset(duplicates), frozenset(conflicts))
