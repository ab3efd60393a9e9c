"""Whether the rollups keep up: ingest at half of the highest rate, the worker on, questions all the while.

Twice: with the lean events of the ingest scenario, and with full ones; each at half of its own highest rate.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from benchmarks import loading
from benchmarks.contenders import LIVE, SUMMARY, Contender
from benchmarks.measure import Burst, Outcome, interleaved, run
from benchmarks.options import Options
from benchmarks.report import Report, number
from benchmarks.scenarios.ingest import (
    CONNECTIONS,
    EVENTS_PER_REQUEST,
    Target,
    tidemark_target,
)
from benchmarks.scenarios.progress import say

QUESTIONS_PER_SECOND = {SUMMARY: 5.0, LIVE: 1.0}
PER_REQUEST = 100
SLOWER_AT_MOST = 3
TAIL_SQL = "SELECT coalesce(sum(event_count), 0)::bigint FROM pending_batches"
SEALED_SQL = """
SELECT coalesce(bool_and(sealed_until >= date_trunc('month', now(), 'UTC')), false) FROM rollup_levels
"""


@dataclass(frozen=True, slots=True)
class Stream:
    """Events of one kind, where they go, and the most of them that were acknowledged a second."""

    name: str
    target: Target
    highest: float


@dataclass(frozen=True, slots=True)
class Observed:
    """The tail, in events, once a second, and what was asked and sent meanwhile."""

    tail: list[int]
    ingest: Outcome
    summary: Outcome
    live: Outcome


async def full_stream(
    own: Contender, token: str, settle: Callable[[], Awaitable[None]], options: Options
) -> Stream:
    """Full events, and how many a second are acknowledged at most. Needs a worker that does not run."""
    say("  highest rate of full events")
    target = tidemark_target(own, token, lean=False)
    bursts = {str(n): target.burst(n, options) for n in EVENTS_PER_REQUEST[1:]}
    found = await interleaved(bursts, options.repetitions, say, settle)
    highest = max(rate.median * int(n) for n, each in found.items() if (rate := each.rate))
    return Stream("full events", target, highest)


async def measure(
    own: Contender, stream: Stream, dsn: str, options: Options, report: Report
) -> None:
    """Ingest at half of the stream's highest rate. Needs a running worker and no tail."""
    asked = {name: _asking(own, name, options.keep_up / 4) for name in QUESTIONS_PER_SECOND}
    idle = {name: await run(each) for name, each in asked.items()}
    rate = stream.highest / 2
    say(f"  keep up: {rate:,.0f} {stream.name}/s for {options.keep_up:.0f} s")
    sending = Burst(
        stream.target.url,
        stream.target.requests(PER_REQUEST),
        CONNECTIONS,
        options.keep_up,
        rate=rate / PER_REQUEST,
    )
    observed = await _observe(own, sending, dsn, options.keep_up)
    _write(report, stream, idle, observed, options)


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


def _asking(own: Contender, question: str, seconds: float) -> Burst:
    return Burst(own.url, own.questions[question], 1, seconds, rate=QUESTIONS_PER_SECOND[question])


async def _observe(own: Contender, sending: Burst, dsn: str, seconds: float) -> Observed:
    tail: list[int] = []

    async def watch() -> None:
        async with loading.connected(dsn) as connection:
            for _ in range(int(seconds)):
                await asyncio.sleep(1.0)
                tail.append(await connection.fetchval(TAIL_SQL))

    bursts = (sending, *(_asking(own, each, seconds) for each in QUESTIONS_PER_SECOND))
    ingest, summary, live, _ = await asyncio.gather(*map(run, bursts), watch())
    return Observed(tail, ingest, summary, live)


def _write(
    report: Report,
    stream: Stream,
    idle: Mapping[str, Outcome],
    seen: Observed,
    options: Options,
) -> None:
    events, events_per_second = stream.name, stream.highest / 2
    middle = len(seen.tail) // 2
    first, second = max(seen.tail[:middle], default=0), max(seen.tail[middle:], default=0)
    sent = seen.ingest.completed * PER_REQUEST
    report.section(
        f"Rollups keep up, {events}",
        f"{options.keep_up:.0f} s of ingest at {events_per_second:,.0f} events/s, half of the highest rate"
        f" ({PER_REQUEST} per request), the worker on; asked each second:"
        f" {', '.join(f'{name} {each:g}×' for name, each in QUESTIONS_PER_SECOND.items())}.",
    )
    rows = [
        ["events acknowledged", f"{sent:,}"],
        ["requests failed", str(sum(e.failed for e in (seen.ingest, seen.summary, seen.live)))],
        ["largest tail, first half", f"{first:,} events"],
        ["largest tail, second half", f"{second:,} events"],
        *_slowed("30-day summary", idle[SUMMARY], seen.summary),
        *_slowed(LIVE, idle[LIVE], seen.live),
        ["acknowledgement p99", number(seen.ingest.p99, "ms")],
    ]
    report.table(("", "measured"), rows)
    tail_seconds = second / events_per_second
    report.at_most(f"Keep-up, {events}: tail in the second half, of ingest", tail_seconds, 5, "s")
    before, meanwhile = idle[SUMMARY].p50, seen.summary.p50
    slower = meanwhile / before if meanwhile and before else None
    report.at_most(f"Keep-up, {events}: summary meanwhile, of idle", slower, SLOWER_AT_MOST)


def _slowed(question: str, idle: Outcome, meanwhile: Outcome) -> list[list[str]]:
    return [
        [f"{question} p50, idle", number(idle.p50, "ms")],
        [f"{question} p50, meanwhile", number(meanwhile.p50, "ms")],
        [f"{question} p99, meanwhile", number(meanwhile.p99, "ms")],
    ]
