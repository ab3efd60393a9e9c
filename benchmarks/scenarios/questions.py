"""Cold questions: the 30-day summary, the 30-day series by day, and a series of 10,000 points."""

import re
from collections.abc import Mapping, Sequence

from benchmarks.contenders import SERIES, SUMMARY, TIMESERIES, Contender, limits, tidemark
from benchmarks.measure import Burst, Repetitions, interleaved, run, worth_crowding
from benchmarks.options import Options
from benchmarks.report import Report, ratio, text, times
from benchmarks.scenarios.progress import say

CONNECTIONS = (1, 32)
QUESTIONS = {
    SUMMARY: "30-day summary",
    TIMESERIES: "30-day series by day",
    SERIES: "series of 10,000 points",
}
SLOW_ANSWER = 300.0
_TOTAL = re.compile(r'"total(?:Events|Count)":(\d+)')

Answers = dict[tuple[str, int], dict[str, Repetitions]]
"""Outcomes by contender, for each (question, connections)."""


class AnswersDiffer(Exception):
    """The contenders do not count the same events, so their times say nothing."""


async def check(contenders: Sequence[Contender], events: int) -> None:
    """Ask each contender once how many events there are."""
    for each in contenders:
        found = await run(Burst(each.url, each.questions[SUMMARY], count=1, grace=SLOW_ANSWER))
        counted = _TOTAL.search(found.sample)
        if counted is None or int(counted[1]) != events:
            raise AnswersDiffer(f"{each.name} should count {events:,}: {found.sample}")


async def measure(
    contenders: Sequence[Contender],
    options: Options,
    absent: Mapping[str, str],
    report: Report,
    size: str,
) -> Answers:
    """Ask every question of every contender; a table for each."""
    found: Answers = {}
    for question, title in QUESTIONS.items():
        for connections in CONNECTIONS:
            say(f"  {title}, {connections} connections, {size} events")
            bursts = worth_crowding(
                _bursts(contenders, question, connections, options), found.get((question, 1))
            )
            found[question, connections] = await interleaved(bursts, options.repetitions, say)
        report.section(f"Cold {title}, {size} events")
        _table(report, found[question, 1], found[question, 32], absent)
    return found


def promise(report: Report, size: str, answers: Answers) -> None:
    """Hold Tidemark's answers against the limits and the peer."""
    faster = 200 if size == "1M" else 1_000
    for question in (SUMMARY, TIMESERIES):
        one = answers[question, 1]
        title = f"{QUESTIONS[question]}, {size}"
        report.at_most(f"{title}: time, of hand-written SQL", _slower(one, "limit"), 2)
        if size in ("1M", "10M"):
            report.at_least(f"{title}: faster than express", _faster(one, "express"), faster)
    points = answers[SERIES, 1]
    title = f"{QUESTIONS[SERIES]}, {size}"
    report.at_most(f"{title}: time, of PostgreSQL rendering it", _slower(points, "limit"), 1.5)
    report.at_least(f"{title}: faster than express", _faster(points, "express"), 2)


def promise_growth(report: Report, small: Answers, large: Answers, sizes: tuple[str, str]) -> None:
    """Hold the largest size against the smallest."""
    for question in (SUMMARY, TIMESERIES):
        before, after = small[question, 1][tidemark.NAME], large[question, 1][tidemark.NAME]
        title = f"{QUESTIONS[question]}: {sizes[1]} against {sizes[0]}"
        report.at_most(title, ratio(after.p50, before.p50), 1.2)


def _bursts(
    contenders: Sequence[Contender], question: str, connections: int, options: Options
) -> dict[str, Burst]:
    bursts = {
        each.name: Burst(
            each.url, each.questions[question], connections, options.burst, grace=SLOW_ANSWER
        )
        for each in contenders
        if question in each.questions
    }
    limit = next((each for each in contenders if limits.CONSTANT in each.questions), None)
    if limit is not None:
        constant = limit.questions[limits.CONSTANT]
        bursts[limits.CONSTANT] = Burst(limit.url, constant, connections, options.burst)
    return bursts


def _table(
    report: Report,
    one: Mapping[str, Repetitions],
    many: Mapping[str, Repetitions],
    absent: Mapping[str, str],
) -> None:
    limit = one.get("limit")
    many = {name: many.get(name, Repetitions()) for name in one}
    rows = [
        [
            name,
            text(each.p50),
            text(each.p99),
            times(ratio(each.p50, limit.p50) if limit else None),
            text(many[name].rate),
            text(many[name].p50),
            str(each.failed + many[name].failed),
        ]
        for name, each in one.items()
    ]
    rows += [[name, f"not run: {why}", *["–"] * 5] for name, why in absent.items()]
    headers = ("", "p50 ms, 1 conn.", "p99 ms", "of limit", "req/s, 32 conn.", "p50 ms", "failed")
    report.table(headers, rows)


def _slower(found: Mapping[str, Repetitions], base: str) -> float | None:
    own, other = found.get(tidemark.NAME), found.get(base)
    return ratio(own.p50, other.p50) if own and other else None


def _faster(found: Mapping[str, Repetitions], base: str) -> float | None:
    own, other = found.get(tidemark.NAME), found.get(base)
    return ratio(other.p50, own.p50) if own and other else None
