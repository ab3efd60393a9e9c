"""Asking Redis for what is only a help: not for long, and not again soon after it was away."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.exceptions import RedisError

T = TypeVar("T")

PATIENCE = 0.25
"""Seconds to wait for an answer."""

AWAY = 2.0
"""Seconds before Redis is asked again."""

LOST = (RedisError, OSError, TimeoutError)
"""What it looks like when Redis is away."""


class Patience:
    """Shared by all that a process asks of Redis without needing it."""

    def __init__(self, tick: Callable[[], float] = time.monotonic) -> None:
        self._tick = tick
        self._away_until = float("-inf")

    async def ask(self, question: Callable[[], Awaitable[T]], otherwise: T) -> T:
        """What Redis says, or `otherwise` where it is away. Never raises."""
        if self._tick() < self._away_until:
            return otherwise
        try:
            async with asyncio.timeout(PATIENCE):
                return await question()
        except LOST:
            self._away_until = self._tick() + AWAY
            return otherwise
