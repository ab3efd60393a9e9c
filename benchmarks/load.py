"""The load generator: a process of its own that reads a plan (JSON) and prints what it measured (JSON).

Closed loop: every connection sends its next request when the last was answered. Open loop (`rate`):
requests fall due at an even pace and their time counts from when they were due, so that a slow server
cannot slow the clock.
"""

import asyncio
import base64
import gc
import json
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httptools
import uvloop

UUID_MARK = b"@@@@@@@@-@@@@"
"""Replaced by 48 bits that rise with every request, so that a body's event ids are new each time."""
MILLIS_MARK = b"~~.~~~"
"""Replaced by seconds and milliseconds that differ for 60,000 requests in a row."""
DRAIN_SECONDS = 0.01


@dataclass(slots=True)
class Tally:
    """What came back so far; times in seconds."""

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    failed: int = 0
    received: int = 0
    sample: bytes = b""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send: whole HTTP/1.1 requests, taken in turn, until `seconds` or `count` is reached."""

    host: str
    port: int
    requests: list[bytes]
    connections: int
    seconds: float
    count: int | None
    rate: float | None
    grace: float
    first: int
    idle_between: float


class Connection(asyncio.Protocol):
    """One keep-alive connection; it carries one request at a time."""

    def __init__(self, tally: Tally, idle: "Callable[[Connection], None]") -> None:
        self.tally = tally
        self.idle = idle
        self.since = 0.0
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.parser = httptools.HttpResponseParser(self)

    def send(self, request: bytes, since: float) -> None:
        """Send a request whose time counts from `since`."""
        self.since, self.busy, self.bad, self.first = since, True, False, True
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.tally.received += len(data)
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """See whether a GraphQL answer holds errors, from its first part."""
        if self.first:
            self.first = False
            self.bad = b'"errors":[' in body
            if not self.tally.sample or self.bad:
                self.tally.sample = body[:600]

    def on_message_complete(self) -> None:
        """Count the answer and ask for more to do."""
        status = self.parser.get_status_code()
        self.tally.statuses[status] += 1
        if status >= 400 or self.bad:
            self.tally.failed += 1
        self.tally.latencies.append(time.perf_counter() - self.since)
        self.busy = False
        if self.parser.should_keep_alive():
            self.parser = httptools.HttpResponseParser(self)
            self.idle(self)
        else:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if self.busy:
            self.tally.failed += 1
            self.tally.statuses[0] += 1
            self.busy = False


class Source:
    """Hands out requests in turn, each with its marks filled in, until the count is used up."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.sent = 0

    def exhausted(self) -> bool:
        """Whether the count is reached."""
        return self.plan.count is not None and self.sent >= self.plan.count

    def take(self) -> bytes:
        """The next request."""
        number = self.plan.first + self.sent
        request = self.plan.requests[self.sent % len(self.plan.requests)]
        self.sent += 1
        if UUID_MARK in request:
            return request.replace(UUID_MARK, b"%08x-%04x" % (number >> 16, number & 0xFFFF))
        return request.replace(MILLIS_MARK, b"%02d.%03d" % (number // 1000 % 60, number % 1000))


class ClosedLoop:
    """Every free connection sends at once (or after `idle_between` seconds)."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.source = Source(plan)
        self.tally = Tally()
        self.deadline = time.perf_counter() + plan.seconds
        self.last = 0.0

    def idle(self, connection: Connection) -> None:
        """Take the next request, or stop."""
        self.last = time.perf_counter()
        if self.last >= self.deadline or self.source.exhausted():
            connection.transport.close()
        elif self.plan.idle_between:
            loop = asyncio.get_running_loop()
            loop.call_later(self.plan.idle_between, self.next, connection)
        else:
            self.next(connection)

    def next(self, connection: Connection) -> None:
        """Send on this connection now."""
        connection.send(self.source.take(), time.perf_counter())

    async def run(self) -> float:
        """Run to the end; how long it took, in seconds."""
        began = time.perf_counter()
        connections = await connect(self.plan, self.tally, self.idle)
        for each in connections:
            self.idle(each)
        await closed(connections, self.plan.seconds + self.plan.grace)
        return (self.last or time.perf_counter()) - began


class OpenLoop(ClosedLoop):
    """Requests fall due at an even pace; one that finds no free connection waits, its time running."""

    def __init__(self, plan: Plan, rate: float) -> None:
        super().__init__(plan)
        self.rate = rate
        self.due: deque[float] = deque()
        self.free: list[Connection] = []

    def idle(self, connection: Connection) -> None:
        self.last = time.perf_counter()
        if self.due:
            connection.send(self.source.take(), self.due.popleft())
        else:
            self.free.append(connection)

    async def run(self) -> float:
        connections = await connect(self.plan, self.tally, self.idle)
        self.free.extend(connections)
        began, number = time.perf_counter(), 0
        while not self.source.exhausted() and (due := began + number / self.rate) < self.deadline:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            number += 1
            if self.free:
                self.free.pop().send(self.source.take(), due)
            else:
                self.due.append(due)
        await self.drained(connections)
        for each in connections:
            each.transport.close()
        return self.last - began

    async def drained(self, connections: list[Connection]) -> None:
        """Wait for what is under way, for as long as the plan's grace."""
        for _ in range(int(self.plan.grace / DRAIN_SECONDS)):
            if not self.due and not any(each.busy for each in connections):
                return
            await asyncio.sleep(DRAIN_SECONDS)


async def connect(plan: Plan, tally: Tally, idle: Callable[[Connection], None]) -> list[Connection]:
    """Open every connection of the plan."""
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Connection(tally, idle), plan.host, plan.port)
        for _ in range(plan.connections)
    ]
    return [protocol for _, protocol in made]


async def closed(connections: list[Connection], seconds: float) -> None:
    """Wait until every connection is closed; drop those still busy after `seconds`."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        if all(each.transport.is_closing() for each in connections):
            return
        await asyncio.sleep(0.005)
    for each in connections:
        each.busy = False
        each.transport.abort()


def summary(tally: Tally, elapsed: float) -> dict[str, Any]:
    """The result as plain values; latencies in milliseconds."""
    ordered = sorted(each * 1000 for each in tally.latencies)

    def at(share: float) -> float | None:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None

    return {
        "completed": len(ordered),
        "failed": tally.failed,
        "elapsed": elapsed,
        "p50": at(0.5),
        "p90": at(0.9),
        "p99": at(0.99),
        "max": at(1.0),
        "received": tally.received,
        "statuses": {str(code): count for code, count in tally.statuses.items()},
        "sample": tally.sample.decode(errors="replace"),
    }


async def execute(plan: Plan) -> dict[str, Any]:
    """Carry out a plan."""
    loop = ClosedLoop(plan) if plan.rate is None else OpenLoop(plan, plan.rate)
    gc.freeze()
    gc.disable()
    elapsed = await loop.run()
    return summary(loop.tally, elapsed)


def main() -> None:
    """Read a plan from standard input, print the result to standard output."""
    raw = json.load(sys.stdin)
    raw["requests"] = [base64.b64decode(each) for each in raw["requests"]]
    json.dump(uvloop.run(execute(Plan(**raw))), sys.stdout)


if __name__ == "__main__":
    main()
