"""Durable ingest: how many events a second are acknowledged, and how soon, held against raw COPY."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import orjson

from benchmarks import generate, loading
from benchmarks.contenders import Contender, tidemark
from benchmarks.load import UUID_MARK
from benchmarks.measure import Burst, Figure, Repetitions, figure, interleaved, request
from benchmarks.options import Options
from benchmarks.report import Report, ratio, text, times
from benchmarks.scenarios.progress import say

CONNECTIONS = 64
EVENTS_PER_REQUEST = (1, 100, 1_000)
COPY_CONNECTIONS = (1, 4)
COPY_CALLS = 60
DISTINCT_EVENTS = 20_000
EXPRESS_ONCE = "express, each once"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a contender takes events, and the bodies it takes, by events per request."""

    name: str
    url: str
    requests: Callable[[int], tuple[bytes, ...]]

    def burst(self, per_request: int, options: Options, rate: float | None = None) -> Burst:
        """Events at full speed, or at an even `rate` of requests a second."""
        return Burst(self.url, self.requests(per_request), CONNECTIONS, options.burst, rate=rate)


@dataclass(frozen=True, slots=True)
class Found:
    """Events a second at full speed by events per request, for Tidemark and the rest."""

    rates: dict[int, dict[str, Figure]]
    copy: dict[int, Figure]

    @property
    def highest(self) -> float:
        """Tidemark's best, in events a second."""
        return max(each[tidemark.NAME].median for each in self.rates.values())


def targets(express: Contender | None, own: Contender, token: str) -> list[Target]:
    """The contenders that take events, all of them the same ones."""
    found = [tidemark_target(own, token, lean=True)]
    if express is not None:
        found.insert(0, _express_target("express", express.url, "events"))
        found.append(_express_target(EXPRESS_ONCE, express.url, "events-once"))
    return found


def tidemark_target(own: Contender, token: str, *, lean: bool) -> Target:
    """Tidemark's bulk endpoint. Lean events hold no more than who, what, when and how long."""
    url = f"{own.url}/v1/events"
    headers = tidemark.bearer(token)

    def requests(per_request: int) -> tuple[bytes, ...]:
        bodies = _bodies(per_request, lean=lean)
        return tuple(request("POST", url, body, headers) for body in bodies)

    return Target(tidemark.NAME, own.url, requests)


async def measure(
    found_targets: Sequence[Target],
    copy_dsn: str,
    settle: Callable[[], Awaitable[None]],
    options: Options,
    report: Report,
) -> Found:
    """Full speed, then acknowledgements at half of it, for each number of events per request."""
    rates: dict[int, dict[str, Figure]] = {}
    copy = await _copies(copy_dsn, options)
    best_copy = max(copy.values(), key=lambda each: each.median)
    report.section(f"Durable ingest, {CONNECTIONS} connections")
    for per_request in EVENTS_PER_REQUEST:
        say(f"  ingest, {per_request} events per request")
        bursts = {each.name: each.burst(per_request, options) for each in found_targets}
        full = await interleaved(bursts, options.repetitions, say, settle)
        rates[per_request] = {
            name: _events_per_second(each, per_request) for name, each in full.items()
        }
        half = await _at_half(found_targets, full, per_request, options, settle)
        _table(report, per_request, full, rates[per_request], half, best_copy)
        _promise_acknowledgement(report, per_request, half)
    _promise_rates(report, rates, best_copy)
    rows = [[f"{n} connections", text(each)] for n, each in copy.items()]
    report.table((f"raw COPY, {loading.ROW_COPIES} rows a call", "rows/s"), rows)
    return Found(rates, copy)


async def _copies(dsn: str, options: Options) -> dict[int, Figure]:
    """Raw COPY into the same table; rows a second by connections."""
    rates: dict[int, list[float]] = {each: [] for each in COPY_CONNECTIONS}
    calls = COPY_CALLS if options.burst >= 3 else 10
    records = _records(calls * loading.ROW_COPIES)
    for _ in range(options.repetitions):
        for connections in COPY_CONNECTIONS:
            await loading.settle(dsn)
            rates[connections].append(await loading.raw_copy(dsn, records, connections))
            say(f"    raw COPY, {connections} connections: {rates[connections][-1]:,.0f} rows/s")
    return {n: known for n, each in rates.items() if (known := figure(each))}


async def _at_half(
    found_targets: Sequence[Target],
    full: dict[str, Repetitions],
    per_request: int,
    options: Options,
    settle: Callable[[], Awaitable[None]],
) -> dict[str, Repetitions]:
    say("    at half of the highest rate")
    bursts = {
        each.name: each.burst(per_request, options, rate=rate.median / 2)
        for each in found_targets
        if (rate := full[each.name].rate)
    }
    return await interleaved(bursts, options.repetitions, say, settle)


def _table(
    report: Report,
    per_request: int,
    full: dict[str, Repetitions],
    rates: dict[str, Figure],
    half: dict[str, Repetitions],
    copy: Figure,
) -> None:
    headers = (
        *(f"{per_request} per request", "events/s", "of express", "of raw COPY", "p50 ms"),
        *("p99 ms at half rate", "failed"),
    )
    rows = [
        [
            name,
            text(rates[name]),
            times(ratio(rates[name], rates.get("express"))),
            times(ratio(rates[name], copy)),
            text(full[name].p50),
            text(half[name].p99),
            str(full[name].failed + half[name].failed),
        ]
        for name in full
    ]
    report.table(headers, rows)


def _promise_acknowledgement(
    report: Report, per_request: int, half: dict[str, Repetitions]
) -> None:
    p99 = half[tidemark.NAME].p99
    title = f"Ingest, {per_request} per request: p99 of acknowledgement at half rate"
    report.at_most(title, p99.median if p99 else None, 100, "ms")


def _promise_rates(report: Report, rates: dict[int, dict[str, Figure]], copy: Figure) -> None:
    for per_request, bound in zip(EVENTS_PER_REQUEST, (2, 1.5, 1.5), strict=True):
        own, peer = rates[per_request][tidemark.NAME], rates[per_request].get("express")
        report.at_least(f"Ingest, {per_request} per request: of express", ratio(own, peer), bound)
    largest = rates[EVENTS_PER_REQUEST[-1]][tidemark.NAME]
    report.at_least("Ingest, 1000 per request: of raw COPY", ratio(largest, copy), 0.6)


def _events_per_second(found: Repetitions, per_request: int) -> Figure:
    rate = found.figure(lambda each: each.per_second * per_request)
    if rate is None:
        raise RuntimeError("No request was answered.")
    return rate


def _express_target(name: str, base: str, path: str) -> Target:
    url = f"{base}/api/analytics/{path}"

    def requests(per_request: int) -> tuple[bytes, ...]:
        return tuple(request("POST", url, body) for body in _bodies(per_request, lean=True))

    return Target(name, base, requests)


def _bodies(per_request: int, *, lean: bool) -> Iterator[bytes]:
    """Arrays of events whose ids the load generator makes new each time."""
    events = [_with_mark(generate.lean(each) if lean else each) for each in _recent_events()]
    for first in range(0, len(events), per_request):
        yield orjson.dumps(events[first : first + per_request])


def _recent_events() -> list[dict[str, Any]]:
    """Events of the last few minutes."""
    runs = generate.events(DISTINCT_EVENTS, datetime.now(UTC), days=0.01)
    return [each for run_ in runs for each in generate.as_dicts(run_)]


def _with_mark(event: dict[str, Any]) -> dict[str, Any]:
    """The event with an id whose first 48 bits the load generator fills in."""
    return {**event, "id": UUID_MARK.decode() + event["id"][13:]}


def _records(count: int) -> list[tuple[Any, ...]]:
    now = datetime.now(UTC)
    events = islice(
        (
            each
            for run_ in generate.events(count, now, days=0.01)
            for each in generate.as_dicts(run_)
        ),
        count,
    )
    return [generate.as_record(generate.lean(each), 0, now) for each in events]
