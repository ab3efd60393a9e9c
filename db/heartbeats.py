"""Which workers are alive, by the time each last said so."""

from datetime import datetime, timedelta

from redis.asyncio import Redis

KEY = "tidemark:workers"
BEAT_EVERY = timedelta(seconds=3)
ALIVE_FOR = timedelta(seconds=12)


async def beat(redis: Redis, worker: str, now: datetime) -> None:
    """Say that the worker is alive, and forget those that have been silent."""
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.zadd(KEY, {worker: now.timestamp()})
        pipeline.zremrangebyscore(KEY, "-inf", (now - ALIVE_FOR).timestamp())
        await pipeline.execute()


async def leave(redis: Redis, worker: str) -> None:
    """Say goodbye, so that nobody counts on the worker any longer."""
    await redis.zrem(KEY, worker)


async def alive(redis: Redis, now: datetime) -> int:
    """How many workers were heard of lately."""
    return int(await redis.zcount(KEY, (now - ALIVE_FOR).timestamp(), "+inf"))
