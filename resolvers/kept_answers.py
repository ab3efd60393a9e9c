"""Answers given again: while they are what would be answered now, or as old as the caller allows.

The rule, in the order it is tried:
1. The caller allows an age, and the kept answer is no older (nor than its kind may be).
2. The data version, read after the request came, is still that of the kept answer, and so is the minute.
3. Somebody else is making the same answer; if that began after the request came, or its version holds, it is
   this one's too.
4. It is made, and kept under the version that was read before it was begun.
Where the version cannot be read the database is down, and the last answer is given, marked as stale.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Generic, TypeVar

from db.answer_cache import AnswerCache, StoredAnswer
from db.data_version import DataVersion
from domain.errors import Unavailable
from domain.freshness import Ages, Keeping

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, by a key that holds all it depends on but the data and the clock.

    `max_age` in seconds: what the caller allows; None: only what would be answered now.
    """

    key: bytes
    keeping: Keeping
    max_age: float | None


@dataclass(frozen=True, slots=True)
class Given:
    """A kept answer. `stale`: the database is down and this is the last that it said."""

    answer: StoredAnswer
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Made(Generic[T]):
    """A new answer, and what of it to keep: data, etag and until when it holds; None: nothing."""

    answer: T
    kept: "Keepable | None"


@dataclass(frozen=True, slots=True)
class Keepable:
    """What is kept of an answer."""

    data: bytes
    etag: str
    until: datetime


@dataclass(slots=True)
class _Flight:
    """An answer in the making. `number`: when it began, among all arrivals of the process."""

    number: int
    done: asyncio.Event = field(default_factory=asyncio.Event)
    answer: StoredAnswer | None = None


class KeptAnswers:
    """The kept answers of a process, as far as they may be given."""

    def __init__(self, cache: AnswerCache, version: DataVersion, ages: Ages) -> None:
        self._cache = cache
        self._version = version
        self._ages = ages
        self._flights: dict[bytes, _Flight] = {}
        self._numbers = count()

    async def answered(
        self,
        question: Question,
        now: datetime,
        make: Callable[[], Awaitable[Made[T]]],
        version: str | None = None,
    ) -> Given | T:
        """A kept answer, or the one that `make` makes. `version` was read after the request came."""
        arrived = next(self._numbers)
        found = self._cache.local.get(question.key)
        if found is not None and self._young(question, found, now):
            return Given(found)
        try:
            version = version or await self._version.current()
        except Unavailable:
            return await self._last(question, now) or (await make()).answer
        if found is not None and question.keeping.exact and found.kept.holds(version, now):
            return Given(found)
        return await self._shared(question, now, version, arrived, make)

    def offer(
        self, question: Question, now: datetime, give: Callable[[StoredAnswer | None, str], None]
    ) -> bool:
        """Give this process's copy by the first two rules, or None once it turns out not to hold.

        With it comes the version that was read, empty where none was. False: there is no copy that could
        hold, and nothing will be given.
        """
        found = self._cache.local.get(question.key)
        if found is None:
            return False
        if self._young(question, found, now):
            give(found, "")
            return True
        if not question.keeping.exact or not found.kept.holds(found.version, now):
            return False

        def told(version: str | Exception) -> None:
            if isinstance(version, Exception):
                give(None, "")
            else:
                give(found if version == found.version else None, version)

        self._version.tell(told)
        return True

    async def _shared(
        self,
        question: Question,
        now: datetime,
        version: str,
        arrived: int,
        make: Callable[[], Awaitable[Made[T]]],
    ) -> Given | T:
        """The answer of whoever makes it in this process; else be the one who does."""
        while (flight := self._flights.get(question.key)) is not None:
            await flight.done.wait()
            made = flight.answer
            if made is not None and (
                flight.number > arrived or self._usable(question, made, version, now)
            ):
                return Given(made)
            if flight.number > arrived:
                return (await make()).answer
        flight = self._flights[question.key] = _Flight(next(self._numbers))
        try:
            return await self._led(question, now, version, flight, make)
        finally:
            del self._flights[question.key]
            flight.done.set()

    async def _led(
        self,
        question: Question,
        now: datetime,
        version: str,
        flight: _Flight,
        make: Callable[[], Awaitable[Made[T]]],
    ) -> Given | T:
        looked = await self._cache.look(question.key)
        if not (self._usable(question, looked.answer, version, now) or looked.leads):
            looked = await self._cache.made_elsewhere(question.key, looked.answer)
        found = looked.answer
        if found is not None and self._usable(question, found, version, now):
            if looked.leads:
                self._cache.give_up(question.key)
            self._cache.local.put(question.key, found)
            flight.answer = found
            return Given(found)
        kept = False
        try:
            made = await make()
            if made.kept is not None:
                flight.answer = self._keep(question, now, version, made.kept)
                kept = True
        finally:
            if not kept:
                self._cache.give_up(question.key)
        return made.answer

    def _keep(
        self, question: Question, now: datetime, version: str, kept: Keepable
    ) -> StoredAnswer:
        answer = StoredAnswer(version, now, kept.until, kept.etag, kept.data)
        self._cache.keep(question.key, answer)
        return answer

    async def _last(self, question: Question, now: datetime) -> Given | None:
        found = self._cache.local.get(question.key) or await self._cache.peek(question.key)
        if found is None or not found.kept.young(now, self._ages.outage):
            return None
        return Given(found, stale=True)

    def _usable(
        self, question: Question, found: StoredAnswer | None, version: str, now: datetime
    ) -> bool:
        if found is None:
            return False
        exact = question.keeping.exact and found.kept.holds(version, now)
        return exact or self._young(question, found, now)

    def _young(self, question: Question, found: StoredAnswer, now: datetime) -> bool:
        if question.max_age is None:
            return False
        return found.kept.young(now, min(question.max_age, self._ages.of(question.keeping.pace)))
