"""Work of the event loop in portions, so that what others wait for comes in between."""

import asyncio
from collections import deque
from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class _Waiter:
    """`since` is the loop's time when it began to wait."""

    size: int
    since: float
    turn: asyncio.Future[None]


@dataclass(eq=False, slots=True)
class Turns:
    """Lets about `most` be done in one turn of the event loop; more waits for later turns, in order.

    A portion larger than `most` has a turn of its own.
    """

    most: int
    _used: int = 0
    _waiting: deque[_Waiter] = field(default_factory=deque)

    @property
    def behind(self) -> float:
        """For how many seconds the oldest that waits has waited."""
        if not self._waiting:
            return 0.0
        return asyncio.get_running_loop().time() - self._waiting[0].since

    async def take(self, size: int) -> None:
        """Return once there is room for a portion of this size in the current turn."""
        if not self._waiting and self._fits(size):
            self._use(size)
            return
        loop = asyncio.get_running_loop()
        waiter = _Waiter(size, loop.time(), loop.create_future())
        self._waiting.append(waiter)
        await waiter.turn

    def _fits(self, size: int) -> bool:
        return self._used == 0 or self._used + size <= self.most

    def _use(self, size: int) -> None:
        if self._used == 0:
            asyncio.get_running_loop().call_soon(self._next)
        self._used += max(size, 1)

    def _next(self) -> None:
        """A turn is over: wake those who fit into the next one."""
        self._used = 0
        while self._waiting and self._fits(self._waiting[0].size):
            waiter = self._waiting.popleft()
            if not waiter.turn.done():
                self._use(waiter.size)
                waiter.turn.set_result(None)
