"""What commands share: settings, complete with what a running `up` knows, and a pool for one command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from app.located import located, required
from app.settings import Settings, read_settings
from db.pool import open_pool


def command_settings() -> Settings:
    """The settings of a command, with the addresses of this folder's `tidemark up`."""
    return located(read_settings())


@asynccontextmanager
async def command_pool(settings: Settings) -> AsyncIterator[asyncpg.Pool]:
    """A small pool for the length of one command."""
    pool = await open_pool(
        required(settings.database_url, "DATABASE_URL"),
        max_size=4,
        pgbouncer=settings.database_pgbouncer,
        application_name="tidemark-cli",
    )
    try:
        yield pool
    finally:
        pool.terminate()
