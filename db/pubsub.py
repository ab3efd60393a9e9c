"""Waking those who follow what happens. PostgreSQL knows what happened: a lost hint only waits."""

import asyncio
from collections.abc import Callable, Mapping

from redis.asyncio import Redis
from redis.exceptions import RedisError

from db.ending import end_if_cancelled
from db.redis_client import PATIENCE

CHANGED = "tidemark:data"
"""The channel on which those who follow answers are woken: events were committed."""

_PAUSE = 1.0


async def listen(redis: Redis, wakes: Mapping[str, Callable[[], None]]) -> None:
    """Call the function of each channel that speaks, for good.

    After Redis was away all of them are called once: what was said meanwhile is lost.
    """
    while True:
        try:
            await _listen(redis, wakes)
        except (RedisError, OSError):
            end_if_cancelled()
            await asyncio.sleep(_PAUSE)


async def _listen(redis: Redis, wakes: Mapping[str, Callable[[], None]]) -> None:
    async with redis.pubsub(ignore_subscribe_messages=True) as pubsub:
        await pubsub.subscribe(*wakes)
        for wake in wakes.values():
            wake()
        while True:
            message = await pubsub.get_message(timeout=PATIENCE)
            if message is not None:
                wakes[message["channel"].decode()]()
