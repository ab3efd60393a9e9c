"""API keys: shown once, kept by hash, ended for good, and every change in the audit log."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from app.auth import KEY_REMEMBERED, Authenticator
from app.tokens import Trust
from db.keys import NewKey, create_key, list_keys, revoke_key
from domain.callers import Role
from domain.errors import NotFound, Unauthenticated

NO_TOKENS = Trust(None, None, ("HS256",), None, None)
SECRET = "tk_abcdefghijklmnopqrstuvwxyz"


def _new(expires_at: datetime | None = None) -> NewKey:
    return NewKey("shop", Role.INGEST, SECRET, expires_at)


async def _code(authenticator: Authenticator, secret: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        await authenticator.caller(secret, "c")
    return caught.value.code


async def test_a_key_opens_with_its_role(pool: asyncpg.Pool) -> None:
    await create_key(pool, _new(), by="ada")
    caller = await Authenticator(pool, NO_TOKENS).caller(SECRET, "c-1")
    assert (caller.subject, caller.role, caller.expires_at) == ("key:shop", Role.INGEST, None)
    assert await _code(Authenticator(pool, NO_TOKENS), SECRET + "x") == "KEY_INVALID"


async def test_the_key_itself_is_not_kept(pool: asyncpg.Pool) -> None:
    await create_key(pool, _new(), by="ada")
    kept = await pool.fetchval("SELECT api_keys::text FROM api_keys")
    assert SECRET not in kept
    assert [key.prefix for key in await list_keys(pool)] == [SECRET[:8]]


async def test_a_revoked_key_is_refused_once_it_is_looked_up_again(pool: asyncpg.Pool) -> None:
    now = 0.0
    authenticator = Authenticator(pool, NO_TOKENS, tick=lambda: now)
    key = await create_key(pool, _new(), by="ada")
    await authenticator.caller(SECRET, "c")
    await revoke_key(pool, key.id, by="ada")
    now = KEY_REMEMBERED
    assert await _code(authenticator, SECRET) == "KEY_INVALID"


async def test_a_key_past_its_end_is_refused(pool: asyncpg.Pool) -> None:
    await create_key(pool, _new(datetime.now(UTC) - timedelta(seconds=1)), by="ada")
    assert await _code(Authenticator(pool, NO_TOKENS), SECRET) == "KEY_INVALID"


async def test_a_key_is_revoked_once(pool: asyncpg.Pool) -> None:
    key = await create_key(pool, _new(), by="ada")
    await revoke_key(pool, key.id, by="ada")
    for gone in (key.id, uuid.uuid4()):
        with pytest.raises(NotFound):
            await revoke_key(pool, gone, by="ada")


async def test_changes_are_in_the_audit_log(pool: asyncpg.Pool) -> None:
    key = await create_key(pool, _new(), by="ada")
    await revoke_key(pool, key.id, by="grace")
    rows = await pool.fetch("SELECT * FROM audit_log ORDER BY id")
    assert [(row["subject"], row["action"], row["object_id"]) for row in rows] == [
        ("ada", "create", str(key.id)),
        ("grace", "revoke", str(key.id)),
    ]
    made, before, after = (
        json.loads(text) for text in (rows[0]["after"], rows[1]["before"], rows[1]["after"])
    )
    assert rows[0]["before"] is None
    assert made == before
    assert after["revoked_at"] is not None
