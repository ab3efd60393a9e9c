"""Prometheus metrics of one API process."""

import asyncpg
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from app.request_times import RequestTimes
from db.probes import Backlog, Tail
from domain.alerts import Severity
from domain.events import Receipt


class Metrics:
    """The process's registry. Labels take few values, whatever is sent: route templates, no paths."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = RequestTimes()
        self.registry.register(self.requests)
        self._pool = Gauge(
            "tidemark_postgres_connections",
            "Connections of this process by state.",
            ("state",),
            registry=self.registry,
        )
        self._tail_events = Gauge(
            "tidemark_tail_events", "Events not yet in the rollups.", registry=self.registry
        )
        self._tail_batches = Gauge(
            "tidemark_tail_batches", "Batches not yet in the rollups.", registry=self.registry
        )
        self._tail_age = Gauge(
            "tidemark_tail_age_seconds",
            "Age of the oldest batch not yet in the rollups.",
            registry=self.registry,
        )
        self._up = Gauge(
            "tidemark_up",
            "Whether each part answers (1) or not (0).",
            ("part",),
            registry=self.registry,
        )

        self._events = Counter(
            "tidemark_events",
            "Events that came in by this process, by what became of them.",
            ("outcome",),
            registry=self.registry,
        )
        self._outcomes = {
            name: self._events.labels(name) for name in ("accepted", "duplicate", "rejected")
        }
        self._dead_letters = Gauge(
            "tidemark_dead_letters",
            "Events that were refused and are not replayed.",
            registry=self.registry,
        )
        self._messages = Gauge(
            "tidemark_notification_messages",
            "Messages on their way (pending) and given up (dead).",
            ("status",),
            registry=self.registry,
        )
        self._alerts = Gauge(
            "tidemark_alerts_open",
            "Alerts that are not over.",
            ("severity",),
            registry=self.registry,
        )
        self._late = Gauge(
            "tidemark_evaluation_late_seconds",
            "For how long the evaluation that waits longest has been due.",
            registry=self.registry,
        )

    def observe_pool(self, pool: asyncpg.Pool) -> None:
        """Take down how many connections are open, idle and allowed."""
        self._pool.labels("open").set(pool.get_size())
        self._pool.labels("idle").set(pool.get_idle_size())
        self._pool.labels("limit").set(pool.get_max_size())

    def observe_tail(self, tail: Tail, age_seconds: float) -> None:
        """Take down how far the rollups are behind."""
        self._tail_events.set(tail.events)
        self._tail_batches.set(tail.batches)
        self._tail_age.set(age_seconds)

    def observe_receipt(self, receipt: Receipt) -> None:
        """Count what became of the events of one request."""
        self._outcomes["accepted"].inc(receipt.accepted)
        if receipt.duplicates:
            self._outcomes["duplicate"].inc(receipt.duplicates)
        if receipt.rejected:
            self._outcomes["rejected"].inc(len(receipt.rejected))

    def observe_backlog(self, backlog: Backlog) -> None:
        """Take down what waits for people or workers."""
        self._dead_letters.set(backlog.dead_letters)
        self._messages.labels("pending").set(backlog.messages_pending)
        self._messages.labels("dead").set(backlog.messages_dead)
        for severity in Severity:
            self._alerts.labels(severity.value).set(backlog.alerts.get(severity.value, 0))
        self._late.set(backlog.evaluation_late)

    def observe_part(self, part: str, *, up: bool) -> None:
        """Take down whether a server or the workers answer."""
        self._up.labels(part).set(up)
