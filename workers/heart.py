"""The worker's heartbeat."""

import asyncio
from datetime import UTC, datetime

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from db.ending import end_if_cancelled
from db.heartbeats import BEAT_EVERY, beat, leave

log = structlog.get_logger("tidemark.worker")


async def keep_beating(redis: Redis, worker: str) -> None:
    """Say that the worker is alive, for good; a Redis that is away is waited for."""
    try:
        while True:
            await _beat(redis, worker)
            end_if_cancelled()
            await asyncio.sleep(BEAT_EVERY.total_seconds())
    finally:
        await _leave(redis, worker)


async def _beat(redis: Redis, worker: str) -> None:
    try:
        await beat(redis, worker, datetime.now(UTC))
    except (RedisError, OSError) as error:
        log.warning("no heartbeat", error=repr(error))


async def _leave(redis: Redis, worker: str) -> None:
    try:
        await leave(redis, worker)
    except (RedisError, OSError):
        return
