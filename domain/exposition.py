"""What a Prometheus endpoint exposes, in its text format or in OpenMetrics, as plain samples."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families as text_families

from domain.errors import InvalidInput

ACCEPT = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
"""What to ask an endpoint for."""

_Reader = Callable[[str], Iterable[Metric]]
_OPENMETRICS = "application/openmetrics-text"


@dataclass(frozen=True, slots=True)
class Sample:
    """One number of one series."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: float

    def label(self, *names: str) -> str | None:
        """The first of these labels that it has."""
        found = dict(self.labels)
        return next((found[name] for name in names if name in found), None)


def parse_exposition(text: str, content_type: str = "") -> tuple[Sample, ...]:
    """Every sample, in order. Raises InvalidInput for what is no exposition in either format.

    Real endpoints are not always what they say: a histogram with negative values is refused by a strict
    reader of OpenMetrics, and a file server names no format. So what one reader refuses the other tries.
    """
    readers: list[_Reader] = [text_families, openmetrics_families]
    if _OPENMETRICS in content_type:
        readers.reverse()
    problems = []
    for families in readers:
        try:
            return tuple(_samples(families(text)))
        except (ValueError, KeyError, IndexError) as problem:
            problems.append(str(problem)[:200])
    raise InvalidInput(f"not an exposition: {problems[0]}")


def _samples(families: Iterable[Metric]) -> Iterator[Sample]:
    for family in families:
        for each in family.samples:
            yield Sample(each.name, tuple(each.labels.items()), float(each.value))
