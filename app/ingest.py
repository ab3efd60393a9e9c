"""The way in for events of one process, put together."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

from app.located import required
from app.state import AppState
from db.commit_queue import CommitLimits
from db.dead_letters import keep
from db.events import EventStore
from db.group_commit import GroupCommit
from db.partitions import EventPartitions
from db.pool import open_pool
from domain.events import EventRules
from resolvers.ingest import Ingest

_FOR_DEAD_LETTERS = 2


@asynccontextmanager
async def open_ingest(
    state: AppState, clock: Callable[[], datetime], on_commit: Callable[[], None] | None = None
) -> AsyncIterator[Ingest]:
    """Start the writers; at the end every request that is under way still gets its answer.

    They have connections of their own, so that no question, however slow, keeps an event waiting.
    """
    settings, limits = state.settings, CommitLimits()
    pool = await open_pool(
        required(settings.database_url, "DATABASE_URL"),
        max_size=limits.writers + _FOR_DEAD_LETTERS,
        pgbouncer=settings.database_pgbouncer,
        application_name="tidemark-ingest",
        on_statement=state.spans.statement if settings.otel_exporter_otlp_endpoint else None,
    )
    store = EventStore(EventPartitions(), settings.raw_retention_days)
    try:
        async with GroupCommit(
            pool, store, clock=clock, limits=limits, on_commit=on_commit
        ) as commits:
            yield Ingest(
                rules=EventRules.of(state.catalogue),
                commits=commits,
                keep=partial(keep, pool),
                max_batch=settings.ingest_max_batch,
                ahead=settings.ingest_max_future,
                noted=state.metrics.observe_receipt,
            )
    finally:
        pool.terminate()
