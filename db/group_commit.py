"""Group commit: requests that arrive together share a transaction, each gets its own outcome."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime

import asyncpg
import structlog

from db.commit_queue import CommitLimits, CommitQueue, Request, answer, overloaded, refuse
from db.ending import end_if_cancelled
from db.events import EventStore, Outcome
from db.lent import lent
from db.outage import LOST
from domain.errors import Unavailable
from domain.events import Event

LOG = structlog.get_logger(__name__)

_LOST = (*LOST, TimeoutError)
_TRANSIENT = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
_ATTEMPTS = 3
_DATA_ERRORS = ("22", "54")
"""Classes of SQLSTATE that blame the values: data exception, program limit exceeded."""


class GroupCommit:
    """Takes events from any number of concurrent requests and commits them in groups.

    There is no timer on the way: while the writers commit, what arrives becomes the next group, so
    that groups are as large as the load is high and a lone request is committed at once. What is
    not committed is never acknowledged; where the outcome is unknown (a connection lost while it
    committed) the answer is Unavailable, and a retry with the same ids finds duplicates.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        store: EventStore,
        *,
        clock: Callable[[], datetime],
        limits: CommitLimits | None = None,
        on_commit: Callable[[], None] | None = None,
    ) -> None:
        self._pool = pool
        self._store = store
        self._clock = clock
        self._limits = limits or CommitLimits()
        self._on_commit = on_commit
        self._queue = CommitQueue(self._limits)
        self._in_flight: set[Request] = set()
        self._last_progress = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "GroupCommit":
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._write()) for _ in range(self._limits.writers)]
        self._tasks.append(loop.create_task(self._watch()))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Answer every request that is there, then end."""
        while unanswered := [each.answer for each in self._requests if not each.answer.done()]:
            await asyncio.wait(unanswered)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def queued_events(self) -> int:
        """How many events wait for a writer."""
        return self._queue.events

    def check_room(self, events: int = 0, size: int = 0) -> None:
        """Raise Unavailable where so much more would not be committed soon."""
        self._queue.check_room(events, size, asyncio.get_running_loop().time())

    async def commit(self, events: Sequence[Event], size: int = 0) -> Outcome:
        """Store the events of one request; when this returns, they are committed.

        `size` is about how many bytes they hold in memory. Raises Unavailable at once where too
        much waits, and within a second where PostgreSQL does not get on at all.
        """
        self.check_room(len(events), size)
        most = self._limits.group_events
        if 0 < len(events) <= most:
            return await self._queued(events, size)
        outcome = Outcome()
        for start in range(0, len(events), most):
            part = await self._queued(events[start : start + most], size)
            outcome = outcome.joined(part, start)
        return outcome

    async def _queued(self, events: Sequence[Event], size: int) -> Outcome:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if not (self._queue.waiting or self._in_flight):
            self._last_progress = now
        request = Request(events, size, now, loop.create_future())
        self._queue.put(request)
        return await request.answer

    @property
    def _requests(self) -> tuple[Request, ...]:
        return (*self._queue.waiting, *self._in_flight)

    async def _watch(self) -> None:
        """Refuse all requests once nothing at all was committed for too long."""
        loop = asyncio.get_running_loop()
        patience = self._limits.patience
        while True:
            await asyncio.sleep(patience / 10)
            if self._requests and self._last_progress < loop.time() - patience:
                refuse(self._in_flight, overloaded())
                self._queue.refuse_all(overloaded())

    async def _write(self) -> None:
        while True:
            await self._queue.filled.wait()
            await asyncio.sleep(0)
            if group := self._queue.take():
                await self._commit_group(group)
                end_if_cancelled()

    async def _commit_group(self, group: list[Request]) -> None:
        self._in_flight.update(group)
        try:
            outcome = await self._stored([event for each in group for event in each.events])
        except Unavailable as problem:
            refuse(group, problem)
        except Exception as problem:
            LOG.exception("commit_failed")
            refuse(group, problem)
        else:
            answer(group, outcome)
            self._note_commit()
        finally:
            self._in_flight.difference_update(group)

    def _note_commit(self) -> None:
        self._last_progress = asyncio.get_running_loop().time()
        if self._on_commit is not None:
            with contextlib.suppress(Exception):
                self._on_commit()

    async def _stored(self, events: Sequence[Event]) -> Outcome:
        """Commit the events; where PostgreSQL refuses a value, all but the events that hold it."""
        try:
            return await self._attempted(events)
        except asyncpg.PostgresError as problem:
            if len(events) == 1:
                LOG.warning("event_refused_by_database", reason=str(problem))
                return Outcome(unstorable=frozenset((0,)))
        middle = len(events) // 2
        left = await self._stored(events[:middle])
        return left.joined(await self._stored(events[middle:]), middle)

    async def _attempted(self, events: Sequence[Event]) -> Outcome:
        """Commit the events. Raises PostgresError where it blames the data, else Unavailable."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await self._once(events)
            except _TRANSIENT as problem:
                LOG.warning("commit_retried", attempt=attempt, reason=str(problem))
            except asyncpg.PostgresError as problem:
                if (problem.sqlstate or "").startswith(_DATA_ERRORS):
                    raise
                LOG.error("database_error", reason=str(problem), sqlstate=problem.sqlstate)
                raise overloaded() from problem
            except _LOST as problem:
                LOG.error("database_unreachable", reason=repr(problem))
                raise overloaded() from problem
        raise overloaded()

    async def _once(self, events: Sequence[Event]) -> Outcome:
        async with lent(self._pool, self._limits.commit_timeout) as connection:
            return await self._store.commit(connection, events, self._clock())
