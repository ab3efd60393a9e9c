"""Small questions to the servers: are they there, which ones are they."""

import redis as redis_sync
from redis.exceptions import RedisError

_PATIENCE = 1.0


def redis_process_id(url: str) -> int | None:
    """The process id of the server at `url`; None while it does not answer or still loads its data."""
    try:
        with redis_sync.Redis.from_url(
            url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE
        ) as client:
            client.ping()
            return int(client.info("server")["process_id"])
    except (RedisError, OSError):
        return None
