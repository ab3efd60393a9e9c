"""Nothing is left out and nothing comes twice: commits in any order, cuts at random, Redis away."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from redis.asyncio import Redis

from db.alert_history import append
from tests.streaming import PATIENCE, Served, alert_event, serving, streaming, talking

INBOX = "subscription ($after: String) { notificationReceived(after: $after) { id reason } }"
Follow = Callable[[Served, str, int], Awaitable[list[tuple[str, str]]]]
WRITERS = 4
ROUNDS = 25


@pytest.fixture
async def served(dsn: str, redis_url: str, redis: Redis) -> AsyncIterator[Served]:
    async with serving(dsn, redis_url) as running:
        yield running


async def over_websocket(served: Served, after: str, number: int) -> list[tuple[str, str]]:
    """Cursor and reason of the next events."""
    async with talking(served, served.token()) as talk:
        await talk.subscribe(after=after)
        found = [(await talk.next())["alertEvents"] for _ in range(number)]
    return [(each["cursor"], each["reason"]) for each in found]


async def over_event_stream(served: Served, after: str, number: int) -> list[tuple[str, str]]:
    headers = {"Last-Event-ID": after}
    async with streaming(served, token=served.token(), headers=headers) as events:
        found = [(await events.data())["alertEvents"] for _ in range(number)]
    return [(each["cursor"], each["reason"]) for each in found]


@pytest.mark.parametrize("follow", [over_websocket, over_event_stream])
async def test_cut_at_random_while_writers_race_each_committed_event_comes_once_in_order(
    served: Served, follow: Follow
) -> None:
    dice = random.Random(11)

    async def write(writer: int) -> list[str]:
        kept = []
        for number in range(ROUNDS):
            async with served.pool.acquire() as connection:
                transaction = connection.transaction()
                await transaction.start()
                reason = f"{writer}-{number}"
                await append(connection, [alert_event(reason), alert_event(reason + "b")])
                if dice.random() < 0.3:
                    await transaction.rollback()
                    continue
                await transaction.commit()
            kept += [reason, reason + "b"]
        return kept

    async def read() -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        while not written.done() or len(found) < len(written.result()):
            after = found[-1][0] if found else "0"
            some = dice.randint(1, 12)
            if written.done():
                some = min(some, len(written.result()) - len(found))
            found += await follow(served, after, some)
        return found

    async def write_all() -> list[str]:
        parts = await asyncio.gather(*(write(number) for number in range(WRITERS)))
        # Enough for whoever waits for a last few.
        last = [await served.happen(f"last {number}") for number in range(12)]
        return [each for part in parts for each in part] + [f"last {n}" for n in range(len(last))]

    written = asyncio.create_task(write_all())
    async with asyncio.timeout(4 * PATIENCE):
        found = await read()
    assert sorted(reason for _, reason in found) == sorted(await written)
    cursors = [int(cursor) for cursor, _ in found]
    assert cursors == sorted(set(cursors))


async def test_a_lower_cursor_that_commits_later_is_not_passed_over(served: Served) -> None:
    async with talking(served, served.token()) as talk, served.pool.acquire() as slow:
        await talk.subscribe(after="0")
        transaction = slow.transaction()
        await transaction.start()
        (lower,) = await append(slow, [alert_event("lower")])
        fast = asyncio.create_task(served.happen("higher"))
        await waits_for_a_lock(served)
        await transaction.commit()
        higher = await fast
        assert lower.id < higher
        assert [(await talk.next())["alertEvents"]["reason"] for _ in "12"] == ["lower", "higher"]


async def test_an_event_that_nobody_announced_is_found(served: Served) -> None:
    async with talking(served, served.token()) as talk:
        await talk.subscribe(after="0")
        async with served.pool.acquire() as connection, connection.transaction():
            await append(connection, [alert_event("unannounced")])
        assert (await talk.next())["alertEvents"]["reason"] == "unannounced"


async def test_streams_go_on_without_redis(dsn: str) -> None:
    async with (
        serving(dsn, "redis://127.0.0.1:1/0") as served,
        talking(served, served.token()) as talk,
    ):
        await talk.subscribe(after="0")
        for number in range(2):
            await served.happen(f"event {number}")
            assert (await talk.next())["alertEvents"]["reason"] == f"event {number}"


async def test_notifications_resume_by_their_id(served: Served) -> None:
    for reason in ("first", "second"):
        await served.happen(reason, notice="send")
    async with talking(served, served.token()) as talk:
        await talk.subscribe(INBOX, after="0")
        first = (await talk.next())["notificationReceived"]
        assert first["reason"] == "first"
    async with streaming(
        served, INBOX, served.token(), headers={"Last-Event-ID": first["id"]}
    ) as events:
        assert (await events.data())["notificationReceived"]["reason"] == "second"
        await served.happen("held back", notice="silenced")
        await served.happen("third", notice="send")
        assert (await events.data())["notificationReceived"]["reason"] == "third"


async def test_a_database_that_is_away_for_a_while_ends_no_stream(served: Served) -> None:
    async with talking(served, served.token()) as talk:
        await talk.subscribe(after="0")
        await served.happen("before")
        await talk.next()
        await served.pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await served.pool.expire_connections()
        await served.happen("after")
        assert (await talk.next())["alertEvents"]["reason"] == "after"


async def waits_for_a_lock(served: Served) -> None:
    """Return when a connection waits for another's advisory lock."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if await served.pool.fetchval(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ):
                return
            await asyncio.sleep(0.01)
