"""Requests that wait for a group commit, oldest first, within bounds."""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from db.events import Outcome
from domain.errors import Unavailable
from domain.events import Event


@dataclass(frozen=True, slots=True)
class CommitLimits:
    """Bounds of what may wait and of how long.

    `group_events`: most events of one transaction; a larger request takes several.
    `queue_events`, `queue_bytes`: what may wait; more is refused at once.
    `max_wait`: once the oldest request waits for so many seconds, new ones are refused at once.
    `patience`: seconds after which requests are refused where nothing at all gets committed.
    `commit_timeout`: seconds after which a transaction's connection is given up.
    """

    writers: int = 2
    group_events: int = 2_000
    queue_events: int = 100_000
    queue_bytes: int = 64_000_000
    max_wait: float = 2.0
    patience: float = 0.9
    commit_timeout: float = 5.0


@dataclass(eq=False, slots=True)
class Request:
    """The events of one caller, about how many bytes they hold, and where it awaits its outcome.

    `since` is the loop's time when it began to wait.
    """

    events: Sequence[Event]
    size: int
    since: float
    answer: asyncio.Future[Outcome]


@dataclass(slots=True)
class CommitQueue:
    """Requests in order of arrival, and how much they hold."""

    limits: CommitLimits
    waiting: deque[Request] = field(default_factory=deque)
    events: int = 0
    bytes: int = 0
    filled: asyncio.Event = field(default_factory=asyncio.Event)

    def check_room(self, events: int, size: int, now: float) -> None:
        """Raise Unavailable where so much more would not be committed soon."""
        if not self.waiting:
            return
        limits = self.limits
        if (
            self.events + events > limits.queue_events
            or self.bytes + size > limits.queue_bytes
            or now - self.waiting[0].since > limits.max_wait
        ):
            raise overloaded()

    def put(self, request: Request) -> None:
        """Queue a request."""
        self.waiting.append(request)
        self.events += len(request.events)
        self.bytes += request.size
        self.filled.set()

    def take(self) -> list[Request]:
        """The oldest requests, one group's worth, without those whose caller is gone."""
        taken: list[Request] = []
        total = 0
        while self.waiting:
            if taken and total + len(self.waiting[0].events) > self.limits.group_events:
                return taken
            request = self._pop()
            if not request.answer.done():
                taken.append(request)
                total += len(request.events)
        return taken

    def refuse_all(self, problem: Exception) -> None:
        """Answer every waiting request with an error."""
        refuse(self.waiting, problem)
        while self.waiting:
            self._pop()

    def _pop(self) -> Request:
        request = self.waiting.popleft()
        self.events -= len(request.events)
        self.bytes -= request.size
        if not self.waiting:
            self.filled.clear()
        return request


def overloaded() -> Unavailable:
    """The answer to events that may not be, or are not, committed."""
    return Unavailable("Events cannot be stored right now; send them again with the same ids.")


def refuse(requests: Iterable[Request], problem: Exception) -> None:
    """Answer requests that have no answer yet with an error."""
    for request in requests:
        if not request.answer.done():
            request.answer.set_exception(problem)


def answer(group: Sequence[Request], outcome: Outcome) -> None:
    """Give each request its part of a group's outcome."""
    start = 0
    for request in group:
        end = start + len(request.events)
        if not request.answer.done():
            request.answer.set_result(outcome.part(start, end))
        start = end
