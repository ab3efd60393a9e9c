"""Whole answers that were kept: a copy in this process before the one in Redis that all processes share."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from redis.asyncio import Redis

from db.redis_patience import Patience
from domain.freshness import Kept

_FLIGHT_MS = 5_000
"""How long others leave a question to the process that began to answer it."""

_POLL = 0.01
_POLLS = 50
"""Looks at what another process is making, and seconds in between."""

_LOCAL_BYTES = 32 * 1024 * 1024
_LARGEST = 4 * 1024 * 1024
_OVERHEAD = 600
"""Bytes that a copy takes beyond its data, about."""


class StoredAnswer(msgspec.Struct, frozen=True, array_like=True):
    """An answer as it is kept. `data` is the JSON of its data, already marked as kept.

    `etag` names the data however it is marked.
    """

    version: str
    made_at: datetime
    until: datetime
    etag: str
    data: bytes

    @property
    def kept(self) -> Kept:
        """What decides whether it may be given again."""
        return Kept(self.version, self.made_at, self.until)


@dataclass(frozen=True, slots=True)
class Looked:
    """What Redis holds, and whether it is this process that is to make what it does not hold."""

    answer: StoredAnswer | None = None
    leads: bool = True


_DECODER = msgspec.msgpack.Decoder(StoredAnswer)
_ENCODER = msgspec.msgpack.Encoder()


class LocalAnswers:
    """The copies of this process, the least recently used dropped first."""

    def __init__(self, most: int = _LOCAL_BYTES) -> None:
        self._most = most
        self._size = 0
        self._answers: OrderedDict[bytes, StoredAnswer] = OrderedDict()

    def get(self, key: bytes) -> StoredAnswer | None:
        """The copy of a key."""
        found = self._answers.get(key)
        if found is not None:
            self._answers.move_to_end(key)
        return found

    def put(self, key: bytes, answer: StoredAnswer) -> None:
        """Keep a copy instead of the one before."""
        before = self._answers.pop(key, None)
        self._size += _size(answer) - (_size(before) if before else 0)
        self._answers[key] = answer
        while self._size > self._most:
            _, dropped = self._answers.popitem(last=False)
            self._size -= _size(dropped)


class AnswerCache:
    """Both copies. Redis is only a help: whatever becomes of it, answers are made anew."""

    def __init__(self, redis: Redis, seconds: int, patience: Patience | None = None) -> None:
        self.local = LocalAnswers()
        self._redis = redis
        self._seconds = seconds
        self._patience = patience or Patience()
        self._writing: set[asyncio.Task[None]] = set()

    async def look(self, key: bytes) -> Looked:
        """What all processes share; where it is not there, at most one of them leads in making it."""
        return await self._patience.ask(lambda: self._look(key), Looked())

    async def peek(self, key: bytes) -> StoredAnswer | None:
        """What all processes share."""
        return await self._patience.ask(lambda: self._peek(key), None)

    async def made_elsewhere(self, key: bytes, before: StoredAnswer | None) -> Looked:
        """Another answer than `before` once another process has made it; else lead, where it gave up
        or takes long."""
        for _ in range(_POLLS):
            await asyncio.sleep(_POLL)
            looked = await self.look(key)
            if looked.leads or looked.answer != before:
                return looked
        return Looked()

    def keep(self, key: bytes, answer: StoredAnswer) -> None:
        """Keep an answer here now and in Redis soon."""
        if len(answer.data) <= _LARGEST:
            self.local.put(key, answer)
            self._soon(key, answer)
        else:
            self._soon(key, None)

    def give_up(self, key: bytes) -> None:
        """Let another process lead: nothing came of it here."""
        self._soon(key, None)

    async def settled(self) -> None:
        """Return when everything kept so far is in Redis."""
        while self._writing:
            await asyncio.wait(self._writing)

    def _soon(self, key: bytes, answer: StoredAnswer | None) -> None:
        task = asyncio.create_task(self._patience.ask(lambda: self._write(key, answer), None))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _look(self, key: bytes) -> Looked:
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.get(_name(key))
            pipeline.set(_flight(key), b"1", nx=True, px=_FLIGHT_MS)
            found, leads = await pipeline.execute()
        return Looked(_decoded(found), bool(leads))

    async def _peek(self, key: bytes) -> StoredAnswer | None:
        return _decoded(await self._redis.get(_name(key)))

    async def _write(self, key: bytes, answer: StoredAnswer | None) -> None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            if answer is not None:
                pipeline.set(_name(key), _ENCODER.encode(answer), ex=self._seconds)
            pipeline.delete(_flight(key))
            await pipeline.execute()


def _decoded(found: Any) -> StoredAnswer | None:
    """What another release has written is as good as nothing."""
    try:
        return None if found is None else _DECODER.decode(found)
    except msgspec.MsgspecError:
        return None


def _size(answer: StoredAnswer) -> int:
    return len(answer.data) + _OVERHEAD


def _name(key: bytes) -> bytes:
    return b"tidemark:answer:" + key


def _flight(key: bytes) -> bytes:
    return b"tidemark:flight:" + key
