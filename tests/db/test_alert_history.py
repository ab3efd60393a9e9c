"""The history by cursor: whoever has read up to an id has missed nothing before it."""

import asyncio
import random
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg

from db.alert_history import append, events_since, last_cursor
from domain.alert_records import AlertEvent
from domain.alerts import Severity

AT = datetime(2026, 3, 10, tzinfo=UTC)


def event(reason: str, severity: Severity = Severity.INFO) -> AlertEvent:
    return AlertEvent(
        id=0,
        at=AT,
        event="changed",
        config_id=uuid4(),
        alert_id=None,
        name="a",
        severity=severity,
        group_key="[]",
        labels={},
        from_phase="ok",
        to_phase="pending",
        value=1.5,
        threshold=None,
        reason=reason,
        subject=None,
        notice="none",
    )


async def test_events_come_back_as_they_were_in_their_order(pool: asyncpg.Pool) -> None:
    given = [event("first"), event("second", Severity.CRITICAL), event("third")]
    async with pool.acquire() as connection, connection.transaction():
        kept = await append(connection, given)
    assert await events_since(pool, 0) == kept
    assert [each.reason for each in kept] == ["first", "second", "third"]
    assert await events_since(pool, kept[1].id) == kept[2:]
    assert await events_since(pool, 0, severities=[Severity.CRITICAL]) == [kept[1]]
    assert await events_since(pool, 0, config_ids=[given[2].config_id]) == [kept[2]]
    assert await last_cursor(pool) == kept[-1].id


async def test_a_reader_by_cursor_misses_nothing_of_writers_that_commit_late(
    pool: asyncpg.Pool,
) -> None:
    chance, writing = random.Random(5), True
    seen: list[str] = []

    async def write(writer: int) -> None:
        for number in range(15):
            async with pool.acquire() as connection, connection.transaction():
                await append(connection, [event(f"{writer}.{number}")])
                await connection.execute("SELECT pg_sleep($1)", chance.random() * 0.004)

    async def read() -> None:
        cursor = 0
        while True:
            last_look = not writing
            for each in await events_since(pool, cursor, limit=3):
                seen.append(each.reason)
                cursor = each.id
            if last_look and cursor == await last_cursor(pool):
                return

    reader = asyncio.create_task(read())
    await asyncio.gather(*(write(writer) for writer in range(6)))
    writing = False
    await reader
    assert len(seen) == len(set(seen)) == 6 * 15
