"""How much a run measures."""

from dataclasses import dataclass

APART = ("notifications", "alerts", "anomaly", "streams")
"""Scenarios that need none of the generated events."""
SCENARIOS = (
    *("questions", "dashboard", "cached", "ingest", "import", "keep-up", "memory"),
    *APART,
)
SIZES = {"10k": 10_000, "100k": 100_000, "1M": 1_000_000, "10M": 10_000_000}


@dataclass(frozen=True, slots=True)
class Options:
    """Durations in seconds. The first size carries the ingest scenarios, the last one memory."""

    sizes: tuple[str, ...] = ("1M", "10M")
    scenarios: tuple[str, ...] = SCENARIOS
    repetitions: int = 5
    burst: float = 4.0
    keep_up: float = 60.0
    mixed: float = 600.0
    peers: bool = True


QUICK = Options(sizes=("100k",), repetitions=2, burst=1.5, keep_up=10.0, mixed=20.0)
"""A few minutes in all; enough to see that nothing is broken, too little to quote."""
