"""10,000 alert configs due at one instant over 200 measures: how soon they are evaluated, and how."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
from asyncpg.connection import LoggedQuery

from benchmarks import generate
from benchmarks.contenders.tidemark import Installation
from benchmarks.report import Report, number
from benchmarks.scenarios.keep_up import rolled
from benchmarks.scenarios.progress import say
from db.alert_configs import create_config
from db.pool import open_pool, the_row
from domain.alert_documents import parse_config
from domain.builtin import BUILTIN
from domain.catalogue import Catalogue, catalogue_of
from workers.alerts import Engine, evaluate_due

CONFIGS = 10_000
MEASURES = 200
FIRING = 100
"""Every so many-th config has a threshold that any value is above."""
LAG_SECONDS = 10.0
STATEMENTS_A_MEASURE = 0.2
EVENTS_PER_SECOND = 4
"""As 10 million events in 30 days."""

_PATIENCE = 120.0
_AGGREGATES = (
    {"aggregate": "COUNT"},
    {"aggregate": "ERROR_RATE"},
    {"aggregate": "UNIQUE_USERS"},
    {"aggregate": "QUANTILE", "of": "durationMs", "q": 0.95},
)
_WATCH_SQL = """
ALTER TABLE alert_evaluations ADD COLUMN started_at timestamptz DEFAULT now()
"""
"""now() is the start of the transaction that evaluates."""
_DUE_SQL = "UPDATE alert_schedule SET due_at = $1"
_FOUND_SQL = """
SELECT count(*) AS evaluated, coalesce(sum(missed), 0)::bigint AS missed,
       extract(epoch FROM percentile_disc(0.5) WITHIN GROUP (ORDER BY started_at) - $1)::float8 AS p50,
       extract(epoch FROM percentile_disc(0.99) WITHIN GROUP (ORDER BY started_at) - $1)::float8 AS p99,
       (SELECT count(*) FROM alerts WHERE status = 'firing') AS firing
FROM alert_evaluations WHERE slot = date_trunc('minute', $1::timestamptz)
"""


async def measure(installation: Installation, report: Report) -> None:
    """Needs a migrated database without configs; a worker of its own evaluates them."""
    now = datetime.now(UTC)
    _import_events(installation, now)
    catalogue = catalogue_of(BUILTIN)
    async with _pool(installation) as pool:
        with installation.worker():
            await rolled(installation.database_url, _PATIENCE)
        say(f"  alerts: {CONFIGS:,} configs over {MEASURES} measures")
        await _configure(pool, catalogue, CONFIGS, MEASURES)
        await pool.execute(_WATCH_SQL)
        due = _next_minute(datetime.now(UTC) + timedelta(seconds=10))
        await pool.execute(_DUE_SQL, due)
        with installation.worker() as worker:
            row = await _evaluated(pool, due)
            seconds = (datetime.now(UTC) - due).total_seconds()
            cpu = worker.cpu_seconds()
        say(f"    {row['evaluated']} evaluated, lag p99 {row['p99']:.1f} s, {cpu:.1f} s of CPU")
        many, few, fewer = [
            await _statements(pool, installation, catalogue, configs, measures)
            for configs, measures in (
                (CONFIGS, MEASURES),
                (CONFIGS, MEASURES // 10),
                (CONFIGS // 10, MEASURES),
            )
        ]
    _write(report, row, seconds, cpu, (many, few, fewer))


def _import_events(installation: Installation, now: datetime) -> None:
    """Two hours of events, the last of them some minutes from now."""
    end = now + timedelta(minutes=20)
    file = installation.folder / "events.ndjson"
    span = timedelta(hours=2)
    count = int(span.total_seconds()) * EVENTS_PER_SECOND
    with file.open("wb") as written:
        for run in generate.events(count, end, days=span / timedelta(days=1)):
            written.write(generate.as_ndjson(run))
    installation.bulk_import(file)


@asynccontextmanager
async def _pool(installation: Installation) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(installation.database_url)
    try:
        yield pool
    finally:
        pool.terminate()


async def _configure(pool: asyncpg.Pool, catalogue: Catalogue, configs: int, measures: int) -> None:
    now = datetime.now(UTC)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("DELETE FROM alert_configs")
        for index in range(configs):
            config = parse_config(_document(index, measures), catalogue)
            await create_config(connection, uuid4(), config, now, "bench")
    await pool.execute("VACUUM (ANALYZE) alert_schedule, alert_configs")


def _document(index: int, measures: int) -> dict[str, object]:
    """Measures differ in their endpoint and window, so that none of them share a read."""
    measure = index % measures
    endpoint, window = measure % 20, measure // 20 + 1
    return {
        "name": f"config {index}",
        "severity": "WARNING",
        "type": "THRESHOLD_ABOVE",
        "threshold": -1 if index % FIRING == 0 else 1_000_000 + index,
        "window": f"PT{window}M",
        "measure": {
            "eventType": "api_request",
            **_AGGREGATES[measure % len(_AGGREGATES)],
            "filter": {"dimension": "endpoint", "eq": f"/v1/things/{endpoint}"},
        },
    }


def _next_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0) + timedelta(minutes=1)


async def _evaluated(pool: asyncpg.Pool, due: datetime) -> asyncpg.Record:
    """What became of the minute `due`, once all is evaluated or patience ends."""
    await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
    deadline = time.monotonic() + _PATIENCE
    while True:
        row = the_row(await pool.fetchrow(_FOUND_SQL, due))
        if row["evaluated"] >= CONFIGS or time.monotonic() > deadline:
            return row
        await asyncio.sleep(0.1)


async def _statements(
    pool: asyncpg.Pool,
    installation: Installation,
    catalogue: Catalogue,
    configs: int,
    measures: int,
) -> int:
    """How many statements the first evaluation of new configs takes, by the engine in this process."""
    await _configure(pool, catalogue, configs, measures)
    seen: list[LoggedQuery] = []
    counted = await open_pool(installation.database_url, on_statement=seen.append)
    engine = Engine(counted, catalogue)
    later = datetime.now(UTC) + timedelta(minutes=1)
    while (await evaluate_due(engine, later)).left:
        pass
    await counted.close()
    return len(seen)


def _write(
    report: Report,
    row: asyncpg.Record,
    seconds: float,
    cpu: float,
    statements: tuple[int, int, int],
) -> None:
    many, few, fewer = statements
    report.section(
        "Alerts",
        f"{CONFIGS:,} configs over {MEASURES} measures, all due at the same second, one worker;"
        f" {EVENTS_PER_SECOND} events a second.",
    )
    report.table(
        ["what", "value"],
        [
            ["evaluated", f"{row['evaluated']:,}"],
            ["slots skipped", f"{row['missed']:,}"],
            ["alerts firing", f"{row['firing']:,}"],
            ["from due to the start of the evaluation, p50", number(row["p50"], "s")],
            ["p99", number(row["p99"], "s")],
            ["until the last of them is written", number(seconds, "s")],
            ["CPU of the worker", number(cpu, "s")],
            [f"SQL statements: {CONFIGS:,} configs, {MEASURES} measures", f"{many:,}"],
            [f"SQL statements: {CONFIGS:,} configs, {MEASURES // 10} measures", f"{few:,}"],
            [f"SQL statements: {CONFIGS // 10:,} configs, {MEASURES} measures", f"{fewer:,}"],
        ],
    )
    report.at_least("Alerts: evaluated in their minute", row["evaluated"], CONFIGS, "")
    report.at_most("Alerts: slots skipped", row["missed"], 0, "")
    report.at_most("Alerts: start lag, p99", row["p99"], LAG_SECONDS, "s")
    report.at_most("Alerts: all written after", seconds, LAG_SECONDS, "s")
    report.at_most("Alerts: SQL statements a measure", many / MEASURES, STATEMENTS_A_MEASURE, "")
    report.at_most("Alerts: SQL statements more for ten times the configs", many - fewer, 0, "")
