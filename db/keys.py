"""API keys, kept by their hash only."""

import hashlib
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from db.audit import record
from db.pool import the_row
from db.queries import load
from domain.audit import Change
from domain.callers import Role
from domain.errors import NotFound

QUERIES = load("keys")
PREFIX = "tk_"
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. `prefix` is how it begins, to tell keys apart."""

    id: uuid.UUID
    name: str
    role: Role
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def valid_at(self, now: datetime) -> bool:
        """Whether it opens anything at that instant."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class NewKey:
    """What to create. `secret` begins with `PREFIX`."""

    name: str
    role: Role
    secret: str
    expires_at: datetime | None


async def create_key(pool: asyncpg.Pool, new: NewKey, *, by: str) -> ApiKey:
    """Keep a key; `by` is the subject that the audit log names."""
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(
            QUERIES["create_key"],
            new.name,
            new.role.value,
            key_hash(new.secret),
            new.secret[:_SHOWN],
            new.expires_at,
        )
        made = _key(the_row(row))
        await record(connection, Change(by, "create", "api_key", str(made.id), None, _facts(made)))
    return made


async def revoke_key(pool: asyncpg.Pool, key: uuid.UUID, *, by: str) -> ApiKey:
    """End a key for good."""
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(QUERIES["revoke_key"], key)
        if row is None:
            raise NotFound(f"There is no key {key} that is still valid.", code="KEY_NOT_FOUND")
        ended = _key(row)
        before = {**_facts(ended), "revoked_at": None}
        await record(connection, Change(by, "revoke", "api_key", str(key), before, _facts(ended)))
    return ended


async def list_keys(pool: asyncpg.Pool) -> list[ApiKey]:
    """All keys, the newest first."""
    return [_key(row) for row in await pool.fetch(QUERIES["list_keys"])]


async def find_key(pool: asyncpg.Pool, hashed: bytes) -> ApiKey | None:
    """The key of a hash, whatever its state."""
    row = await pool.fetchrow(QUERIES["find_key"], hashed)
    return None if row is None else _key(row)


async def valid_keys(pool: asyncpg.Pool, hashes: Collection[bytes]) -> frozenset[bytes]:
    """Those of these hashes whose keys open something now."""
    rows = await pool.fetch(QUERIES["valid_keys"], list(hashes))
    return frozenset(row["hash"] for row in rows)


def key_hash(secret: str) -> bytes:
    """SHA-256; enough for secrets of 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


def _key(row: asyncpg.Record) -> ApiKey:
    return ApiKey(**{**row, "role": Role(row["role"])})


def _facts(key: ApiKey) -> dict[str, object]:
    return {
        "name": key.name,
        "role": key.role.value,
        "prefix": key.prefix,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }
