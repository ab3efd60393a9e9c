"""Whether the rollups keep up: ingest at half of the highest rate, the worker on, questions all the while."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass

from benchmarks import loading
from benchmarks.contenders import SUMMARY, Contender
from benchmarks.measure import Burst, Outcome, run
from benchmarks.options import Options
from benchmarks.report import Report, number
from benchmarks.scenarios.ingest import CONNECTIONS, Found, Target
from benchmarks.scenarios.progress import say

QUESTIONS_PER_SECOND = 5.0
PER_REQUEST = 100
SLOWER_AT_MOST = 3
TAIL_SQL = "SELECT coalesce(sum(event_count), 0)::bigint FROM pending_batches"
SEALED_SQL = """
SELECT coalesce(bool_and(sealed_until >= date_trunc('month', now(), 'UTC')), false) FROM rollup_levels
"""


@dataclass(frozen=True, slots=True)
class Observed:
    """The tail, in events, once a second, and what was asked and sent meanwhile."""

    tail: list[int]
    questions: Outcome
    ingest: Outcome


async def measure(
    own: Contender, target: Target, dsn: str, rates: Found, options: Options, report: Report
) -> None:
    """Needs a running worker and no tail."""
    asking = Burst(
        own.url,
        own.questions[SUMMARY],
        1,
        options.keep_up / 2,
        rate=QUESTIONS_PER_SECOND,
    )
    idle = await run(asking)
    rate = _half_rate(rates)
    say(f"  keep up: {rate * PER_REQUEST:,.0f} events/s for {options.keep_up:.0f} s")
    sending = Burst(
        target.url, target.requests(PER_REQUEST), CONNECTIONS, options.keep_up, rate=rate
    )
    asking = Burst(own.url, own.questions[SUMMARY], 1, options.keep_up, rate=QUESTIONS_PER_SECOND)
    observed = await _observe(asking, sending, dsn, options.keep_up)
    _write(report, idle, observed, rate * PER_REQUEST, options)


async def rolled(dsn: str, patience: float) -> float:
    """Wait until nothing is left to roll up; how many seconds that took."""
    return await _until(dsn, f"SELECT ({TAIL_SQL}) = 0", patience)


async def sealed(dsn: str, patience: float) -> float:
    """Wait until every grain is summed up; how many seconds that took."""
    return await _until(dsn, SEALED_SQL, patience)


async def _until(dsn: str, condition: str, patience: float) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with loading.connected(dsn) as connection:
        while not await connection.fetchval(condition):
            if loop.time() - began > patience:
                raise TimeoutError(f"Not so after {patience:.0f} s: {condition}")
            await asyncio.sleep(0.2)
    return round(loop.time() - began, 1)


async def _observe(asking: Burst, sending: Burst, dsn: str, seconds: float) -> Observed:
    tail: list[int] = []

    async def watch() -> None:
        async with loading.connected(dsn) as connection:
            for _ in range(int(seconds)):
                await asyncio.sleep(1.0)
                tail.append(await connection.fetchval(TAIL_SQL))

    work: list[Awaitable[Outcome]] = [run(asking), run(sending)]
    questions, ingest, _ = await asyncio.gather(*work, watch())
    return Observed(tail, questions, ingest)


def _half_rate(rates: Found) -> float:
    """Requests a second: half of the highest rate of events, in requests of `PER_REQUEST`."""
    return rates.highest[1] / 2 / PER_REQUEST


def _write(
    report: Report, idle: Outcome, seen: Observed, events_per_second: float, options: Options
) -> None:
    middle = len(seen.tail) // 2
    first, second = max(seen.tail[:middle], default=0), max(seen.tail[middle:], default=0)
    sent = seen.ingest.completed * PER_REQUEST
    report.section(
        "Rollups keep up",
        f"{options.keep_up:.0f} s of ingest at {events_per_second:,.0f} events/s"
        f" ({PER_REQUEST} per request), the worker on, {QUESTIONS_PER_SECOND:g} summaries a second.",
    )
    rows = [
        ["events acknowledged", f"{sent:,}"],
        ["requests failed", str(seen.ingest.failed + seen.questions.failed)],
        ["largest tail, first half", f"{first:,} events"],
        ["largest tail, second half", f"{second:,} events"],
        ["summary p50, idle", number(idle.p50, "ms")],
        ["summary p50, meanwhile", number(seen.questions.p50, "ms")],
        ["summary p99, meanwhile", number(seen.questions.p99, "ms")],
        ["acknowledgement p99", number(seen.ingest.p99, "ms")],
    ]
    report.table(("", "measured"), rows)
    tail_seconds = second / events_per_second
    report.at_most("Keep-up: tail in the second half, of ingest", tail_seconds, 5, "s")
    slower = seen.questions.p50 / idle.p50 if seen.questions.p50 and idle.p50 else None
    report.at_most("Keep-up: summary meanwhile, of idle", slower, SLOWER_AT_MOST)
