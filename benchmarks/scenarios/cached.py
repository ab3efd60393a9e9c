"""Kept answers: how many a second one process gives, role and data version checked each time."""

from collections.abc import Mapping

from benchmarks.contenders import SUMMARY, Contender, limits
from benchmarks.contenders.tidemark import NAME
from benchmarks.measure import Burst, Repetitions, interleaved, run
from benchmarks.options import Options
from benchmarks.report import Report, ratio, text, times
from benchmarks.scenarios.progress import say

CONNECTIONS = (1, 32)
OF_CONSTANT = 0.5
OF_PEER = 2.0


async def measure(
    own: Contender, limit: Contender, peers: list[Contender], options: Options, report: Report
) -> None:
    """The 30-day summary again and again. `express` keeps it for 60 s, whatever is written."""
    bursts = {
        NAME: (own.url, own.questions[SUMMARY]),
        **{
            each.name: (each.url, each.questions[SUMMARY])
            for each in peers
            if each.name == "express"
        },
        limits.CONSTANT: (limit.url, limit.questions[limits.CONSTANT]),
    }
    for url, requests in bursts.values():
        await run(Burst(url, requests, count=2))
    found: dict[int, Mapping[str, Repetitions]] = {}
    for connections in CONNECTIONS:
        say(f"  kept 30-day summary, {connections} connections")
        found[connections] = await interleaved(
            {
                name: Burst(url, requests, connections, options.burst)
                for name, (url, requests) in bursts.items()
            },
            options.repetitions,
            say,
        )
    _write(report, found[1], found[32])


def _write(report: Report, one: Mapping[str, Repetitions], many: Mapping[str, Repetitions]) -> None:
    report.section("Kept 30-day summary")
    constant = many[limits.CONSTANT].rate
    rows = [
        [
            name,
            text(each.p50),
            text(each.rate),
            text(many[name].rate),
            times(ratio(many[name].rate, constant)),
            text(many[name].p50),
            text(many[name].p99),
        ]
        for name, each in one.items()
    ]
    headers = ("", "p50 ms, 1 conn.", "req/s", "req/s, 32 conn.", "of constant", "p50 ms", "p99 ms")
    report.table(headers, rows)
    rate = many[NAME].rate
    report.at_least("Kept answers a second, of constant bytes", ratio(rate, constant), OF_CONSTANT)
    if "express" in many:
        peer = ratio(rate, many["express"].rate)
        report.at_least("Kept answers a second, of express'", peer, OF_PEER)
