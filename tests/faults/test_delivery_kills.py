"""Workers killed in the midst of deliveries, again and again: nothing is lost, the ledger has no duplicate.

Real worker processes deliver to real sockets and are killed (SIGKILL) at random moments. A provider may
see a message twice only where the kill fell between its accept and our commit; the ledger says so.
"""

import asyncio
import contextlib
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from domain.recipients import Channel, Route
from tests.desk import CRITICAL, SECRET, Desk
from tests.providers import Answer, Asked, HttpProvider, Mailbox, http_provider, mail_provider

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "20"))
ALERTS_PER_ROUND = 4
HOOKS = 4
RECOVERED = timedelta(seconds=45)
"""From the beginning of an attempt whose worker is killed to the next attempt."""

PATIENCE = 150.0
"""Seconds after which something is surely lost: a lease lasts 30 s, a sweep comes every 5 s, and an address
that had its allowance of messages waits for a minute."""

ROOT = Path(__file__).resolve().parents[2]
DICE = random.Random(20_260_310)


@contextlib.contextmanager
def worker(settings: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker of its own, killed at the end however it is."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "worker"],
        cwd=ROOT,
        env={**kept, **settings, "LOG_LEVEL": "error"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def now_and_then(asked: Asked) -> Answer:
    """Mostly well and soon; at times late, and at times refused."""
    if DICE.random() < 0.1:
        return Answer(503)
    return Answer(delay=DICE.choice((0.0, 0.02, 0.1, 0.3)))


async def until(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.05)


@pytest.fixture
async def providers() -> AsyncIterator[tuple[HttpProvider, HttpProvider, Mailbox]]:
    async with (
        http_provider(now_and_then) as hook,
        http_provider(now_and_then) as slack,
        mail_provider() as mail,
    ):
        yield hook, slack, mail


async def test_kills_lose_nothing_and_double_nothing_unsaid(
    pool: asyncpg.Pool,
    dsn: str,
    redis: Redis,
    redis_url: str,
    providers: tuple[HttpProvider, HttpProvider, Mailbox],
) -> None:
    hook, slack, mail = providers
    settings = {
        "DATABASE_URL": dsn,
        "REDIS_URL": redis_url,
        "WEBHOOK_SECRET": SECRET,
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
        "SLACK_ANALYTICS_WEBHOOK": f"{slack.url}/x",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(mail.port),
        "SMTP_SECURITY": "none",
    }
    desk = Desk(pool, redis, mail, slack, slack, hook, {})
    await desk.route(
        Route(CRITICAL, Channel.IN_APP, "*"),
        Route(CRITICAL, Channel.SLACK, "default"),
        Route(CRITICAL, Channel.EMAIL, "ops@example.com"),
        *(Route(CRITICAL, Channel.WEBHOOK, f"{hook.url}/{n}") for n in range(HOOKS)),
    )
    for number in range(ROUNDS):
        with worker(settings) as process:
            await until(lambda: _is_at_work(pool, process), "a worker that works")
            for each in range(ALERTS_PER_ROUND):
                desk.now = datetime.now(UTC)
                await desk.fire(f"round {number} alert {each}")
                await redis.lpush("tidemark:doorbell:outbox", b"1")  # type: ignore[misc]
                await asyncio.sleep(DICE.uniform(0.0, 0.15))
    with worker(settings):
        await until(lambda: _nothing_waits(pool), "everything is settled")
    await _check_ledger(pool)
    await _check_recovery(pool)
    await _check_providers(pool, hook, slack, mail)


async def _is_at_work(pool: asyncpg.Pool, process: "subprocess.Popen[bytes]") -> bool:
    """The worker has looked for messages: it may be anywhere in its work from here on."""
    assert process.poll() is None, "the worker ended by itself"
    found: bool = await pool.fetchval(
        """SELECT count(*) > 0 FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'tidemark-worker'
            AND query LIKE '%notification_messages%'"""
    )
    return found


async def _nothing_waits(pool: asyncpg.Pool) -> bool:
    waiting: int = await pool.fetchval("SELECT count(*) FROM alert_outbox WHERE status = 'pending'")
    return waiting == 0


async def _check_ledger(pool: asyncpg.Pool) -> None:
    """Lost 0, duplicates 0, in-app exactly once."""
    rows = await pool.fetch(
        """SELECT o.channel, o.status, count(*) AS rows, count(DISTINCT o.history_id) AS events
        FROM alert_outbox o GROUP BY 1, 2"""
    )
    fired = ROUNDS * ALERTS_PER_ROUND
    assert {row["status"] for row in rows} == {"delivered"}
    counts = {row["channel"]: row["rows"] for row in rows}
    assert counts == {
        "in_app": fired,
        "slack": fired,
        "email": fired,
        "webhook": fired * HOOKS,
    }
    twice = await pool.fetchval(
        """SELECT count(*) FROM (SELECT FROM alert_outbox
        GROUP BY history_id, channel, recipient HAVING count(*) > 1) d"""
    )
    assert twice == 0


async def _check_recovery(pool: asyncpg.Pool) -> None:
    """What a killed worker was at is taken up by the next one in time."""
    waits = await pool.fetch(
        """SELECT next.started_at - lost.started_at AS waited
        FROM notification_attempts lost
        JOIN notification_attempts next
            ON next.message_id = lost.message_id AND next.number = lost.number + 1
        WHERE lost.outcome = 'unknown' AND lost.detail LIKE 'the worker ended%'"""
    )
    longest = max((row["waited"] for row in waits), default=timedelta(0))
    print("taken over:", len(waits), "attempts, the last after", longest)
    assert longest <= RECOVERED


async def _check_providers(
    pool: asyncpg.Pool, hook: HttpProvider, slack: HttpProvider, mail: Mailbox
) -> None:
    """Each message arrived, and more than once only after attempts whose end is written as unknown."""
    taken = Counter(each.headers["tidemark-delivery"] for each in hook.taken)
    taken += Counter(str(each["Message-ID"]).strip("<>").partition("@")[0] for each in mail.mails)
    rows = await pool.fetch(
        """SELECT m.id::text, m.channel,
            count(*) FILTER (WHERE t.outcome = 'unknown') AS unknown,
            count(*) FILTER (WHERE t.outcome = 'accepted') AS accepted
        FROM notification_messages m JOIN notification_attempts t ON t.message_id = m.id
        GROUP BY 1, 2"""
    )
    assert {row["accepted"] for row in rows} == {1}
    print(
        "attempts of unknown end:", sum(row["unknown"] for row in rows), "of", len(rows), "messages"
    )
    for row in rows:
        if row["channel"] != "slack":
            assert 1 <= taken.pop(row["id"]) <= 1 + row["unknown"]
    assert not taken
    told = [row for row in rows if row["channel"] == "slack"]
    assert len(told) <= len(slack.taken) <= len(told) + sum(row["unknown"] for row in told)
