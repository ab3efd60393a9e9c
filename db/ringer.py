"""A doorbell that can be rung from anywhere in the event loop, at no cost to the one who rings."""

import asyncio

from redis.asyncio import Redis

from db.doorbell import ring


class Ringer:
    """Rings one bell; however often it is asked to meanwhile, one ring is under way at a time."""

    def __init__(self, redis: Redis, name: str) -> None:
        self._redis = redis
        self._name = name
        self._again = False
        self._ringing: asyncio.Task[None] | None = None

    def __call__(self) -> None:
        """Ring soon; returns at once and never raises."""
        self._again = True
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.get_running_loop().create_task(self._ring())

    async def _ring(self) -> None:
        while self._again:
            self._again = False
            await ring(self._redis, self._name)
