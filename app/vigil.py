"""Whether the tokens and keys of open streams still hold: looked after together, a second apart."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
import structlog

from app.auth import Authenticator, credential_of
from db.ending import end_if_cancelled
from db.keys import PREFIX, key_hash, valid_keys
from domain.errors import TidemarkError, Unauthenticated
from graph.admission import Admitted

PACE = 1.0
"""Seconds between two looks, and so about the longest that a stream outlives its token or key."""

log = structlog.get_logger("tidemark.streams")


@dataclass(frozen=True, slots=True, eq=False)
class _Watched:
    """An open stream. `key` None: it was opened with a token."""

    admitted: Admitted
    key: bytes | None

    def end(self, problem: TidemarkError) -> None:
        if not self.admitted.over.done():
            self.admitted.over.set_result(problem)


class Vigil:
    """Admits callers to streams and ends those whose time is over."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        authenticator: Authenticator,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._pool = pool
        self._authenticator = authenticator
        self._clock = clock
        self._watched: set[_Watched] = set()

    @asynccontextmanager
    async def admit(self, headers: Mapping[str, str], correlation: str) -> AsyncIterator[Admitted]:
        """The caller of a stream, watched for as long as it is open. Raises Unauthenticated."""
        credential = credential_of(headers)
        caller = await self._authenticator.caller(credential, correlation)
        key = key_hash(credential) if credential.startswith(PREFIX) else None
        over = asyncio.get_running_loop().create_future()
        watched = _Watched(Admitted(caller, over), key)
        self._watched.add(watched)
        try:
            yield watched.admitted
        finally:
            self._watched.discard(watched)
            over.cancel()

    async def keep(self) -> None:
        """Look after open streams, for good."""
        while True:
            await asyncio.sleep(PACE)
            self._end_expired(datetime.fromtimestamp(self._clock(), UTC))
            try:
                async with asyncio.timeout(PACE):
                    await self._end_revoked()
            except Exception as problem:
                end_if_cancelled()
                log.warning("keys of streams not checked", error=repr(problem))

    def _end_expired(self, now: datetime) -> None:
        for each in list(self._watched):
            expires_at = each.admitted.caller.expires_at
            if expires_at is not None and expires_at <= now:
                kind = ("key", "KEY_INVALID") if each.key else ("token", "TOKEN_EXPIRED")
                each.end(Unauthenticated(f"The {kind[0]} has expired.", code=kind[1]))

    async def _end_revoked(self) -> None:
        keys = {each.key for each in self._watched if each.key is not None}
        if not keys:
            return
        valid = await valid_keys(self._pool, keys)
        for each in list(self._watched):
            if each.key in keys - valid:
                each.end(Unauthenticated("The API key is not valid.", code="KEY_INVALID"))
