"""Telling the rest of the system that something happened to alerts. A lost hint is found by looking."""

from redis.asyncio import Redis
from redis.exceptions import RedisError

from db.doorbell import ring

ALERTS = "alerts"
"""Rings where a config became due at once."""

OUTBOX = "outbox"
"""Rings where notifications were queued."""

HAPPENED = "tidemark:alerts"
"""The channel on which those who follow alerts are woken."""


async def announce(redis: Redis) -> None:
    """Wake deliveries and followers after a commit. Never raises."""
    await ring(redis, OUTBOX)
    try:
        await redis.publish(HAPPENED, b"1")
    except (RedisError, OSError):
        return


async def announce_due(redis: Redis) -> None:
    """Wake the engine after a config was made or changed, and those who follow what that ended."""
    await ring(redis, ALERTS)
    await announce(redis)
