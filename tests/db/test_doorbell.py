"""Doorbells and heartbeats: hints that may be lost without harm."""

import asyncio
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

from db.doorbell import ring, wait
from db.heartbeats import ALIVE_FOR, alive, beat, leave
from db.redis_client import open_redis

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NOWHERE = "redis://127.0.0.1:1/0"


async def test_a_ring_wakes_who_waits(redis: Redis) -> None:
    waiting = asyncio.create_task(wait(redis, "bell", 5))
    await ring(redis, "bell")
    assert await waiting


async def test_a_ring_before_the_wait_is_heard_once(redis: Redis) -> None:
    for _ in range(3):
        await ring(redis, "bell")
    assert await wait(redis, "bell", 0.01)
    assert not await wait(redis, "bell", 0.01)


async def test_one_ring_wakes_one_of_two(redis: Redis) -> None:
    waiting = [asyncio.create_task(wait(redis, "bell", 0.5)) for _ in range(2)]
    await ring(redis, "bell")
    assert sorted(await asyncio.gather(*waiting)) == [False, True]


async def test_those_who_listen_are_woken_by_the_same_ring(redis: Redis) -> None:
    async with redis.pubsub(ignore_subscribe_messages=True) as listening:
        await listening.subscribe("news")
        await ring(redis, "bell")
        await ring(redis, "bell", "news")
        async with asyncio.timeout(5):
            heard = await anext(listening.listen())
        assert heard["channel"] == b"news"
        assert await wait(redis, "bell", 5)


async def test_without_redis_nothing_is_raised() -> None:
    redis = open_redis(NOWHERE)
    await ring(redis, "bell")
    assert not await wait(redis, "bell", 0.01)
    await redis.aclose()


async def test_a_worker_counts_until_it_leaves_or_falls_silent(redis: Redis) -> None:
    await beat(redis, "one", NOW)
    await beat(redis, "two", NOW)
    assert await alive(redis, NOW) == 2
    await leave(redis, "two")
    assert await alive(redis, NOW) == 1
    assert await alive(redis, NOW + ALIVE_FOR + timedelta(seconds=1)) == 0


async def test_the_silent_are_forgotten(redis: Redis) -> None:
    await beat(redis, "old", NOW)
    await beat(redis, "new", NOW + ALIVE_FOR + timedelta(seconds=1))
    assert await redis.zrange("tidemark:workers", 0, -1) == [b"new"]
