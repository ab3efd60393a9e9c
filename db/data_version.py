"""What every answer depends on, in a few bytes: an answer made at a version is right for as long as it holds.

Every batch adds one row to `pending_batches` in its own transaction, and the merge that takes rows away
adds as many to `merged_batches`; so their sum rises by one with each commit, in whatever order batches
commit, and nobody waits for anybody. The version of the rollup state covers everything else.
"""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

from db.outage import outages_stated
from db.queries import load
from domain.errors import Unavailable

_QUERIES = load("data_version")
_PATIENCE = 1.0
"""Seconds after which a database that does not answer is as good as down."""


async def read_version(pool: asyncpg.Pool) -> str:
    """The version now. Raises Unavailable."""
    try:
        with outages_stated():
            async with asyncio.timeout(_PATIENCE):
                version: str = await pool.fetchval(_QUERIES["current"])
    except TimeoutError:
        raise Unavailable("The database does not answer now; try again.") from None
    return version


class DataVersion:
    """The version, read once for all who ask while it is being read."""

    def __init__(self, read: Callable[[], Awaitable[str]]) -> None:
        self._read = read
        self._reading: asyncio.Task[str] | None = None
        self._next: asyncio.Task[str] | None = None

    async def current(self) -> str:
        """A version that was read after this was called, so that no commit before it is missed."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_once())
            return await asyncio.shield(self._reading)
        if self._next is None:
            self._next = asyncio.create_task(self._read_after(self._reading))
        return await asyncio.shield(self._next)

    async def _read_once(self) -> str:
        return await self._read()

    async def _read_after(self, before: "asyncio.Task[str]") -> str:
        await asyncio.wait([before])
        self._reading, self._next = self._next, None
        return await self._read()
