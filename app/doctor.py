"""What `tidemark doctor` looks at, and what it advises."""

import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import asyncpg
from redis.exceptions import RedisError

from app.ports import is_free
from app.settings import Settings, without_password
from app.state import load_catalogue
from db.heartbeats import alive
from db.migrate import pending
from db.pool import connect
from db.probes import ServerFacts, ask_redis, server_facts
from db.redis_client import open_redis

OLDEST_POSTGRES = 150000
_LITTLE_ROOM = 1_000_000_000
_CLOCKS_APART = 2.0
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `advice` says what to do where it is not well."""

    subject: str
    verdict: Literal["ok", "warning", "failure"]
    text: str
    advice: str = ""


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything; nothing is changed."""
    return [
        Finding("settings", "ok", f"valid, {settings.environment}"),
        Finding("python", "ok", sys.version.split()[0]),
        _catalogue(settings),
        _access(settings),
        _port(settings),
        _disk(settings.tidemark_home),
        *await _postgres(settings),
        *await _redis(settings),
    ]


def _catalogue(settings: Settings) -> Finding:
    found = load_catalogue(settings)
    return Finding("catalogue", "ok", f"{len(found.recordable)} event types")


def _access(settings: Settings) -> Finding:
    ways = [("JWT_SECRET", settings.jwt_secret), ("JWT_JWKS", settings.jwt_jwks)]
    given = [name for name, value in ways if value is not None]
    if given:
        return Finding("tokens", "ok", f"checked by {' and '.join(given)}")
    advice = "Set JWT_SECRET or JWT_JWKS, or use API keys alone."
    return Finding("tokens", "warning", "nothing to check them by is set", advice)


def _port(settings: Settings) -> Finding:
    if is_free(settings.host, settings.port):
        return Finding("port", "ok", f"{settings.port} is free; no API runs here")
    return Finding("port", "ok", f"something listens on {settings.port}, as a running API does")


def _disk(home: Path) -> Finding:
    folder = home if home.is_dir() else Path()
    free = shutil.disk_usage(folder).free
    text = f"{free // _MEGABYTE:,} MB free at {folder.resolve()}"
    if free >= _LITTLE_ROOM:
        return Finding("disk", "ok", text)
    return Finding("disk", "warning", text, "Make room: PostgreSQL stops where its disk is full.")


async def _postgres(settings: Settings) -> list[Finding]:
    if settings.database_url is None:
        advice = "Start `tidemark up` in this folder, or set DATABASE_URL."
        return [Finding("postgresql", "failure", "no address is known", advice)]
    try:
        return await _ask_postgres(settings, settings.database_url)
    except (asyncpg.PostgresError, OSError, TimeoutError) as error:
        where = without_password(settings.database_url)
        advice = "Is it running, and are host, user and password in DATABASE_URL right?"
        return [Finding("postgresql", "failure", f"{where} does not answer: {error}", advice)]


async def _ask_postgres(settings: Settings, url: str) -> list[Finding]:
    connection = await connect(url, pgbouncer=settings.database_pgbouncer)
    try:
        facts = await server_facts(connection)
        now = datetime.now(UTC)
        missing = [migration.label for migration in await pending(connection)]
    finally:
        await connection.close()
    return [_version(facts), _clock(facts, now), _room(facts, settings), _migrations(missing)]


def _version(facts: ServerFacts) -> Finding:
    text = f"version {facts.version // 10_000}.{facts.version % 10_000}, {facts.bytes // _MEGABYTE:,} MB"
    if facts.version >= OLDEST_POSTGRES:
        return Finding("postgresql", "ok", text)
    return Finding("postgresql", "failure", text, "Upgrade it to PostgreSQL 15 or later.")


def _clock(facts: ServerFacts, now: datetime) -> Finding:
    apart = abs((facts.now - now).total_seconds())
    text = f"this machine and PostgreSQL are {apart:.1f} s apart"
    if apart <= _CLOCKS_APART:
        return Finding("clock", "ok", text)
    return Finding("clock", "failure", text, "Let NTP set both clocks: events would be misplaced.")


def _room(facts: ServerFacts, settings: Settings) -> Finding:
    text = f"{settings.database_pool_size} per process of {facts.max_connections}"
    if settings.database_pool_size * 2 <= facts.max_connections:
        return Finding("connections", "ok", text)
    advice = "Lower DATABASE_POOL_SIZE: an API and a worker process need room side by side."
    return Finding("connections", "warning", text, advice)


def _migrations(missing: list[str]) -> Finding:
    if not missing:
        return Finding("migrations", "ok", "up to date")
    return Finding("migrations", "failure", f"missing {', '.join(missing)}", "tidemark migrate")


async def _redis(settings: Settings) -> list[Finding]:
    if settings.redis_url is None:
        advice = "Start `tidemark up` in this folder, or set REDIS_URL."
        return [Finding("redis", "failure", "no address is known", advice)]
    redis = open_redis(settings.redis_url)
    try:
        await ask_redis(redis)
        workers = await alive(redis, datetime.now(UTC))
    except (RedisError, OSError) as error:
        where = without_password(settings.redis_url)
        advice = "Is it running, and are host and password in REDIS_URL right?"
        return [Finding("redis", "failure", f"{where} does not answer: {error}", advice)]
    finally:
        await redis.aclose()
    return [Finding("redis", "ok", "answers"), _workers(workers)]


def _workers(count: int) -> Finding:
    if count:
        return Finding("workers", "ok", f"{count} alive")
    advice = "Start `tidemark worker`; answers stay right without and get slower."
    return Finding("workers", "warning", "none is alive", advice)
