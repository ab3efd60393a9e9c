"""Results of events, executed once for all who ask the same of the same event."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

Key = tuple[bytes, tuple[object, ...]]
"""The question and the event."""

_MOST = 1_000
_MOST_BYTES = 32 * 1024 * 1024


class SharedResults:
    """Holds the latest results of a process, up to a number and a size."""

    def __init__(self) -> None:
        self._known: OrderedDict[Key, asyncio.Task[str]] = OrderedDict()
        self._bytes = 0

    async def of(
        self,
        key: Key,
        make: Callable[[], Awaitable[str]],
        pay: Callable[[], Awaitable[None]] | None = None,
    ) -> str:
        """The result as JSON. Who asks first pays for it, and may leave before it is made."""
        if key not in self._known and pay is not None:
            await pay()
        task = self._known.get(key)
        if task is None:
            task = self._known[key] = asyncio.create_task(self._made(key, make))
        return await asyncio.shield(task)

    async def _made(self, key: Key, make: Callable[[], Awaitable[str]]) -> str:
        try:
            made = await make()
        except BaseException:
            self._known.pop(key, None)
            raise
        self._bytes += len(made)
        while len(self._known) > 1 and (len(self._known) > _MOST or self._bytes > _MOST_BYTES):
            if not self._forget_oldest():
                break
        return made

    def _forget_oldest(self) -> bool:
        """Whether there was one that is finished."""
        key, task = next(iter(self._known.items()))
        if not task.done():
            return False
        del self._known[key]
        self._bytes -= len(task.result())
        return True
