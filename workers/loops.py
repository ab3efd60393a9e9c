"""Steady loops: work that is looked for again and again, sooner where a doorbell rings."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis

from db.doorbell import wait
from db.ending import end_if_cancelled

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
_LONGEST_EASE = 2.0

log = structlog.get_logger("tidemark.worker")


@dataclass(frozen=True, slots=True)
class Loop:
    """`run` does what there is to do and returns whether it left some; then it runs again at once.

    Else it rests, so that work can gather, and runs when its doorbell `name` rings, or after `every` seconds.
    The rest takes `rest` seconds, or (to leave processors to others; two seconds at most) `ease` times as
    long as the run took.
    """

    name: str
    every: float
    run: Callable[[], Awaitable[bool]]
    rest: float = 0.0
    ease: float = 0.0

    def rest_after(self, took: float) -> float:
        """Seconds of rest after a run that took so many."""
        return max(self.rest, min(self.ease * took, _LONGEST_EASE))


async def keep_running(loop: Loop, redis: Redis) -> None:
    """Run the loop for good. A failure is logged and tried again after a pause that grows."""
    pause, time = _FIRST_PAUSE, asyncio.get_running_loop().time
    while True:
        began = time()
        try:
            more = await loop.run()
        except Exception:
            end_if_cancelled()
            log.exception("loop failed", loop=loop.name, pause=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            continue
        end_if_cancelled()
        pause = _FIRST_PAUSE
        if not more:
            await asyncio.sleep(loop.rest_after(time() - began))
            await wait(redis, loop.name, loop.every)
