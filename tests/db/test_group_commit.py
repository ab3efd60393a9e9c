import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from db.commit_queue import CommitLimits
from db.events import EventStore, Outcome
from db.group_commit import GroupCommit
from db.partitions import EventPartitions
from domain.builtin import BUILTIN
from domain.catalogue import catalogue_of
from domain.errors import Unavailable
from domain.event_wire import encode_mapping
from domain.events import Arrival, Event, EventRules, parse

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
RULES = EventRules.of(catalogue_of(BUILTIN))
ARRIVAL = Arrival(NOW, "request-1", lambda: str(uuid.uuid4()))
SOON = CommitLimits(patience=0.2)


def events(*ids: str, **fields: Any) -> list[Event]:
    body = {"type": "click", "occurredAt": "2026-11-22T08:00:00Z", **fields}
    return [parse(encode_mapping({**body, "id": each}), RULES, ARRIVAL) for each in ids]


@asynccontextmanager
async def committing(
    pool: asyncpg.Pool, limits: CommitLimits | None = None, **options: Any
) -> AsyncIterator[GroupCommit]:
    store = EventStore(EventPartitions(), 7)
    async with GroupCommit(pool, store, clock=lambda: NOW, limits=limits, **options) as commits:
        yield commits


async def stored(pool: asyncpg.Pool) -> int:
    return await pool.fetchval("SELECT count(*) FROM analytics_events")


async def test_concurrent_requests_share_commits(pool: asyncpg.Pool) -> None:
    async with committing(pool) as commits:
        outcomes = await asyncio.gather(*(commits.commit(events(f"e{n}")) for n in range(200)))
    assert outcomes == [Outcome()] * 200
    assert await stored(pool) == 200
    assert await pool.fetchval("SELECT count(*) FROM pending_batches") < 20


async def test_a_request_is_committed_when_it_is_answered(pool: asyncpg.Pool) -> None:
    async with committing(pool) as commits:
        await commits.commit(events("a"))
        assert await stored(pool) == 1


async def test_each_request_gets_its_own_outcome(pool: asyncpg.Pool) -> None:
    async with committing(pool, CommitLimits(writers=1)) as commits:
        await commits.commit(events("old"))
        outcomes = await asyncio.gather(
            commits.commit(events("x", "y")),
            commits.commit(events("y", "old", "z")),
            commits.commit(events("z", userId="other")),
        )
    assert outcomes == [Outcome(), Outcome(frozenset((0, 1))), Outcome(conflicts=frozenset((0,)))]
    assert await stored(pool) == 4


async def test_a_large_request_is_committed_in_parts(pool: asyncpg.Pool) -> None:
    async with committing(pool, CommitLimits(group_events=10)) as commits:
        await commits.commit(events("n3", "n17"))
        outcome = await commits.commit(events(*(f"n{number}" for number in range(25))))
    assert outcome == Outcome(duplicates=frozenset((3, 17)))
    assert await stored(pool) == 25


class Poisoned(EventStore):
    """Lets PostgreSQL meet a value that it refuses: a NUL in a text."""

    async def commit(
        self, connection: Any, events: Sequence[Event], received_at: datetime
    ) -> Outcome:
        if any(b'"poison"' in event.line for event in events):
            await connection.execute("SELECT chr(0)")
        return await EventStore.commit(self, connection, events, received_at)


async def test_one_poisoned_event_fails_no_other(pool: asyncpg.Pool) -> None:
    store = Poisoned(EventPartitions(), 7)
    async with GroupCommit(pool, store, clock=lambda: NOW) as commits:
        healthy, mixed = await asyncio.gather(
            commits.commit(events("a", "b")),
            commits.commit([*events("c"), *events("d", userId="poison"), *events("e")]),
        )
    assert healthy == Outcome()
    assert mixed == Outcome(unstorable=frozenset((1,)))
    rows = await pool.fetch("SELECT client_id FROM analytics_events ORDER BY 1")
    assert [row["client_id"] for row in rows] == ["a", "b", "c", "e"]


async def test_a_caller_that_goes_away_breaks_no_other(pool: asyncpg.Pool) -> None:
    async with committing(pool, CommitLimits(writers=1)) as commits:
        gone = asyncio.create_task(commits.commit(events("gone")))
        stays = asyncio.create_task(commits.commit(events("stays")))
        await asyncio.sleep(0)
        gone.cancel()
        assert await stays == Outcome()
        assert await commits.commit(events("later")) == Outcome()


async def test_what_cannot_be_committed_is_refused_in_time_and_works_again_afterwards(
    pool: asyncpg.Pool,
) -> None:
    async with committing(pool, SOON) as commits:
        await commits.commit(events("before"))
        async with pool.acquire() as other, other.transaction():
            await other.execute("LOCK TABLE event_ids")
            async with asyncio.timeout(10):
                answers = await asyncio.gather(
                    *(commits.commit(events(f"e{n}")) for n in range(50)), return_exceptions=True
                )
        assert all(isinstance(answer, Unavailable) for answer in answers)
        assert commits.queued_events == 0
        outcome = await commits.commit(events("after", "before"))
        assert outcome.duplicates == {1}


async def test_a_full_queue_refuses_at_once(pool: asyncpg.Pool) -> None:
    limits = CommitLimits(writers=1, group_events=1, queue_events=10, patience=30)
    async with committing(pool, limits) as commits:
        async with pool.acquire() as other, other.transaction():
            await commits.commit(events("first"))
            await other.execute("LOCK TABLE event_ids")
            tasks = [asyncio.create_task(commits.commit(events(f"e{n}"))) for n in range(40)]
            done, waiting = await asyncio.wait(tasks, timeout=1)
            assert len(done) >= 29 and len(waiting) <= 11
            assert all(isinstance(task.exception(), Unavailable) for task in done)
            assert commits.queued_events <= 10
        assert await asyncio.gather(*waiting) == [Outcome()] * len(waiting)
    assert await stored(pool) == 1 + len(waiting)


async def test_bytes_are_bounded_too(pool: asyncpg.Pool) -> None:
    limits = CommitLimits(writers=1, queue_bytes=1000, patience=30)
    async with committing(pool, limits) as commits:
        async with pool.acquire() as other, other.transaction():
            await other.execute("LOCK TABLE event_ids")
            first = asyncio.create_task(commits.commit(events("a"), 900))
            await _waiting_backend(pool)
            second = asyncio.create_task(commits.commit(events("b"), 900))
            await asyncio.sleep(0)
            with pytest.raises(Unavailable):
                await commits.commit(events("c"), 900)
        assert await asyncio.gather(first, second) == [Outcome(), Outcome()]


async def test_a_lost_connection_is_answered_with_unavailable(pool: asyncpg.Pool) -> None:
    async with committing(pool, CommitLimits(writers=1)) as commits:
        async with pool.acquire() as other, other.transaction():
            await other.execute("LOCK TABLE event_ids")
            sent = asyncio.create_task(commits.commit(events("a")))
            await other.execute("SELECT pg_terminate_backend($1)", await _waiting_backend(pool))
            with pytest.raises(Unavailable):
                await sent
        assert await commits.commit(events("a")) == Outcome()


async def test_a_commit_rings_and_a_bell_that_fails_is_not_heard(pool: asyncpg.Pool) -> None:
    rings: list[int] = []

    def ring() -> None:
        rings.append(1)
        raise OSError("no bell")

    async with committing(pool, on_commit=ring) as commits:
        assert await commits.commit(events("a")) == Outcome()
    assert rings == [1]


async def test_closing_answers_what_is_under_way(pool: asyncpg.Pool) -> None:
    async with committing(pool) as commits:
        tasks = [asyncio.create_task(commits.commit(events(f"e{n}"))) for n in range(20)]
        await asyncio.sleep(0)
    assert await asyncio.gather(*tasks) == [Outcome()] * 20


async def _waiting_backend(pool: asyncpg.Pool) -> int:
    """The process that waits for a lock in this database, once there is one."""
    found = None
    while found is None:
        found = await pool.fetchval(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    return found
