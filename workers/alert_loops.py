"""The alert engine on the real clock, who is woken after it, and how long its alerts are kept."""

from datetime import UTC, datetime, timedelta

import asyncpg
import structlog
from redis.asyncio import Redis

from db.alert_bell import announce
from db.alert_retention import forget_alerts, forget_leftovers
from workers.alerts import Engine, evaluate_due, watch_evaluations

FORGOTTEN_AT_ONCE = 500
"""Alerts of one transaction; ten times as many rows of other kinds."""

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


async def forget_old(pool: asyncpg.Pool, now: datetime, days: int) -> bool:
    """Drop alerts, and all that was told of them, that ended more than `days` ago; 0 keeps them.

    Returns whether there may be more of them.
    """
    if days == 0:
        return False
    before = now - timedelta(days=days)
    dropped = await forget_alerts(pool, before, FORGOTTEN_AT_ONCE)
    if dropped:
        log.info("alerts dropped", alerts=dropped)
    most = 10 * FORGOTTEN_AT_ONCE
    others = await forget_leftovers(pool, before, most)
    return dropped == FORGOTTEN_AT_ONCE or others == most
