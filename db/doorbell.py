"""Doorbells: hints that there is work. PostgreSQL knows what the work is, so that a lost ring only waits."""

import asyncio

from redis.asyncio import Redis
from redis.exceptions import RedisError

from db.redis_client import PATIENCE

ROLLUPS = "rollups"
"""Rings where events were committed."""


async def ring(redis: Redis, name: str, channel: str | None = None) -> None:
    """Wake one waiter, or the next to come; rings that nobody heard yet are one. Never raises.

    Those who listen to `channel` now are woken too.
    """
    try:
        async with redis.pipeline(transaction=False) as pipeline:
            pipeline.lpush(_key(name), b"1")
            pipeline.ltrim(_key(name), 0, 0)
            if channel is not None:
                pipeline.publish(channel, b"1")
            await pipeline.execute()
    except (RedisError, OSError):
        return


async def wait(redis: Redis, name: str, at_most: float) -> bool:
    """Whether the bell rang within `at_most` seconds (no more than `PATIENCE`). Never raises.

    Where Redis is away this sleeps instead, so that a loop around it keeps its pace.
    """
    seconds = min(at_most, PATIENCE)
    try:
        return await redis.blpop([_key(name)], seconds) is not None  # type: ignore[misc,arg-type]
    except (RedisError, OSError):
        await asyncio.sleep(seconds)
        return False


def _key(name: str) -> str:
    return f"tidemark:doorbell:{name}"
