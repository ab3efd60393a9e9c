"""How fast queued notifications drain through one worker, against a provider that answers in 100 ms."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from benchmarks.contenders.tidemark import Installation
from benchmarks.report import Report, number
from benchmarks.scenarios.progress import say

QUEUED = 10_000
ANSWER_SECONDS = 0.1
LEAST_PER_SECOND = 200.0
PATIENCE = 300.0

_QUEUE_SQL = """
WITH alert AS (
    INSERT INTO alerts (
        id, config_id, name, severity, labels, group_key, status, triggered_at, value, threshold, reason
    )
    SELECT gen_random_uuid(), gen_random_uuid(), 'bench', 'critical', '{}', '[]', 'firing', now(), 12, 5,
           'high'
    RETURNING *
), event AS (
    INSERT INTO alert_history (
        at, event, config_id, alert_id, name, severity, group_key, labels, from_phase, to_phase, value,
        threshold, reason, notice
    )
    SELECT now(), 'fired', config_id, id, name, severity, group_key, labels, 'ok', 'firing', value, threshold,
           reason, 'send'
    FROM alert RETURNING id, alert_id
)
INSERT INTO alert_outbox (history_id, alert_id, channel, recipient, severity, next_attempt_at, created_at)
SELECT event.id, event.alert_id, 'webhook', $1 || n, 'critical', now(), now()
FROM event, generate_series(1, $2::integer) AS n
"""
_SPAN_SQL = """
SELECT count(*) FILTER (WHERE o.status = 'delivered') AS delivered,
       count(*) FILTER (WHERE o.status = 'pending') AS pending,
       extract(epoch FROM max(t.ended_at) - min(t.started_at))::float8 AS seconds
FROM alert_outbox o LEFT JOIN notification_attempts t ON t.message_id = o.message_id
"""


@dataclass(slots=True)
class Provider:
    """A server of webhooks that takes everything, each after the same time."""

    port: int = 0
    taken: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(head))
            await asyncio.sleep(ANSWER_SECONDS)
            self.taken += 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        finally:
            writer.close()


async def measure(installation: Installation, report: Report) -> None:
    """Needs a migrated database without notifications."""
    async with _provider() as provider:
        url = f"http://127.0.0.1:{provider.port}/"
        connection = await asyncpg.connect(installation.database_url)
        await connection.execute(_QUEUE_SQL, url, QUEUED)
        await connection.execute("ANALYZE alert_outbox")
        settings = {
            "WEBHOOK_SECRET": "a-secret-of-the-benchmark",
            "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
        }
        with installation.worker(settings) as worker:
            row = await _drained(connection)
            cpu = worker.cpu_seconds()
        await connection.close()
    rate = row["delivered"] / row["seconds"]
    say(f"  notifications: {rate:.0f}/s, {cpu:.1f} s of CPU, {provider.taken} requests")
    report.section(
        "Notifications",
        f"{QUEUED:,} queued webhooks to as many addresses; one worker; the provider takes 100 ms.",
    )
    report.table(
        ["what", "value"],
        [
            ["delivered", number(row["delivered"], "")],
            ["a second", number(rate, "")],
            ["requests that the provider saw", number(provider.taken, "")],
            ["CPU of the worker, ms each", number(cpu / QUEUED * 1000, "")],
        ],
    )
    report.at_least("notifications delivered a second by one worker", rate, LEAST_PER_SECOND, "/s")


async def _drained(connection: asyncpg.Connection) -> asyncpg.Record:
    deadline = time.monotonic() + PATIENCE
    while True:
        row = await connection.fetchrow(_SPAN_SQL)
        if row["pending"] == 0 or time.monotonic() > deadline:
            return row
        await asyncio.sleep(1)


@asynccontextmanager
async def _provider() -> AsyncIterator[Provider]:
    provider = Provider()
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0, backlog=1_000)
    provider.port = server.sockets[0].getsockname()[1]
    yield provider
    server.close()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def migrated(folder: Path, database_url: str, redis_url: str) -> Installation:
    """An installation of its own, ready to work."""
    folder.mkdir()
    installation = Installation(folder, database_url, redis_url)
    installation.call("migrate")
    return installation
