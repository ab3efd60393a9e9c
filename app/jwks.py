"""Public keys of token issuers, from a file or a URL."""

import asyncio
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import orjson
from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWTError

from domain.errors import ConfigurationError, Unavailable

FRESH_FOR = 300.0
ASK_AGAIN_AFTER = 10.0
_PATIENCE = 5.0
_LARGEST = 1024 * 1024


class KeySet:
    """The keys of one JSON Web Key Set by `kid`, read again every few minutes and when one is missing.

    An unknown `kid` asks at most every `ASK_AGAIN_AFTER` seconds, so that made-up tokens cause no load.
    Where the source cannot be read, the keys of before go on being used.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._keys: dict[str | None, PyJWK] = {}
        self._read_at = float("-inf")
        self._lock = asyncio.Lock()

    async def key(self, kid: str | None) -> PyJWK | None:
        """The key of that id; a token without an id may use the only key of a set."""
        await self._refresh(FRESH_FOR)
        if self._find(kid) is None:
            await self._refresh(ASK_AGAIN_AFTER)
        return self._find(kid)

    def _find(self, kid: str | None) -> PyJWK | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    async def _refresh(self, older_than: float) -> None:
        async with self._lock:
            if time.monotonic() - self._read_at < older_than:
                return
            try:
                self._keys = _parse(await self._read())
            except (OSError, httpx.HTTPError, ValueError, PyJWTError) as error:
                if not self._keys:
                    raise Unavailable(
                        f"The keys that sign tokens cannot be read from JWT_JWKS: {error}",
                        code="JWKS_UNAVAILABLE",
                    ) from error
            self._read_at = time.monotonic()

    async def _read(self) -> bytes:
        if not _is_url(self._source):
            return await asyncio.to_thread(Path(self._source).read_bytes)
        async with httpx.AsyncClient(timeout=_PATIENCE) as client:
            answer = await client.get(self._source)
            answer.raise_for_status()
            return answer.content[:_LARGEST]


def check_source(source: str) -> None:
    """Refuse at start a file that is not there and an address without TLS that is not local."""
    if not _is_url(source):
        if not Path(source).is_file():
            raise ConfigurationError(f"JWT_JWKS={source!r}: is neither a file nor a URL")
        return
    parts = urlsplit(source)
    if parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise ConfigurationError(f"JWT_JWKS={source!r}: must be https, or http to this machine")


def _is_url(source: str) -> bool:
    return urlsplit(source).scheme in {"http", "https"}


def _parse(body: bytes) -> dict[str | None, PyJWK]:
    """Keys for signatures only; shared secrets in a public set are left out."""
    found = PyJWKSet.from_dict(orjson.loads(body))
    return {
        key.key_id: key
        for key in found.keys
        if key.public_key_use in (None, "sig") and key.key_type != "oct"
    }
