"""A whole dashboard as one cold question, against the same from raw events and from one statement."""

import asyncio
from collections.abc import Mapping, Sequence

from benchmarks.contenders import DASHBOARD, Contender
from benchmarks.contenders.tidemark import NAME
from benchmarks.measure import Burst, Figure, Repetitions, interleaved, worth_crowding
from benchmarks.options import Options
from benchmarks.report import Report, ratio, text, times
from benchmarks.scenarios.dashboard_figures import ask, differences
from benchmarks.scenarios.progress import say
from benchmarks.scenarios.questions import SLOW_ANSWER, AnswersDiffer

CONNECTIONS = (1, 32)
OF_LIMIT = 1.5
FASTER = {"1M": 100, "10M": 700}
GROWTH = 1.2
SPREAD = 3
API_MB = 200
LACKS = {"postgraphile": "postgraphile, without the p95s"}

Answers = Mapping[int, Mapping[str, Repetitions]]
"""Outcomes by contender, for each number of connections."""


async def check(contenders: Sequence[Contender]) -> None:
    """Hold every figure of every contender against Tidemark's."""
    own, *others = await asyncio.gather(*(asyncio.to_thread(ask, each) for each in contenders))
    for contender, other in zip(contenders[1:], others, strict=True):
        found = differences(own, other)
        if found:
            raise AnswersDiffer(f"{NAME} and {contender.name} differ: {'; '.join(found)}")


async def measure(
    contenders: Sequence[Contender],
    options: Options,
    absent: Mapping[str, str],
    report: Report,
    size: str,
) -> Answers:
    """Ask for it at 1 and at 32 connections; Tidemark comes first."""
    await check(contenders)
    found: dict[int, dict[str, Repetitions]] = {}
    for connections in CONNECTIONS:
        say(f"  dashboard, {connections} connections, {size} events")
        bursts = {
            each.name: Burst(
                each.url,
                each.questions[DASHBOARD],
                connections,
                options.burst,
                grace=SLOW_ANSWER,
            )
            for each in contenders
        }
        asked = worth_crowding(bursts, found.get(1))
        found[connections] = await interleaved(asked, options.repetitions, say)
    _write(report, size, found, absent)
    _promise(report, size, found)
    memory = contenders[0].process.rss_mb()
    report.at_most(f"Dashboard, {size}: memory of the API", memory, API_MB, "MiB")
    return found


def promise_growth(report: Report, small: Answers, large: Answers, sizes: tuple[str, str]) -> None:
    """Hold the largest size against the smallest."""
    grown = ratio(large[1][NAME].p50, small[1][NAME].p50)
    report.at_most(f"Dashboard: {sizes[1]} against {sizes[0]}", grown, GROWTH)


def promise_spread(report: Report, what: str, found: Repetitions) -> None:
    """Hold the slowest answers against the usual ones."""
    report.at_most(f"{what}: p99 of p50, 32 connections", ratio(found.p99, found.p50), SPREAD)


def _promise(report: Report, size: str, found: Answers) -> None:
    one = found[1]
    own = one[NAME].p50
    title = f"Dashboard, {size}"
    report.at_most(f"{title}: time, of one statement", ratio(own, one["limit"].p50), OF_LIMIT)
    if size in FASTER:
        fastest = _fastest(one)
        report.at_least(f"{title}: faster than the fastest peer", ratio(fastest, own), FASTER[size])
    promise_spread(report, title, found[32][NAME])


def _fastest(found: Mapping[str, Repetitions]) -> Figure | None:
    known = [each.p50 for name, each in found.items() if name not in (NAME, "limit")]
    return min((each for each in known if each), key=lambda each: each.median, default=None)


def _write(report: Report, size: str, found: Answers, absent: Mapping[str, str]) -> None:
    one = found[1]
    many = {name: found[32].get(name, Repetitions()) for name in one}
    report.section(f"Cold dashboard, {size} events")
    rows = [
        [
            LACKS.get(name, name),
            text(each.p50),
            text(each.p99),
            times(ratio(each.p50, one["limit"].p50)),
            text(many[name].rate),
            text(many[name].p50),
            text(many[name].p99),
            str(each.failed + many[name].failed),
        ]
        for name, each in one.items()
    ]
    rows += [[name, f"not run: {why}", *["–"] * 6] for name, why in absent.items()]
    report.table(
        (
            *("", "p50 ms, 1 conn.", "p99 ms", "of limit"),
            *("req/s, 32 conn.", "p50 ms", "p99 ms", "failed"),
        ),
        rows,
    )
