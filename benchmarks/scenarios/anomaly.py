"""How many points a second one core judges, through what the alert engine calls."""

import math
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from benchmarks.measure import Figure, figure
from benchmarks.options import Options
from benchmarks.report import Report, text
from benchmarks.scenarios.progress import say
from domain.alert_configs import AlertConfig
from domain.alert_detection import MOST_BUCKETS, detected
from domain.alert_documents import parse_config
from domain.alerts import State, fresh
from domain.builtin import BUILTIN
from domain.catalogue import catalogue_of

SERIES = 20
ROUNDS = 100
LEAST_PER_SECOND = 20_000.0
_START = datetime(2026, 3, 2, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_CONFIG = {
    "name": "unlike before",
    "type": "ANOMALY",
    "severity": "WARNING",
    "window": "PT1M",
    "measure": {"eventType": "api_request", "aggregate": "COUNT"},
}

Points = Sequence[tuple[datetime, float | None]]


def measure(options: Options, report: Report) -> None:
    """A series that is new, and series that are each shown their next minute."""
    config = parse_config(_CONFIG, catalogue_of(BUILTIN))
    state = fresh(_START)
    series = [_points(number) for number in range(SERIES)]
    memories = [_learnt(config, state, points) for points in series]
    new = _repeated(options, lambda: _all_at_once(config, state, series))
    live = _repeated(options, lambda: _one_by_one(config, state, series, memories))
    say(f"  anomaly: {text(new)} points/s of new series, {text(live)} minute by minute")
    report.section(
        "Anomaly detection",
        "One core, in seconds of its time, through what the alert engine calls for each evaluation.",
    )
    rows = [
        [f"a new series: {MOST_BUCKETS:,} minutes in one evaluation", text(new)],
        ["known series: one minute in each evaluation", text(live)],
    ]
    report.table(("what", "points/s"), rows)
    report.at_least("Anomaly: points a second, new series", _median(new), LEAST_PER_SECOND, "/s")
    report.at_least("Anomaly: points a second, live", _median(live), LEAST_PER_SECOND, "/s")


def _points(number: int) -> Points:
    """A day and a half of minutes, with a daily cycle and noise."""
    noise = random.Random(number)
    return [
        (_START + at * _MINUTE, max(0.0, 100 + 50 * math.sin(at / 229) + noise.gauss(0, 10)))
        for at in range(MOST_BUCKETS + ROUNDS)
    ]


def _learnt(config: AlertConfig, state: State, points: Points) -> bytes | None:
    return detected(config, None, points[:MOST_BUCKETS], state, None)[1]


def _all_at_once(config: AlertConfig, state: State, series: Sequence[Points]) -> int:
    for points in series:
        _learnt(config, state, points)
    return SERIES * MOST_BUCKETS


def _one_by_one(
    config: AlertConfig,
    state: State,
    series: Sequence[Points],
    memories: Sequence[bytes | None],
) -> int:
    known = list(memories)
    for at in range(MOST_BUCKETS, MOST_BUCKETS + ROUNDS):
        for number, points in enumerate(series):
            shown = points[at : at + 1]
            known[number] = detected(config, known[number], shown, state, None)[1]
    return SERIES * ROUNDS


def _repeated(options: Options, judge: Callable[[], int]) -> Figure | None:
    rates = []
    for _ in range(options.repetitions):
        began = time.process_time()
        rates.append(judge() / (time.process_time() - began))
    return figure(rates)


def _median(found: Figure | None) -> float | None:
    return found.median if found else None
