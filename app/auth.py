"""Who a request comes from: a JSON Web Token or an API key in its headers."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Generic, TypeVar

import asyncpg
from starlette.types import Scope

from app.tokens import Trust, caller_of
from db.keys import PREFIX, ApiKey, find_key, key_hash
from db.outage import LOST
from domain.callers import Caller
from domain.errors import Unauthenticated, Unavailable

KEY_REMEMBERED = 5.0
"""Seconds for which a key or token is not checked again, and so the longest that a revocation takes."""

_MOST_REMEMBERED = 10_000
_CREDENTIALS = {b"authorization": "authorization", b"x-api-key": "x-api-key"}


_Known = TypeVar("_Known")


class _Memory(Generic[_Known]):
    """What was found for a credential (by its hash), for `KEY_REMEMBERED` seconds."""

    def __init__(self, tick: Callable[[], float]) -> None:
        self._tick = tick
        self._held: dict[bytes, tuple[_Known, float]] = {}

    def get(self, hashed: bytes) -> _Known | None:
        """What is still remembered."""
        known, until = self._held.get(hashed, (None, 0.0))
        return known if self._tick() < until else None

    def put(self, hashed: bytes, known: _Known | None) -> None:
        """Remember this from now, or forget; the oldest goes where there are too many."""
        self._held.pop(hashed, None)
        if known is None:
            return
        if len(self._held) >= _MOST_REMEMBERED:
            self._held.pop(next(iter(self._held)))
        self._held[hashed] = (known, self._tick() + KEY_REMEMBERED)


class Authenticator:
    """Turns credentials into a `Caller`, or raises `Unauthenticated` with a stable code."""

    def __init__(
        self, pool: asyncpg.Pool, trust: Trust, tick: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool = pool
        self._trust = trust
        self._keys: _Memory[ApiKey] = _Memory(tick)
        self._tokens: _Memory[Caller] = _Memory(tick)

    async def authenticate(self, headers: Mapping[str, str], correlation: str) -> Caller:
        """The caller of a request with these headers (looked up by lower-case name)."""
        return await self.caller(credential_of(headers), correlation)

    async def caller(self, credential: str, correlation: str) -> Caller:
        """The caller that a token or key speaks for."""
        hashed = key_hash(credential)
        if not credential.startswith(PREFIX):
            return await self._token(credential, hashed, correlation)
        key = await self._key(hashed)
        if key is None or not key.valid_at(datetime.now(UTC)):
            raise Unauthenticated("The API key is not valid.", code="KEY_INVALID")
        return Caller(_subject(key), key.role, key.expires_at, correlation)

    def still(self, hashed: bytes, caller: Caller) -> bool:
        """Whether the credential of that hash is remembered, and speaks for this caller now."""
        now = datetime.now(UTC)
        known = self._tokens.get(hashed)
        if known is not None:
            named, role, valid = known.subject, known.role, _is_before(now, known.expires_at)
        else:
            key = self._keys.get(hashed)
            if key is None:
                return False
            named, role, valid = _subject(key), key.role, key.valid_at(now)
        return valid and role is caller.role and named == caller.subject

    async def _token(self, token: str, hashed: bytes, correlation: str) -> Caller:
        """Checking a signature costs more than a small answer, so a good one is remembered for a moment."""
        known = self._tokens.get(hashed)
        if known is not None and _is_before(datetime.now(UTC), known.expires_at):
            return Caller(known.subject, known.role, known.expires_at, correlation)
        found = await caller_of(token, self._trust, correlation)
        self._tokens.put(hashed, found)
        return found

    async def _key(self, hashed: bytes) -> ApiKey | None:
        known = self._keys.get(hashed)
        if known is not None:
            return known
        try:
            found = await find_key(self._pool, hashed)
        except (asyncpg.PostgresError, *LOST) as error:
            raise Unavailable("API keys cannot be checked now.") from error
        self._keys.put(hashed, found)
        return found


def _subject(key: ApiKey) -> str:
    return f"key:{key.name}"


def _is_before(now: datetime, end: datetime | None) -> bool:
    """Whether there is an end and it is to come."""
    return end is not None and now < end


def credentials_in(scope: Scope) -> dict[str, str]:
    """The headers that `credential_of` looks at, the first of several; no others are decoded."""
    return {
        _CREDENTIALS[name]: value.decode("latin-1")
        for name, value in reversed(scope["headers"])
        if name in _CREDENTIALS
    }


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
