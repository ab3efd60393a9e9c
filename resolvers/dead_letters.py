"""Refused events once more: parsed and stored as if they came now, when what refused them is mended."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.dead_letters import DeadLetter, page
from db.dead_letters import replay as replay_letter
from db.events import EventStore, Outcome
from db.pool import Pool
from domain.errors import InvalidInput
from domain.event_ids import named
from domain.events import CONFLICT, UNSTORABLE, Arrival, Event, EventRules, parse
from domain.kept_records import read_again
from domain.mapping import ImportMapping

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one letter; `problem` is None where its event is stored now."""

    letter: DeadLetter
    duplicate: bool = False
    problem: InvalidInput | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """What replaying needs. An event without an id gets one of its letter, the same every time.

    `mapping_of` finds the mapping of a file's records by name, and raises InvalidInput without one.
    """

    pool: Pool
    store: EventStore
    rules: EventRules
    mapping_of: Callable[[str], ImportMapping]
    ahead: timedelta = timedelta(hours=24)

    async def run(
        self, now: datetime, *, limit: int, code: str | None = None, origin: str | None = None
    ) -> AsyncIterator[Replayed]:
        """Replay the oldest open letters, one transaction each, and tell of each."""
        after, left = 0, limit
        async with self.pool.acquire() as connection:
            while left > 0:
                letters = await page(
                    connection, limit=min(left, _PAGE), after=after, code=code, origin=origin
                )
                if not letters:
                    return
                for letter in letters:
                    event = self._event(letter, now)
                    if isinstance(event, InvalidInput):
                        yield Replayed(letter, problem=event)
                        continue
                    outcome = await replay_letter(connection, self.store, letter, event, now)
                    if outcome is not None:
                        yield _replayed(letter, outcome)
                after, left = letters[-1].id, left - len(letters)

    def _event(self, letter: DeadLetter, now: datetime) -> Event | InvalidInput:
        if letter.truncated:
            return InvalidInput("Only the first 64 KiB of the event were kept.", code="TRUNCATED")
        try:
            return self._parsed(letter, now)
        except InvalidInput as problem:
            return problem

    def _parsed(self, letter: DeadLetter, now: datetime) -> Event:
        if letter.record is not None:
            mapping = self.mapping_of(letter.record.mapping)
            arrival = Arrival(now, letter.origin, str, self.ahead)
            text = letter.body.decode("utf-8", "surrogateescape")
            return read_again(text, letter.record, mapping, self.rules, arrival)
        own = f"dead-letter-{letter.id}"
        return parse(letter.body, self.rules, Arrival(now, own, lambda: named(own), self.ahead))


def _replayed(letter: DeadLetter, outcome: Outcome) -> Replayed:
    if outcome.conflicts:
        return Replayed(letter, problem=InvalidInput(CONFLICT, code="ID_CONFLICT", field="id"))
    if outcome.unstorable:
        return Replayed(letter, problem=InvalidInput(UNSTORABLE, code="UNSTORABLE"))
    return Replayed(letter, duplicate=bool(outcome.duplicates))
