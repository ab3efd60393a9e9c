"""The present, from Prometheus endpoints or a Prometheus server: bounded in time and size, kept a while."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

import httpx

from app.bounded_http import Answer, NoAnswer, fetch
from app.prometheus_server import ask_server
from domain.errors import InvalidInput
from domain.exposition import ACCEPT, Sample, parse_exposition
from domain.questions import Warning
from domain.realtime import (
    UNAVAILABLE,
    Realtime,
    RequestTotals,
    Span,
    Target,
    rates,
    request_totals,
    since,
)

_TROUBLE_KEPT = 5.0


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the present is read. `histogram`: the metric that has a request's seconds.

    All of it together takes at most `seconds`; an answer is kept for `fresh` seconds, one with trouble
    for a few.
    """

    targets: tuple[str, ...] = ()
    server: str | None = None
    histogram: str = "http_request_duration_seconds"
    seconds: float = 0.5
    fresh: float = 60.0


class Prometheus:
    """One per process. Requests that ask at the same time share one reading."""

    def __init__(self, sources: Sources, client: httpx.AsyncClient) -> None:
        self._sources = sources
        self._client = client
        self._lock = asyncio.Lock()
        self._last: Realtime | None = None
        self._before: dict[str, tuple[datetime, RequestTotals]] = {}

    async def realtime(self, now: datetime) -> Realtime | None:
        """What is known of the present; None where no source is set."""
        if not self._sources.targets and self._sources.server is None:
            return None
        async with self._lock:
            if self._last is not None and self._is_fresh(self._last, now):
                return replace(self._last, cached=True)
            self._last = await self._read(now)
            return self._last

    def _is_fresh(self, last: Realtime, now: datetime) -> bool:
        kept = min(_TROUBLE_KEPT, self._sources.fresh) if last.warnings else self._sources.fresh
        return 0 <= (now - last.as_of).total_seconds() < kept

    async def _read(self, now: datetime) -> Realtime:
        sources = self._sources
        scraped = asyncio.gather(*(self._scrape(url) for url in sources.targets))
        if sources.server is None:
            return self._of_targets(await scraped, now)
        asked, targets = await asyncio.gather(
            ask_server(self._client, sources.server, sources.histogram, sources.seconds), scraped
        )
        own = self._of_targets(targets, now)
        if asked.error is not None:
            trouble = _trouble(shown(sources.server), asked.error)
            return replace(own, warnings=(trouble, *own.warnings))
        return Realtime(
            now, "server", [*asked.targets, *targets], asked.rates, asked.seconds, own.warnings
        )

    async def _scrape(self, url: str) -> Target:
        began = time.perf_counter()
        name = shown(url)
        try:
            async with asyncio.timeout(self._sources.seconds):
                answer = await fetch(self._client, url, headers={"Accept": ACCEPT})
                samples = await asyncio.to_thread(_parsed, answer)
        except TimeoutError:
            return Target(name, f"no answer within {self._sources.seconds * 1000:g} ms")
        except (NoAnswer, InvalidInput) as problem:
            return Target(name, str(problem))
        return Target(name, None, (time.perf_counter() - began) * 1000, samples)

    def _of_targets(self, targets: list[Target], now: datetime) -> Realtime:
        spans = [span for each in targets if (span := self._span(each, now)) is not None]
        return Realtime(
            as_of=now,
            source="targets",
            targets=targets,
            rates=rates(spans) if spans else None,
            seconds=max((each.seconds for each in spans if each.seconds), default=None),
            warnings=tuple(_trouble(each.name, each.error) for each in targets if each.error),
        )

    def _span(self, target: Target, now: datetime) -> Span | None:
        """What the target answered since it was read last; the first time, since its process began."""
        totals = request_totals(target.samples, self._sources.histogram)
        if totals is None:
            return None
        before = self._before.get(target.name)
        self._before[target.name] = (now, totals)
        if before is not None and now > before[0]:
            return Span(since(before[1], totals), (now - before[0]).total_seconds())
        began = target.started_at
        return Span(totals, now.timestamp() - began if began else None)


@asynccontextmanager
async def open_prometheus(sources: Sources) -> AsyncIterator[Prometheus]:
    """The process's own. Addresses are an operator's: no proxy of the environment, no redirects."""
    async with httpx.AsyncClient(trust_env=False, timeout=sources.seconds) as client:
        yield Prometheus(sources, client)


def shown(url: str) -> str:
    """A source's name: its URL without user, password and query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _parsed(answer: Answer) -> tuple[Sample, ...]:
    return parse_exposition(answer.body.decode("utf-8", "replace"), answer.content_type)


def _trouble(name: str, error: str) -> Warning:
    return Warning(UNAVAILABLE, f"{name}: {error}; its part of the present is missing.")
