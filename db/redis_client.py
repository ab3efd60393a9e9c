"""Connections to Redis or Valkey."""

from redis.asyncio import Redis

PATIENCE = 5.0
"""Seconds that a command may take, and so the longest that a blocking one may wait."""


def open_redis(url: str) -> Redis:
    """A client that connects when it is first used, so that a Redis that is away stops no start."""
    client: Redis = Redis.from_url(
        url,
        socket_timeout=PATIENCE + 1.0,
        socket_connect_timeout=1.0,
        health_check_interval=15,
    )
    return client
