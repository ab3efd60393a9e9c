"""The database of a command that stores events: the configured or running one, or one just for it."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager

from app.embedded import Wanted, running
from app.home import Home
from app.settings import Settings
from db.migrate import migrate
from db.pool import connect


@contextmanager
def database(settings: Settings) -> Iterator[Settings]:
    """Settings with a DATABASE_URL: where none is set or running, the folder's own is started."""
    if settings.database_url is not None:
        yield settings
        return
    home = Home.at(settings.tidemark_home)
    with home.only_one(), running(home, Wanted(valkey=False)) as urls:
        asyncio.run(_migrate(urls["postgres"]))
        yield settings.model_copy(update={"database_url": urls["postgres"]})


@contextmanager
def without_collector() -> Iterator[None]:
    """Bulk work makes millions of objects and no cycles: walking them all would cost a quarter."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _migrate(dsn: str) -> None:
    connection = await connect(dsn)
    try:
        await migrate(connection)
    finally:
        await connection.close()
