"""Points per caller: shared by processes over Redis, counted alone without it, never unlimited."""

import asyncio
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis

from db.rate_limit import RateLimit
from domain.token_bucket import Allowance, RateLimited

SMALL = Allowance(capacity=1_000, per_second=10.0)


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


async def spent(limit: RateLimit, caller: str, points: int = 50) -> int:
    """How many points go out before the limit says no."""
    total = 0
    while total < 10_000:
        try:
            await limit.charge(caller, points)
        except RateLimited:
            return total
        total += points
    return total


async def test_no_more_than_the_capacity_goes_out_at_once(redis: Redis) -> None:
    assert await spent(RateLimit(redis, SMALL, Clock()), "a") == 1_000


async def test_callers_have_buckets_of_their_own(redis: Redis) -> None:
    limit = RateLimit(redis, SMALL, Clock())
    assert [await spent(limit, caller) for caller in ("a", "b")] == [1_000, 1_000]


async def test_processes_share_one_bucket(redis: Redis) -> None:
    clock = Clock()
    processes = [RateLimit(redis, SMALL, clock) for _ in range(4)]
    totals = await asyncio.gather(*(spent(each, "a") for each in processes))
    assert 1_000 - 4 * 50 < sum(totals) <= 1_000


async def test_concurrent_charges_are_each_counted(redis: Redis) -> None:
    limit = RateLimit(redis, SMALL, Clock())
    outcomes = await asyncio.gather(
        *(limit.charge("a", 30) for _ in range(50)), return_exceptions=True
    )
    granted = sum(30 for each in outcomes if each is None)
    assert 0 < granted <= 1_000
    assert granted + limit.remaining("a") == 1_000


async def test_the_error_says_when_there_are_enough_points_and_then_there_are(redis: Redis) -> None:
    clock = Clock()
    limit = RateLimit(redis, SMALL, clock)
    await spent(limit, "a")
    with pytest.raises(RateLimited) as caught:
        await limit.charge("a", 200)
    assert caught.value.retry_after == pytest.approx(20.0, abs=0.1)
    clock.now += caught.value.retry_after - 1.0
    with pytest.raises(RateLimited):
        await limit.charge("a", 200)
    clock.now += 1.01
    await limit.charge("a", 200)


async def test_a_refund_may_be_spent(redis: Redis) -> None:
    limit = RateLimit(redis, SMALL, Clock())
    await limit.charge("a", 1_000)
    limit.refund("a", 400)
    assert limit.remaining("a") == 400
    assert await spent(limit, "a") == 400


async def test_a_clock_that_runs_backwards_gives_no_points(redis: Redis) -> None:
    clock = Clock()
    limit = RateLimit(redis, SMALL, clock)
    await spent(limit, "a")
    clock.now -= 3_600
    assert await spent(limit, "a") == 0
    clock.now += 3_600
    assert await spent(limit, "a") == 0


async def test_without_redis_a_process_counts_alone_and_not_without_end(redis: Redis) -> None:
    nowhere = Redis.from_url("redis://127.0.0.1:1")
    clock = Clock()
    limit = RateLimit(nowhere, SMALL, clock)
    assert await spent(limit, "a") == 1_000
    assert limit.remaining("a") == 0
    clock.now += 10.0
    assert await spent(limit, "a") == 100
    await nowhere.aclose()


async def test_a_flush_of_redis_fills_buckets_and_breaks_nothing(redis: Redis) -> None:
    limit = RateLimit(redis, SMALL, Clock())
    await spent(limit, "a")
    await redis.flushdb()
    assert await spent(limit, "a") == 1_000


async def test_only_points_that_are_held_are_spent_without_asking(redis: Redis) -> None:
    limit = RateLimit(redis, Allowance(capacity=1_000, per_second=0.001), lambda: 1_000.0)
    assert not limit.spend("ada", 1), "nothing is held before the first charge"
    await limit.charge("ada", 1)
    spent = 0
    while limit.spend("ada", 1):
        spent += 1
    assert 0 < spent < 1_000
    assert limit.remaining("ada") == 999 - spent
    await limit.charge("ada", 999 - spent)
    assert not limit.spend("ada", 1)
