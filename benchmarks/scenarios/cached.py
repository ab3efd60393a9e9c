"""Kept answers: how many a second one process gives, role and data version checked each time."""

from collections.abc import Mapping

from benchmarks.contenders import DASHBOARD, SUMMARY, Contender, limits
from benchmarks.contenders.tidemark import NAME
from benchmarks.load import MILLIS_MARK
from benchmarks.measure import Burst, Repetitions, interleaved, run
from benchmarks.options import Options
from benchmarks.report import Report, ratio, text, times
from benchmarks.scenarios.dashboard import promise_spread
from benchmarks.scenarios.progress import say

CONNECTIONS = (1, 32)
OF_CONSTANT = 0.5
OF_PEER = 2.0
QUESTIONS = {
    SUMMARY: ("30-day summary", limits.CONSTANT),
    DASHBOARD: ("dashboard", limits.LONG_CONSTANT),
}
_SAME_RANGE = b"00.000"


async def measure(
    own: Contender, limit: Contender, peers: list[Contender], options: Options, report: Report
) -> None:
    """The same questions again and again. `express` keeps answers for 60 s, whatever is written."""
    for question, (title, constant) in QUESTIONS.items():
        asked = {
            NAME: (own.url, own.questions[question]),
            **{
                each.name: (each.url, _of_one_range(each.questions[question]))
                for each in peers
                if each.name == "express"
            },
            constant: (limit.url, limit.questions[constant]),
        }
        for url, requests in asked.values():
            await run(Burst(url, requests, count=2))
        found: dict[int, Mapping[str, Repetitions]] = {}
        for connections in CONNECTIONS:
            say(f"  kept {title}, {connections} connections")
            bursts = {
                name: Burst(url, requests, connections, options.burst)
                for name, (url, requests) in asked.items()
            }
            found[connections] = await interleaved(bursts, options.repetitions, say)
        _write(report, f"Kept {title}", constant, found[1], found[32])


def _of_one_range(requests: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Requests whose range would differ each time, made to ask for one."""
    return tuple(each.replace(MILLIS_MARK, _SAME_RANGE) for each in requests)


def _write(
    report: Report,
    title: str,
    constant: str,
    one: Mapping[str, Repetitions],
    many: Mapping[str, Repetitions],
) -> None:
    report.section(title)
    limit = many[constant].rate
    rows = [
        [
            name,
            text(each.p50),
            text(each.rate),
            text(many[name].rate),
            times(ratio(many[name].rate, limit)),
            text(many[name].p50),
            text(many[name].p99),
        ]
        for name, each in one.items()
    ]
    headers = ("", "p50 ms, 1 conn.", "req/s", "req/s, 32 conn.", "of constant", "p50 ms", "p99 ms")
    report.table(headers, rows)
    rate = many[NAME].rate
    report.at_least(
        f"{title}: answers a second, of constant bytes", ratio(rate, limit), OF_CONSTANT
    )
    if "express" in many:
        peer = ratio(rate, many["express"].rate)
        report.at_least(f"{title}: answers a second, of express'", peer, OF_PEER)
    promise_spread(report, title, many[NAME])
