"""Processes that ingest, merge, seal and rebuild at once, each with connections of its own."""

import asyncio
import multiprocessing
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event as Flag
from random import Random
from typing import Any

import asyncpg

from db.analytics import answer
from db.events import EventStore
from db.group_commit import GroupCommit
from db.partitions import EventPartitions
from db.pool import open_pool
from db.rebuild import begin, step, sweep_retired
from db.rollup_state import StateCache
from db.rollups import roll
from db.seal import seal
from domain.builtin import BUILTIN
from domain.catalogue import catalogue_of
from domain.event_wire import encode_mapping
from domain.events import Arrival, Event, EventRules, parse
from domain.questions import COUNT, Filter, Read

CATALOGUE = catalogue_of(BUILTIN)
NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)
START, END = NOW - timedelta(days=10), NOW + timedelta(days=1)
COMMON = 150
"""How many ids every ingesting process sends; each counts once."""

_SPAWN = multiprocessing.get_context("spawn")
_RULES = EventRules.of(CATALOGUE)
_ARRIVAL = Arrival(NOW, "crowd", lambda: "")


@dataclass(frozen=True, slots=True)
class Shared:
    """What all processes see: the database, how many events were sent at least once, and when to end."""

    dsn: str
    sent: "Synchronized[int]"
    over: Flag

    @classmethod
    def of(cls, dsn: str) -> "Shared":
        return cls(dsn, _SPAWN.Value("q", 0), _SPAWN.Event())

    def note(self, count: int) -> None:
        with self.sent.get_lock():
            self.sent.value += count


@contextmanager
def running(*tasks: tuple[Callable[..., None], Any]) -> Iterator[list[BaseProcess]]:
    """A process for each function and its arguments."""
    processes = [_SPAWN.Process(target=target, args=given, daemon=True) for target, given in tasks]
    for each in processes:
        each.start()
    try:
        yield processes  # type: ignore[misc]
    finally:
        for each in processes:
            each.kill()
            each.join()


def ingest(shared: Shared, name: str, requests: int) -> None:
    """Several callers at once; each finds the events of its receipt in the very next answer."""
    _run(shared, lambda pool: _ingest(pool, shared, name, requests))


def merge(shared: Shared, seed: int) -> None:
    """Merge a few batches at a time."""
    random = Random(seed)
    _again(shared, lambda pool: roll(pool, CATALOGUE, limit=random.choice((1, 50, 5_000))))


def seal_on(shared: Shared) -> None:
    """As if the ten days passed meanwhile."""
    clock = iter(range(10_000))
    _again(
        shared, lambda pool: seal(pool, min(NOW, START + timedelta(hours=5 * next(clock)))), 0.05
    )


def rebuild_on(shared: Shared) -> None:
    """One rebuild after the other."""

    async def go_on(pool: asyncpg.Pool) -> None:
        if not await step(pool, CATALOGUE, limit=300):
            await sweep_retired(pool)
            await begin(pool, CATALOGUE, ["order", "*"])

    _again(shared, go_on)


async def _ingest(pool: asyncpg.Pool, shared: Shared, name: str, requests: int) -> None:
    store = EventStore(EventPartitions(), 7)
    state = StateCache()

    async def call(number: int, commits: GroupCommit) -> None:
        source = f"{name}-{number}"
        await asyncio.sleep(number % 7 / 100)
        batch = [_event(f"{source}-{each}", source) for each in range(1 + number % 9)]
        shared.note(len(batch))
        again = [_event(f"common-{(number + each) % COMMON}", "common") for each in range(3)]
        outcome = await commits.commit([*batch, *again])
        assert all(place >= len(batch) for place in outcome.duplicates)
        assert not outcome.conflicts
        only = Filter("source", (source,))
        read = Read("order", (START, END), frozenset({COUNT}), (), only)
        (frame,) = await answer(pool, CATALOGUE, [read], state)
        assert frame.groups[()].values[COUNT] == [len(batch)], source

    async with GroupCommit(pool, store, clock=lambda: NOW) as commits:
        for first in range(0, requests, 10):
            await asyncio.gather(*(call(n, commits) for n in range(first, first + 10)))


def _event(id: str, source: str) -> Event:
    at = START + timedelta(seconds=Random(id).randrange(10 * 86_400))
    body = {"id": id, "type": "order", "occurredAt": at.isoformat(), "source": source}
    return parse(encode_mapping(body), _RULES, _ARRIVAL)


def _again(
    shared: Shared, work: Callable[[asyncpg.Pool], Awaitable[object]], pause: float = 0.0
) -> None:
    async def until_over(pool: asyncpg.Pool) -> None:
        while not shared.over.is_set():
            await work(pool)
            await asyncio.sleep(pause)

    _run(shared, until_over)


def _run(shared: Shared, work: Callable[[asyncpg.Pool], Awaitable[None]]) -> None:
    async def within_pool() -> None:
        pool = await open_pool(shared.dsn, min_size=1, max_size=12)
        try:
            await work(pool)
        finally:
            pool.terminate()

    asyncio.run(within_pool())
