"""A doorbell that may be rung from anywhere in the process at any rate."""

import asyncio

from redis.asyncio import Redis

from db.doorbell import ring
from db.pubsub import publish


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

    async def _ring(self) -> None:
        while self._again:
            self._again = False
            await ring(self._redis, self._name)
            await publish(self._redis, self._channel)
