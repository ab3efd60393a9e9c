"""Subscriptions: from a commit to a thousand clients, and what is left of those who come and go."""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
from redis.asyncio import Redis

from benchmarks.contenders.tidemark import Installation
from benchmarks.ports import free_port
from benchmarks.report import Report, number
from benchmarks.scenarios.progress import say
from benchmarks.servers import Process, process
from db.alert_bell import announce
from db.alert_history import append
from domain.alert_records import AlertEvent
from domain.alerts import Severity

SUBSCRIBERS = 1_000
PER_SECOND = 10
SECONDS = 30
WARM_UP = 1_000
CYCLES = 10_000
BOUND_MS = 500.0
BOUND_GROWTH = 5.0
PATIENCE = 300.0
_SETTLE = 3.0

_EVENT = AlertEvent(
    id=0,
    at=datetime(2026, 1, 1, tzinfo=UTC),
    event="fired",
    config_id=uuid4(),
    alert_id=None,
    name="bench",
    severity=Severity.CRITICAL,
    group_key="[]",
    labels={},
    from_phase="ok",
    to_phase="firing",
    value=12.0,
    threshold=5.0,
    reason="high",
    subject=None,
    notice="none",
)


async def measure(installation: Installation, report: Report) -> None:
    """Needs a migrated database."""
    port = free_port()
    env = {
        "PORT": str(port),
        "SUBSCRIPTIONS_PER_CALLER": str(CYCLES),
        "RATE_LIMIT_CAPACITY": "1000000000",
        "RATE_LIMIT_PER_SECOND": "100000000",
    }
    token = installation.token()
    command = installation.command("tidemark-api", "serve", env=env)
    with process(command, f"http://127.0.0.1:{port}/health") as api:
        async with asyncio.timeout(PATIENCE):
            late, cpu = await _followed(installation, api, port, token)
            rss = await _aborted(api, port, token)
    growth = (rss["after"] / rss["before"] - 1) * 100
    p50, p99 = statistics.median(late), statistics.quantiles(late, n=100)[98]
    say(f"  streams: p50 {p50:.0f} ms, p99 {p99:.0f} ms; memory {growth:+.1f} %")
    report.section(
        "Streams",
        f"{SUBSCRIBERS:,} WebSockets on one process, {PER_SECOND} alerts a second for {SECONDS} s; then"
        f" {WARM_UP:,} streams opened and cut off to warm up, and {CYCLES:,} more.",
    )
    expected = SUBSCRIBERS * PER_SECOND * SECONDS
    report.table(
        ["what", "value"],
        [
            ["events received, of those sent", f"{len(late):,} of {expected:,}"],
            ["commit to client, p50", number(p50, "ms")],
            ["commit to client, p99", number(p99, "ms")],
            ["commit to client, most", number(max(late), "ms")],
            ["CPU of the API while they follow", f"{cpu:.0f} %"],
            *([f"memory of the API, {when}", number(mb, "MiB")] for when, mb in rss.items()),
        ],
    )
    report.at_least("events received by subscribers", len(late) / expected * 100, 100.0, "%")
    report.at_most("commit to client with 1,000 subscribers, p99", p99, BOUND_MS, "ms")
    report.at_most("memory grown over 10,000 streams cut off", growth, BOUND_GROWTH, "%")


async def _followed(
    installation: Installation, api: Process, port: int, token: str
) -> tuple[list[float], float]:
    """Milliseconds from each commit to each client, and the share of a processor that the API took."""
    await _commit(installation, 1)
    clients = await _clients(port, token, "follow", SUBSCRIBERS, after=0)
    assert clients.stdin
    assert clients.stdout
    assert (await clients.stdout.readline()).strip() == b"open"
    cpu = api.cpu_seconds()
    committed = await _commit(installation, PER_SECOND * SECONDS)
    cpu = (api.cpu_seconds() - cpu) / SECONDS * 100
    await asyncio.sleep(_SETTLE)
    clients.stdin.close()
    received = json.loads(await clients.stdout.read())
    await clients.wait()
    late = [
        (at - committed[int(cursor)]) / 1e6 for cursor, times in received.items() for at in times
    ]
    return late, cpu


async def _commit(installation: Installation, count: int) -> Mapping[int, int]:
    """Alerts at an even pace; when each was committed, by its cursor."""
    committed: dict[int, int] = {}
    redis = Redis.from_url(installation.redis_url)
    connection = await asyncpg.connect(installation.database_url)
    began = time.monotonic()
    for tick in range(count):
        await asyncio.sleep(max(0.0, began + tick / PER_SECOND - time.monotonic()))
        async with connection.transaction():
            (kept,) = await append(connection, [replace(_EVENT, at=datetime.now(UTC))])
        committed[kept.id] = time.time_ns()
        await announce(redis)
    await connection.close()
    await redis.aclose()
    return committed


async def _aborted(api: Process, port: int, token: str) -> Mapping[str, float]:
    """Resident memory in MiB, before and after streams that were cut off."""
    rss = {"with all subscribers gone": api.rss_mb()}
    for when, cycles in (("before", WARM_UP), ("after", CYCLES)):
        clients = await _clients(port, token, "abort", cycles, after=PER_SECOND * SECONDS)
        assert clients.stdout
        assert int(await clients.stdout.read()) == cycles
        await clients.wait()
        await asyncio.sleep(_SETTLE)
        rss[when] = api.rss_mb()
    return rss


async def _clients(
    port: int, token: str, what: str, count: int, after: int
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.subscribers", str(port), token, what, str(count), str(after)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**26,
    )
