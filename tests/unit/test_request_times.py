"""Times of answers are told as the library's own histogram tells them."""

import math

from prometheus_client import CollectorRegistry, Histogram, generate_latest

from app.request_times import RequestTimes

SECONDS = (0.0, 0.0004, 0.001, 0.0010001, 0.03, 0.5, 9.99, 10.0, 10.1, 3_600.0)
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def told(registry: CollectorRegistry) -> list[str]:
    text = generate_latest(registry).decode()
    return sorted(line for line in text.splitlines() if "_created" not in line)


def test_they_are_what_the_library_would_tell() -> None:
    own, library = CollectorRegistry(), CollectorRegistry()
    times = RequestTimes()
    own.register(times)
    histogram = Histogram(
        "tidemark_http_request_seconds",
        "Time from a request to the end of its answer.",
        ("method", "route", "status"),
        buckets=BUCKETS,
        registry=library,
    )
    for status in (200, 503):
        for seconds in SECONDS:
            times.observe("POST", "/graphql", status, seconds)
            histogram.labels("POST", "/graphql", str(status)).observe(seconds)
    assert told(own) == told(library)


def test_unknown_methods_share_a_series() -> None:
    times = RequestTimes()
    for method in ("BREW", "PROPFIND"):
        times.observe(method, "other", 404, 0.1)
    (family,) = times.collect()
    (count,) = [each for each in family.samples if each.name.endswith("_count")]
    assert count.labels["method"] == "OTHER"
    assert math.isclose(count.value, 2)
