"""A connection lent for a limited time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from db.pool import Connection


@asynccontextmanager
async def lent(pool: asyncpg.Pool, seconds: float) -> AsyncIterator[Connection]:
    """A connection of the pool; it is cut off if it is still in use after so many seconds.

    Cutting it off ends a statement whose server does not answer, where cancelling would wait for
    the server. What runs on it then raises an error of asyncpg. Waiting for a free connection takes
    as long at most, then raises TimeoutError.
    """
    connection = await pool.acquire(timeout=seconds)
    deadline = asyncio.get_running_loop().call_later(seconds, connection.terminate)
    try:
        yield connection
    finally:
        deadline.cancel()
        await pool.release(connection)
