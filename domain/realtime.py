"""What Prometheus says of the present: rates, latencies and targets, from scrapes or from a server."""

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.exposition import Sample
from domain.questions import Warning

UNAVAILABLE = "PROMETHEUS_UNAVAILABLE"
NOT_CONFIGURED = "PROMETHEUS_NOT_CONFIGURED"
QUANTILES: Mapping[str, float] = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
STATUS_LABELS = ("status", "code", "status_code", "http_response_status_code")


@dataclass(frozen=True, slots=True)
class RequestTotals:
    """A histogram of requests as it stands: how many, how many of status 400 or more, seconds, and
    how many took at most each bound of `buckets` (seconds, rising, the last infinite)."""

    requests: float
    errors: float
    seconds: float
    buckets: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Rates:
    """Requests of now. Latencies in ms; None where nothing was answered or nothing is known."""

    requests_per_second: float | None
    error_rate: float | None
    avg: float | None
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Target:
    """One endpoint. `error` says why it did not answer; what a process does not expose is None."""

    name: str
    error: str | None = None
    milliseconds: float | None = None
    samples: tuple[Sample, ...] = ()

    @property
    def up(self) -> bool:
        return self.error is None

    @property
    def memory_bytes(self) -> float | None:
        return self._value("process_resident_memory_bytes")

    @property
    def cpu_seconds(self) -> float | None:
        return self._value("process_cpu_seconds_total")

    @property
    def open_files(self) -> float | None:
        return self._value("process_open_fds")

    @property
    def started_at(self) -> float | None:
        """Seconds since 1970."""
        return self._value("process_start_time_seconds")

    def _value(self, name: str) -> float | None:
        return next((each.value for each in self.samples if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Realtime:
    """The present, as of `as_of`. `source`: `server` or `targets`; `seconds`: what rates are over."""

    as_of: datetime
    source: str
    targets: Sequence[Target]
    rates: Rates | None
    seconds: float | None = None
    warnings: tuple[Warning, ...] = ()
    cached: bool = False

    def named(self, names: Container[str]) -> list["TargetSample"]:
        """The samples with one of these names, of every target."""
        return [
            TargetSample(
                target.name,
                each.name,
                dict(each.labels),
                each.value if math.isfinite(each.value) else None,
            )
            for target in self.targets
            for each in target.samples
            if each.name in names
        ]


@dataclass(frozen=True, slots=True)
class TargetSample:
    """One number of one target; None for NaN and the infinities, which JSON has not."""

    target: str
    name: str
    labels: Mapping[str, str]
    value: float | None


def request_totals(samples: Iterable[Sample], histogram: str) -> RequestTotals | None:
    """The histogram of that name over all of its label sets; None where it is not there."""
    requests = errors = seconds = 0.0
    buckets: dict[float, float] = {}
    found = False
    for each in samples:
        if each.name == f"{histogram}_count":
            found = True
            requests += each.value
            if (each.label(*STATUS_LABELS) or "")[:1] in ("4", "5"):
                errors += each.value
        elif each.name == f"{histogram}_sum":
            seconds += each.value
        elif each.name == f"{histogram}_bucket":
            bound = float(each.label("le") or "inf")
            buckets[bound] = buckets.get(bound, 0.0) + each.value
    return (
        RequestTotals(requests, errors, seconds, tuple(sorted(buckets.items()))) if found else None
    )


def since(earlier: RequestTotals | None, later: RequestTotals) -> RequestTotals:
    """What was added since; a counter that fell began anew, so all of it was."""
    if earlier is None or later.requests < earlier.requests:
        return later
    before = dict(earlier.buckets)
    return RequestTotals(
        later.requests - earlier.requests,
        max(later.errors - earlier.errors, 0.0),
        max(later.seconds - earlier.seconds, 0.0),
        tuple((bound, max(count - before.get(bound, 0.0), 0.0)) for bound, count in later.buckets),
    )


@dataclass(frozen=True, slots=True)
class Span:
    """What one target answered in so many seconds; None where it does not say since when it counts."""

    totals: RequestTotals
    seconds: float | None


def rates(spans: Sequence[Span]) -> Rates:
    """Several targets' requests together; where one has no known span there is no rate per second."""
    requests = sum(each.totals.requests for each in spans)
    buckets = _together([each.totals for each in spans])
    return Rates(
        requests_per_second=_per_second(spans),
        error_rate=_over(sum(each.totals.errors for each in spans), requests),
        avg=in_ms(_over(sum(each.totals.seconds for each in spans), requests)),
        **{name: in_ms(quantile(buckets, q)) for name, q in QUANTILES.items()},
    )


def in_ms(seconds: float | None) -> float | None:
    """Milliseconds; None for what is no number."""
    return None if seconds is None or math.isnan(seconds) else seconds * 1000


def _per_second(spans: Sequence[Span]) -> float | None:
    total = 0.0
    for each in spans:
        if not each.seconds:
            return None
        total += each.totals.requests / each.seconds
    return total


def quantile(buckets: Sequence[tuple[float, float]], q: float) -> float | None:
    """A quantile from cumulative buckets, in a straight line within one, as `histogram_quantile` does.

    In the infinite bucket it is the highest finite bound.
    """
    whole = buckets[-1][1] if buckets else 0.0
    if not whole or not math.isinf(buckets[-1][0]):
        return None
    rank, low, below = q * whole, 0.0, 0.0
    for bound, count in buckets:
        if count >= rank and count > below:
            if math.isinf(bound):
                return low if len(buckets) > 1 else None
            return low + (bound - low) * (rank - below) / (count - below)
        low, below = bound, count
    return None


def _together(every: Sequence[RequestTotals]) -> list[tuple[float, float]]:
    """One cumulative histogram; targets may have other bounds than each other only by having none."""
    found: dict[float, float] = {}
    for each in every:
        for bound, count in each.buckets:
            found[bound] = found.get(bound, 0.0) + count
    same = len({tuple(bound for bound, _ in each.buckets) for each in every if each.buckets}) == 1
    return sorted(found.items()) if same else []


def _over(part: float, whole: float) -> float | None:
    return part / whole if whole else None
