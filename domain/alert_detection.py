"""Anomaly configs: which buckets the detector is shown, and what its verdict means for the alert."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from itertools import dropwhile

from domain.alert_configs import AlertConfig, Direction
from domain.alert_samples import described, shown
from domain.alerts import AlertType, Sample, State
from domain.anomaly import Detector, Verdict
from domain.anomaly_state import State as Memory
from domain.anomaly_state import is_readable

MOST_BUCKETS = 2_000
"""How many buckets a detector is shown at once: as many as it learns from before its first verdict."""

Points = Sequence[tuple[datetime, float | None]]


def unseen(config: AlertConfig, fed_until: datetime | None, end: datetime) -> tuple[datetime, ...]:
    """The edges of the whole buckets that the detector has not seen; a single edge where there are none."""
    window = config.window
    start = end - MOST_BUCKETS * window
    if fed_until is not None:
        start = max(start, fed_until)
    count = max((end - start) // window, 0)
    return tuple(end - back * window for back in range(count, -1, -1))


def window_edges(
    config: AlertConfig, fed_until: datetime | None, slot: datetime
) -> tuple[datetime, ...]:
    """What an evaluation for `slot` reads: one window, or the buckets that the detector has not seen."""
    end = config.window_end(slot)
    if config.type is AlertType.ANOMALY:
        return unseen(config, fed_until, end)
    return (end - config.window, end)


def detected(
    config: AlertConfig, packed: bytes | None, points: Points, state: State, last: Sample | None
) -> tuple[Sample, bytes | None]:
    """The sample that the newest bucket makes, and the detector's memory after it.

    Without new buckets what the last one said still holds. An alarm opens an alert; it goes on for as long
    as the values stay unusual.
    """
    if not points:
        return _unchanged(state, last), packed
    detector = _detector(config.threshold)
    memory, new = _memory(detector, packed)
    shown_points = list(dropwhile(_is_empty, points)) if new else points
    memory, verdicts = detector.run(memory, shown_points)
    if not verdicts:
        return _no_value(config), memory
    verdict, (_, value) = verdicts[-1], shown_points[-1]
    if value is None:
        return _no_value(config), memory
    lasting = state.open or state.breached_since is not None
    alarm = verdict.is_anomaly or (verdict.ongoing and lasting)
    return (
        Sample(
            value,
            verdict.score,
            _reason(config, value, verdict),
            anomalous=alarm and _points_that_way(config, value, verdict),
        ),
        memory,
    )


@lru_cache(maxsize=64)
def _detector(threshold: float | None) -> Detector:
    return Detector() if threshold is None else Detector(threshold=threshold)


def _memory(detector: Detector, packed: bytes | None) -> tuple[Memory, bool]:
    """What the detector knows, and whether that is nothing: also where another version wrote it."""
    if packed is not None and is_readable(packed):
        return Memory(packed), False
    return detector.start(), True


def _unchanged(state: State, last: Sample | None) -> Sample:
    if last is None:
        return Sample(reason="no whole bucket has passed yet")
    breached = state.breached_since is not None
    return Sample(last.value, last.compared, last.reason, anomalous=breached)


def _is_empty(point: tuple[datetime, float | None]) -> bool:
    """Before the first event there is nothing to learn."""
    return not point[1]


def _points_that_way(config: AlertConfig, value: float, verdict: Verdict) -> bool:
    if config.direction is Direction.EITHER or verdict.expected is None:
        return True
    return (value > verdict.expected) is (config.direction is Direction.UP)


def _no_value(config: AlertConfig) -> Sample:
    return Sample(reason=f"{described(config)} has no value: there were no events")


def _reason(config: AlertConfig, value: float, verdict: Verdict) -> str:
    usual = ""
    if verdict.expected is not None and verdict.lower is not None and verdict.upper is not None:
        usual = (
            f", expected about {shown(verdict.expected)}"
            f" ({shown(verdict.lower)} to {shown(verdict.upper)})"
        )
    return (
        f"{described(config)} is {shown(value)}{usual}; score {verdict.score:.2f}: {verdict.reason}"
    )
