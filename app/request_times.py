"""How long answers took, as a Prometheus histogram: counted without the library's locks, twenty a request."""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_NAMES = (*map(str, _BOUNDS), "+Inf")
_LABELS = ("method", "route", "status")
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})


class RequestTimes(Collector):
    """Series by method, route and status. One thread counts; any may collect."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str, int], list[float]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        series = self._series.get((method, route, status))
        if series is None:
            series = self._opened(method, route, status)
        series[bisect_left(_BOUNDS, seconds)] += 1
        series[-1] += seconds

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """The histogram as it is now."""
        family = HistogramMetricFamily(
            "tidemark_http_request_seconds",
            "Time from a request to the end of its answer.",
            labels=_LABELS,
        )
        for (method, route, status), series in list(self._series.items()):
            *counts, total = tuple(series)
            buckets = list(zip(_NAMES, accumulate(counts), strict=True))
            family.add_metric((method, route, str(status)), buckets, total)
        yield family

    def _opened(self, method: str, route: str, status: int) -> list[float]:
        """How many answers fell in each bucket, then the sum of their seconds."""
        known = method if method in _METHODS else "OTHER"
        return self._series.setdefault((known, route, status), [0.0] * (len(_NAMES) + 1))
