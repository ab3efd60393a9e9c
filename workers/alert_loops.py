"""The alert engine on the real clock, and who is woken after it."""

from datetime import UTC, datetime

import structlog
from redis.asyncio import Redis

from db.alert_bell import announce
from workers.alerts import Engine, evaluate_due, watch_evaluations

log = structlog.get_logger("tidemark.worker")


async def evaluate_alerts(engine: Engine, redis: Redis) -> bool:
    """Evaluate what is due now. Returns whether more is."""
    tick = await evaluate_due(engine, datetime.now(UTC))
    if tick.happened:
        log.info("alerts changed", evaluated=tick.evaluated, happened=tick.happened)
        await announce(redis)
    return tick.left


async def watch_alerts(engine: Engine, redis: Redis) -> bool:
    """Look after the engine itself. Returns whether old claims are left to drop."""
    left = await watch_evaluations(engine, datetime.now(UTC))
    await announce(redis)
    return left
