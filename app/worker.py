"""The worker process."""

import asyncio
import contextlib
import signal
from datetime import UTC, datetime

import structlog

from app.located import required
from app.logs import configure_logs
from app.senders import Channels, open_channels
from app.settings import Settings
from app.state import AppState, open_state, rollup_grains
from workers.main import run_worker
from workers.notifications import Courier, Terms
from workers.registry import Work
from workers.rollups import Keeping

log = structlog.get_logger("tidemark.worker")


async def work(settings: Settings) -> None:
    """Work until SIGINT or SIGTERM. What is cut off rolls back and is done again by whoever comes."""
    configure_logs(settings, "worker")
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with (
        open_state(settings, "worker") as state,
        open_channels(settings, _now) as channels,
    ):
        log.info("worker started")
        given = Work(
            state.pool,
            state.redis,
            state.catalogue,
            keeping(settings),
            _now,
            couriers(state, channels),
            channels.reach,
        )
        redis_url = required(settings.redis_url, "REDIS_URL")
        task = asyncio.create_task(run_worker(given, redis_url))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        log.info("worker stopped")


def couriers(state: AppState, channels: Channels) -> tuple[Courier, ...]:
    """One for each channel that is set up."""
    settings = state.settings
    terms = Terms(_now, settings.dashboard_url, settings.notify_give_up_after)
    return tuple(
        Courier(state.pool, channel, sender, terms) for channel, sender in channels.senders.items()
    )


def keeping(settings: Settings) -> Keeping:
    """What is kept, and for how long."""
    return Keeping(
        grains=frozenset(rollup_grains(settings)),
        raw_days=settings.raw_retention_days,
        rollup_days=settings.analytics_retention_days,
        alert_days=settings.alert_retention_days,
    )


def _now() -> datetime:
    return datetime.now(UTC)
