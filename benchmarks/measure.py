"""What a burst of load is, how one is run, and how repetitions of it are put in one figure."""

import asyncio
import base64
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

TOO_SLOW_TO_REPEAT = 30.0
"""Seconds that a burst may take and still be repeated."""

_numbers = iter(range(time.time_ns() // 1_000_000, 2**48, 4_000_000))


@dataclass(frozen=True, slots=True)
class Burst:
    """Requests to one server. Ends after `seconds` or `count` requests, whichever comes first."""

    url: str
    requests: tuple[bytes, ...]
    connections: int = 1
    seconds: float = 3.0
    count: int | None = None
    rate: float | None = None
    grace: float = 30.0
    idle_between: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back. Latencies in milliseconds."""

    completed: int
    failed: int
    elapsed: float
    p50: float | None
    p90: float | None
    p99: float | None
    max: float | None
    received: int
    statuses: Mapping[str, int]
    sample: str

    @property
    def per_second(self) -> float:
        """Requests answered well a second."""
        good = self.completed - self.failed + self.statuses.get("0", 0)
        return good / self.elapsed if self.elapsed else 0.0


@dataclass(frozen=True, slots=True)
class Figure:
    """The median of some repetitions, with the least and the most."""

    median: float
    least: float
    most: float

    def text(self, digits: int = 3) -> str:
        """As `4.2 (4.0–4.9)`."""
        return f"{_round(self.median, digits)} ({_round(self.least, digits)}–{_round(self.most, digits)})"


@dataclass(slots=True)
class Repetitions:
    """The outcomes of one burst, over all its repetitions."""

    outcomes: list[Outcome] = field(default_factory=list)

    def figure(self, pick: Callable[[Outcome], float | None]) -> Figure | None:
        """The median of one number of each outcome; None where none has it."""
        return figure(pick(each) for each in self.outcomes)

    @property
    def p50(self) -> Figure | None:
        """Median latency, ms."""
        return self.figure(lambda each: each.p50)

    @property
    def p99(self) -> Figure | None:
        """99th percentile of latency, ms."""
        return self.figure(lambda each: each.p99)

    @property
    def rate(self) -> Figure | None:
        """Requests a second."""
        return self.figure(lambda each: each.per_second)

    @property
    def failed(self) -> int:
        """Requests that were refused or answered with an error."""
        return sum(each.failed for each in self.outcomes)


def figure(numbers: Iterable[float | None]) -> Figure | None:
    """The median, least and most of what is not None."""
    known = [each for each in numbers if each is not None]
    return Figure(statistics.median(known), min(known), max(known)) if known else None


def request(
    method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> bytes:
    """A whole HTTP/1.1 request."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = {
        "Host": parts.netloc,
        "Accept": "application/json",
        **({"Content-Type": "application/json", "Content-Length": str(len(body))} if body else {}),
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + body


async def run(burst: Burst) -> Outcome:
    """Run one burst in a process of its own."""
    parts = urlsplit(burst.url)
    plan: dict[str, Any] = {
        "host": parts.hostname,
        "port": parts.port,
        "requests": [base64.b64encode(each).decode() for each in burst.requests],
        "connections": burst.connections,
        "seconds": burst.seconds,
        "count": burst.count,
        "rate": burst.rate,
        "grace": burst.grace,
        "idle_between": burst.idle_between,
        "first": next(_numbers),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.load"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate(json.dumps(plan).encode())
    return Outcome(**json.loads(output))


async def interleaved(
    bursts: Mapping[str, Burst],
    repetitions: int,
    say: Callable[[str], None],
    before: Callable[[], Awaitable[None]] | None = None,
) -> dict[str, Repetitions]:
    """Every burst once, then every burst again, …: what disturbs the machine disturbs all of them."""
    results = {name: Repetitions() for name in bursts}
    for number in range(repetitions):
        for name, burst in bursts.items():
            if _too_slow(results[name]):
                continue
            if before is not None:
                await before()
            outcome = await run(burst)
            results[name].outcomes.append(outcome)
            say(f"    {number + 1}/{repetitions} {name}: {describe(outcome)}")
    return results


def worth_crowding(
    bursts: Mapping[str, Burst], alone: Mapping[str, Repetitions] | None
) -> dict[str, Burst]:
    """Those that answer one caller within a second; 32 callers of the others would only wait longer."""
    if alone is None:
        return dict(bursts)
    return {name: each for name, each in bursts.items() if not _takes_seconds(alone[name])}


def _takes_seconds(found: Repetitions) -> bool:
    return found.p50 is None or found.p50.median > 1_000


def _too_slow(found: Repetitions) -> bool:
    return bool(found.outcomes) and found.outcomes[-1].elapsed > TOO_SLOW_TO_REPEAT


def describe(outcome: Outcome) -> str:
    """One line for the person who watches."""
    if outcome.p50 is None or outcome.p99 is None:
        return f"no answer in {outcome.elapsed:.1f} s"
    trouble = f", {outcome.failed} FAILED: {outcome.sample[:300]}" if outcome.failed else ""
    return (
        f"{outcome.completed} in {outcome.elapsed:.1f} s, {outcome.per_second:.1f}/s,"
        f" p50 {outcome.p50:.2f} ms, p99 {outcome.p99:.2f} ms{trouble}"
    )


def _round(value: float, digits: int) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}g}"
