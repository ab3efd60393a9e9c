"""What is measured: Tidemark, its peers and its limits, each one server process with the same questions."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.servers import Process

SUMMARY = "summary"
TIMESERIES = "timeseries"
SERIES = "series"
DASHBOARD = "dashboard"
LIVE = "summary of the last 24 hours"
QUESTIONS = (SUMMARY, TIMESERIES, SERIES)


@dataclass(frozen=True, slots=True)
class Contender:
    """A server that runs. `questions` holds the requests for each question that it answers."""

    name: str
    url: str
    process: Process
    questions: Mapping[str, tuple[bytes, ...]]
