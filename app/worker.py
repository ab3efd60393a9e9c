"""The worker process."""

import asyncio
import contextlib
import signal

import structlog

from app.located import required
from app.logs import configure_logs
from app.settings import Settings
from app.state import open_state, rollup_grains
from workers.main import run_worker
from workers.registry import Work
from workers.rollups import Keeping

log = structlog.get_logger("tidemark.worker")


async def work(settings: Settings) -> None:
    """Work until SIGINT or SIGTERM. What is cut off rolls back and is done again by whoever comes."""
    configure_logs(settings, "worker")
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with open_state(settings, "worker") as state:
        log.info("worker started")
        task = asyncio.create_task(
            run_worker(
                Work(state.pool, state.redis, state.catalogue, keeping(settings)),
                required(settings.redis_url, "REDIS_URL"),
            )
        )
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        log.info("worker stopped")


def keeping(settings: Settings) -> Keeping:
    """What is kept, and for how long."""
    return Keeping(
        grains=frozenset(rollup_grains(settings)),
        raw_days=settings.raw_retention_days,
        rollup_days=settings.analytics_retention_days,
    )
