"""Documents by their hash, for clients that send the text once: in Redis, which may forget them."""

from functools import partial

from redis.asyncio import Redis

from db.redis_patience import Patience

_SECONDS = 7 * 86_400
"""How long a document is known after it was last asked for."""

_MOST_LOCAL = 1_000


class PersistedDocuments:
    """Where Redis is away or was flushed a document is unknown, and its client sends it again."""

    def __init__(self, redis: Redis, patience: Patience | None = None) -> None:
        self._redis = redis
        self._patience = patience or Patience()
        self._local: dict[str, str] = {}

    async def find(self, sha256: str) -> str | None:
        """The document with that hash."""
        if sha256 in self._local:
            return self._local[sha256]
        name = _name(sha256)
        found = await self._patience.ask(partial(self._redis.getex, name, ex=_SECONDS), None)
        if found is not None:
            self._remember(sha256, found.decode())
        return self._local.get(sha256)

    async def keep(self, sha256: str, text: str) -> None:
        """Know a document from now on."""
        if sha256 not in self._local:
            self._remember(sha256, text)
            await self._patience.ask(
                partial(self._redis.set, _name(sha256), text, ex=_SECONDS), None
            )

    def _remember(self, sha256: str, text: str) -> None:
        if len(self._local) >= _MOST_LOCAL:
            self._local.pop(next(iter(self._local)))
        self._local[sha256] = text


def _name(sha256: str) -> str:
    return f"tidemark:document:{sha256}"
