"""Events on their way in: what each request brings is parsed, committed with others, and accounted for."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from typing import Any, Protocol, TypeVar

from db.commit_queue import overloaded
from db.dead_letters import Refused
from db.events import Outcome
from db.group_commit import GroupCommit
from domain.callers import Caller
from domain.errors import Forbidden, InvalidInput, OverLimit
from domain.event_ids import uuid7
from domain.event_slices import of_array, of_lines
from domain.event_wire import Wire, decode_array, decode_lines, encode_mapping
from domain.events import (
    CONFLICT,
    UNSTORABLE,
    Arrival,
    Event,
    EventRules,
    Receipt,
    Rejection,
    check,
    parse,
    rejection,
)
from domain.policy import WRITERS
from resolvers.turns import Turns

_PORTION = 16 * 1024
"""Bytes of bodies that are parsed before others get a turn: half a millisecond or so."""
_LONGEST_WAIT = 2.0
"""Seconds that bodies may wait to be parsed; then new requests are refused."""


_Item = TypeVar("_Item", Wire, bytes)
_EventOf = Callable[[_Item, EventRules, Arrival], Event]


class Layout(Enum):
    """How a body holds its events: a JSON array (or one object), or a JSON object a line."""

    JSON = "json"
    LINES = "lines"


class KeepRefused(Protocol):
    """Stores refused events."""

    async def __call__(
        self, refused: Sequence[Refused], *, origin: str, subject: str, received_at: datetime
    ) -> None: ...


def _unnoted(receipt: Receipt) -> None:
    """Nobody counts."""


@dataclass(slots=True)
class _Sorted:
    """A request's events sorted into valid (with their places) and rejected."""

    events: list[Event] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Body:
    """A request's events: decoded all at once, or (where one of them is faulty) each by its bytes."""

    raw: bytes
    slices: Callable[[bytes], list[bytes]]
    wires: Sequence[Wire] | None

    def pieces(self) -> list[bytes]:
        """The bytes of each event."""
        return self.slices(self.raw)


@dataclass(frozen=True, slots=True)
class Ingest:
    """The way in for events, shared by all requests of a process. `noted` sees every receipt."""

    rules: EventRules
    commits: GroupCommit
    keep: KeepRefused
    max_batch: int = 10_000
    ahead: timedelta = timedelta(hours=24)
    noted: Callable[[Receipt], None] = _unnoted
    turns: Turns = field(default_factory=lambda: Turns(_PORTION))

    def check_room(self, size: int) -> None:
        """Raise Unavailable where a body of so many bytes would wait too long."""
        if self.turns.behind > _LONGEST_WAIT:
            raise overloaded()
        self.commits.check_room(size=size)

    async def record(
        self, events: Sequence[Mapping[str, Any]], caller: Caller, now: datetime
    ) -> Receipt:
        """Commit events that came as values, as those of the mutation do."""
        check_may_record(caller)
        body = b"\n".join(encode_mapping(event) for event in events)
        return await self._record(
            _Body(body, of_lines, decode_lines(body)), caller, now, origin="graphql"
        )

    async def record_body(
        self, body: bytes, layout: Layout, caller: Caller, now: datetime, *, origin: str = "http"
    ) -> Receipt:
        """Commit the events of a request body.

        Raises InvalidInput (kept as a dead letter too) where it is not known where an event ends.
        """
        check_may_record(caller)
        await self.turns.take(len(body))
        try:
            return await self._record(_body_of(body, layout), caller, now, origin=origin)
        except InvalidInput as problem:
            if problem.code == "MALFORMED_JSON":
                letter = Refused(problem.code, problem.field, problem.message, body)
                await self.keep([letter], origin=origin, subject=caller.subject, received_at=now)
            raise

    async def _record(self, body: _Body, caller: Caller, now: datetime, *, origin: str) -> Receipt:
        arrival = Arrival(now, caller.correlation, partial(_new_id, now), self.ahead)
        found = await self._sorted(body, arrival)
        outcome = await self.commits.commit(found.events, len(body.raw))
        rejected = (*found.rejected, *_refusals(found, outcome))
        if rejected:
            pieces = body.pieces()
            letters = [Refused(r.code, r.field, r.message, pieces[r.index]) for r in rejected]
            await self.keep(letters, origin=origin, subject=caller.subject, received_at=now)
        duplicates = len(outcome.duplicates)
        refused = len(outcome.conflicts) + len(outcome.unstorable)
        receipt = Receipt(
            accepted=len(found.events) - duplicates - refused,
            duplicates=duplicates,
            rejected=tuple(sorted(rejected, key=lambda each: each.index)),
        )
        self.noted(receipt)
        return receipt

    async def _sorted(self, body: _Body, arrival: Arrival) -> _Sorted:
        size = len(body.raw)
        if body.wires is not None:
            return await self._sort(body.wires, size, check, arrival)
        return await self._sort(body.pieces(), size, parse, arrival)

    async def _sort(
        self, items: Sequence[_Item], size: int, event_of: _EventOf[_Item], arrival: Arrival
    ) -> _Sorted:
        """Parse items of `size` bytes in order, letting others have a turn in between."""
        self._check_size(len(items))
        found = _Sorted()
        rules, events, places = self.rules, found.events, found.places
        step = max(1, len(items) * _PORTION // max(size, 1))
        for start in range(0, len(items), step):
            if start:
                await self.turns.take(_PORTION)
            for index, item in enumerate(items[start : start + step], start):
                try:
                    events.append(event_of(item, rules, arrival))
                    places.append(index)
                except InvalidInput as problem:
                    found.rejected.append(rejection(index, problem))
        return found

    def _check_size(self, events: int) -> None:
        if events > self.max_batch:
            raise OverLimit(
                f"{events:,} events in one request; at most {self.max_batch:,} are taken.",
                code="TOO_MANY_EVENTS",
                limit=self.max_batch,
                asked=events,
            )


def check_may_record(caller: Caller) -> None:
    """Only admins and ingest keys write events."""
    if caller.role not in WRITERS:
        raise Forbidden(f"The role {caller.role.value} may not record events.")


def _body_of(body: bytes, layout: Layout) -> _Body:
    if layout is Layout.JSON and body.lstrip()[:1] != b"{":
        return _Body(body, of_array, decode_array(body))
    if layout is Layout.JSON:
        return _Body(body, lambda raw: [raw], None)
    return _Body(body, of_lines, decode_lines(body))


def _refusals(found: _Sorted, outcome: Outcome) -> list[Rejection]:
    """The rejections that only the database knows of, at their places in the request."""
    if not (outcome.conflicts or outcome.unstorable):
        return []
    return [
        *(Rejection(found.places[i], "ID_CONFLICT", "id", CONFLICT) for i in outcome.conflicts),
        *(Rejection(found.places[i], "UNSTORABLE", None, UNSTORABLE) for i in outcome.unstorable),
    ]


def _new_id(now: datetime) -> str:
    return uuid7(int(now.timestamp() * 1000), int.from_bytes(os.urandom(10), "big"))
