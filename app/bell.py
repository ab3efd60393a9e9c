"""A doorbell that may be rung from anywhere in the process at any rate."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from db.doorbell import ROLLUPS, ring
from db.pubsub import CHANGED
from db.redis_client import open_redis


class Bell:
    """Rings once at a time: what rings meanwhile becomes one more ring afterwards.

    Those who listen to `channel` are woken along with it.
    """

    def __init__(self, redis: Redis, name: str, channel: str) -> None:
        self._redis = redis
        self._name = name
        self._channel = channel
        self._again = False
        self._ringing: asyncio.Task[None] | None = None

    def __call__(self) -> None:
        """Ring soon; returns at once."""
        self._again = True
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.create_task(self._ring())

    async def rung(self) -> None:
        """Return once nothing is left to ring."""
        if self._ringing is not None:
            await self._ringing

    async def _ring(self) -> None:
        while self._again:
            self._again = False
            await ring(self._redis, self._name, self._channel)


@asynccontextmanager
async def bell_of_command(redis_url: str | None) -> AsyncIterator[Callable[[], None]]:
    """What a command calls after it committed events; it does nothing where no Redis is known."""
    if redis_url is None:
        yield _nobody_hears
        return
    redis = open_redis(redis_url)
    bell = Bell(redis, ROLLUPS, CHANGED)
    try:
        yield bell
    finally:
        await bell.rung()
        await redis.aclose()


def _nobody_hears() -> None:
    """Where no server runs, none follows."""
