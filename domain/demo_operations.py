"""What the demo's machines do: jobs of pipelines at outside providers, errors, alerts, and the like."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.demo_weather import Day
from domain.event_wire import Wire

_MICRO = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class _Work:
    """A kind of job: how often (weight), how long (ms), and what one costs at its median length."""

    pipeline: str
    stage: str | None
    provider: str | None
    weight: int
    median: float
    cost: float | None


_WORK = (
    _Work("generation3d", None, "Tripo", 22, 45_000, 0.2),
    _Work("generation3d", None, "Replicate", 14, 62_000, 0.14),
    _Work("generation3d", None, "HuggingFace", 7, 80_000, 0.05),
    _Work("descriptions", None, "Gemini", 20, 1_900, 0.0011),
    _Work("descriptions", None, "HuggingFace", 8, 2_600, 0.0006),
    _Work("assets", "ingestion", None, 12, 800, None),
    _Work("assets", "versioning", None, 9, 350, None),
    _Work("assets", "approval", None, 8, 5_400, None),
)
_WEIGHTS = tuple(work.weight for work in _WORK)
_FAILURES = ("provider timed out", "rate limited by the provider", "result failed validation")
_SMALL = {"query": 50, "enrollment": 14, "proof_lock": 16, "error": 16, "alert": 4}
_CODES = ("TIMEOUT", "VALIDATION", "PAYMENT_DECLINED", "UPSTREAM")


def jobs(day: Day, count: int) -> Iterator[Wire]:
    """So many jobs; those at a provider that has an incident mostly fail."""
    for work in day.random.choices(_WORK, _WEIGHTS, k=count):
        moment = day.moment()
        failed = day.fails(work.provider or "assets", moment, 0.02)
        properties: dict[str, Any] = {
            "pipeline": work.pipeline,
            "status": "failed" if failed else "succeeded",
        }
        if work.stage is not None:
            properties["stage"] = work.stage
        wire = _wire("ml_job", "demo-pipelines", moment, properties)
        wire.provider = work.provider
        wire.duration_ms = day.duration(work.median, 0.45)
        wire.error_message = day.random.choice(_FAILURES) if failed else None
        wire.cost = _cost(work, wire.duration_ms)
        yield wire


def small_things(day: Day, count: int) -> Iterator[Wire]:
    """So many events of the rarer types, and a burst of errors and an alert in every incident."""
    for kind in day.random.choices(tuple(_SMALL), tuple(_SMALL.values()), k=count):
        yield _small(day, kind, day.moment())
    for incident in day.incidents:
        yield _small(day, "alert", incident.start)
        length = (incident.end - incident.start).total_seconds()
        moment = incident.start
        while (moment := day.later(moment, length / 40)) < incident.end:
            yield _small(day, "error", moment)


def _small(day: Day, kind: str, moment: datetime) -> Wire:
    wire = _wire(kind, f"demo-{kind.replace('_', '-')}s", moment, {})
    if kind == "error":
        code = day.random.choice(_CODES)
        wire.error_message = f"{code.lower().replace('_', ' ')} in the demo"
        wire.properties = {"demo": True, "code": code}
    elif kind == "alert":
        severity = day.random.choice(("info", "warning", "warning", "critical"))
        wire.properties = {"demo": True, "severity": severity}
    else:
        wire.user_id = f"demo-user-{day.user()}"
        wire.status_code = 500 if day.fails("api", moment, 0.01) else 200
        wire.duration_ms = day.duration(120, 0.8)
    return wire


def _cost(work: _Work, duration: Decimal) -> Decimal | None:
    if work.cost is None:
        return None
    return (Decimal(work.cost) * duration / Decimal(work.median)).quantize(_MICRO)


def _wire(kind: str, source: str, moment: datetime, properties: dict[str, Any]) -> Wire:
    return Wire(
        type=kind, occurred_at=moment, source=source, properties={"demo": True, **properties}
    )
