"""Who a request comes from: a JSON Web Token or an API key in its headers."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from app.tokens import Trust, caller_of
from db.keys import PREFIX, ApiKey, find_key, key_hash
from domain.callers import Caller
from domain.errors import Unauthenticated, Unavailable

KEY_REMEMBERED = 5.0
"""Seconds for which a key is not looked up again, and so the longest that a revocation takes."""

_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Remembered:
    key: ApiKey
    until: float


class Authenticator:
    """Turns credentials into a `Caller`, or raises `Unauthenticated` with a stable code."""

    def __init__(
        self, pool: asyncpg.Pool, trust: Trust, tick: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool = pool
        self._trust = trust
        self._tick = tick
        self._remembered: dict[bytes, _Remembered] = {}

    async def authenticate(self, headers: Mapping[str, str], correlation: str) -> Caller:
        """The caller of a request with these headers (looked up by lower-case name)."""
        return await self.caller(credential_of(headers), correlation)

    async def caller(self, credential: str, correlation: str) -> Caller:
        """The caller that a token or key speaks for."""
        if not credential.startswith(PREFIX):
            return await caller_of(credential, self._trust, correlation)
        key = await self._key(key_hash(credential))
        if key is None or not key.valid_at(datetime.now(UTC)):
            raise Unauthenticated("The API key is not valid.", code="KEY_INVALID")
        return Caller(f"key:{key.name}", key.role, key.expires_at, correlation)

    async def _key(self, hashed: bytes) -> ApiKey | None:
        known = self._remembered.get(hashed)
        if known is not None and self._tick() < known.until:
            return known.key
        try:
            found = await find_key(self._pool, hashed)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise Unavailable("API keys cannot be checked now.") from error
        self._remember(hashed, found)
        return found

    def _remember(self, hashed: bytes, key: ApiKey | None) -> None:
        self._remembered.pop(hashed, None)
        if key is None:
            return
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.pop(next(iter(self._remembered)))
        self._remembered[hashed] = _Remembered(key, self._tick() + KEY_REMEMBERED)


def credential_of(headers: Mapping[str, str]) -> str:
    """The token or key of `Authorization: Bearer …` or `X-API-Key: …`."""
    key = headers.get("x-api-key")
    if key:
        return key
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated(
            "Send a token as 'Authorization: Bearer …' or an API key as 'X-API-Key: …'."
        )
    return token.strip()
