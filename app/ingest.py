"""The way in for events of one process, put together."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

import asyncpg

from app.settings import Settings
from db.dead_letters import keep
from db.events import EventStore
from db.group_commit import GroupCommit
from db.partitions import EventPartitions
from domain.catalogue import Catalogue
from domain.events import EventRules
from resolvers.ingest import Ingest


@asynccontextmanager
async def open_ingest(
    settings: Settings,
    pool: asyncpg.Pool,
    catalogue: Catalogue,
    clock: Callable[[], datetime],
    on_commit: Callable[[], None] | None = None,
) -> AsyncIterator[Ingest]:
    """Start the writers; at the end every request that is under way still gets its answer."""
    store = EventStore(EventPartitions(), settings.raw_retention_days)
    async with GroupCommit(pool, store, clock=clock, on_commit=on_commit) as commits:
        yield Ingest(
            rules=EventRules.of(catalogue),
            commits=commits,
            keep=partial(keep, pool),
            max_batch=settings.ingest_max_batch,
            ahead=settings.ingest_max_future,
        )
