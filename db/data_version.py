"""What every answer depends on, in a few bytes: an answer made at a version is right for as long as it holds.

Every batch adds one row to `pending_batches` in its own transaction, and the merge that takes rows away
adds as many to `merged_batches`; so their sum rises by one with each commit, in whatever order batches
commit, and nobody waits for anybody. The version of the rollup state covers everything else. A database that
was restored counts from its dump again, so which database it is and when its server started are part of it.
"""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from db.outage import LOST, outages_stated
from db.queries import load
from domain.errors import Unavailable

_CURRENT = load("data_version")["current"]
_PATIENCE = 1.0
"""Seconds after which a database that does not answer is as good as down."""


async def read_version(pool: asyncpg.Pool) -> str:
    """The version now, over any connection. Raises Unavailable."""
    with outages_stated():
        version: str = await pool.fetchval(_CURRENT)
    return version


class VersionReader:
    """Reads the version over one connection that it keeps."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._connection: PoolConnectionProxy | None = None

    async def __call__(self) -> str:
        """The version now. Raises Unavailable.

        Over another connection where the one that was kept is lost: only then the database is down.
        """
        try:
            if self._connection is not None:
                try:
                    return await self._read(self._connection)
                except LOST as problem:
                    if _is_late(problem):
                        raise
            async with asyncio.timeout(_PATIENCE):
                with outages_stated():
                    self._connection = await self._pool.acquire()
                    return await self._read(self._connection)
        except TimeoutError:
            raise Unavailable("The database does not answer now; try again.") from None

    async def _read(self, connection: PoolConnectionProxy) -> str:
        try:
            version: str = await connection.fetchval(_CURRENT, timeout=_PATIENCE)
        except BaseException:
            await self._drop(connection)
            raise
        return version

    async def _drop(self, connection: PoolConnectionProxy) -> None:
        self._connection = None
        connection.terminate()
        await self._pool.release(connection)


def _is_late(problem: BaseException) -> bool:
    """Whether our own patience ended, not a connection that the network gave up."""
    return isinstance(problem, TimeoutError) and problem.errno is None


class DataVersion:
    """The version, read once for all who ask while it is being read."""

    def __init__(self, read: Callable[[], Awaitable[str]]) -> None:
        self._read = read
        self._waiting: list[Callable[[str | Exception], None]] = []
        self._reading: asyncio.Task[None] | None = None

    async def current(self) -> str:
        """A version that was read after this was called, so that no commit before it is missed."""
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def told(version: str | Exception) -> None:
            if answer.done():
                return
            if isinstance(version, Exception):
                answer.set_exception(version)
            else:
                answer.set_result(version)

        self.tell(told)
        return await answer

    def tell(self, told: Callable[[str | Exception], None]) -> None:
        """Call `told`, which may not raise, with such a version or why there is none."""
        self._waiting.append(told)
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_on())

    async def _read_on(self) -> None:
        """Read for those who wait; who comes meanwhile is read for next."""
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            try:
                found: str | Exception = await self._read()
            except Exception as problem:
                found = problem
            for told in waiting:
                told(found)
