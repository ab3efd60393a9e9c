"""When a config would have alerted: the state machine run over history, read in buckets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.alert_configs import AlertConfig, floored
from domain.alert_detection import MOST_BUCKETS, detected
from domain.alert_reads import Asked, asked, value_at
from domain.alert_records import Group
from domain.alert_samples import change_sample, threshold_sample
from domain.alerts import AlertType, Event, Notice, Sample, State, fresh, next_state
from domain.errors import OverLimit
from domain.questions import Frame, GroupKey, Interval

MOST_STEPS = 5_000
MOST_GROUPS = 50
Look = Callable[[State], Sample]
"""What an evaluation finds, given where the group stands."""

_PARTS = (12, 10, 6, 5, 4, 3, 2, 1)


@dataclass(frozen=True, slots=True)
class Track:
    """Windows of one config that follow each other; `learn` of them come before the range."""

    asked: Asked
    learn: int


@dataclass(frozen=True, slots=True)
class History:
    """What to read for a backtest: evaluations every `step`, as as many tracks as a window has steps."""

    step: timedelta
    tracks: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class Incident:
    """One alert that would have been. `resolved_at` None: it would still be open at the end."""

    group: Group
    fired_at: datetime
    resolved_at: datetime | None
    value: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Backtest:
    """What would have happened."""

    incidents: tuple[Incident, ...]
    notices: int
    evaluations: int


def history(config: AlertConfig, interval: Interval) -> History:
    """The reads of a backtest. Raises BACKTEST_TOO_LONG where even one look per window is too much."""
    step = config.window / _parts(config, interval)
    first = floored(interval.start, step)
    count = config.window // step
    learn = MOST_BUCKETS if config.type is AlertType.ANOMALY else 0
    tracks = []
    for at in range(count):
        begin = first + at * step - config.window
        windows = (interval.end - begin) // config.window
        if windows > 0:
            edges = [begin + n * config.window for n in range(-learn, windows + 1)]
            tracks.append(Track(asked(config, edges), learn))
    return History(step, tuple(tracks))


def backtest(
    config: AlertConfig,
    tracks: Sequence[tuple[Track, Frame, Frame | None]],
    interval: Interval,
) -> Backtest:
    """Step the state machine through all groups. Raises BACKTEST_TOO_WIDE for more than `MOST_GROUPS`."""
    keys = dict.fromkeys(key for _, frame, _ in tracks for key in frame.groups)
    if len(keys) > MOST_GROUPS:
        raise OverLimit(
            f"There are {len(keys):,} groups in this range; a backtest follows {MOST_GROUPS}. Narrow the"
            " filter.",
            code="BACKTEST_TOO_WIDE",
            field="config.measure.groupBy",
            limit=MOST_GROUPS,
        )
    incidents: list[Incident] = []
    notices = evaluations = 0
    for key in keys or [()]:
        told, looked = _followed(config, tracks, key, interval, incidents)
        notices, evaluations = notices + told, evaluations + looked
    return Backtest(tuple(sorted(incidents, key=_by_time)), notices, evaluations)


def _by_time(incident: Incident) -> datetime:
    return incident.fired_at


def _parts(config: AlertConfig, interval: Interval) -> int:
    """Into how many steps a window is cut: as many looks as there would be, if those can be afforded."""
    whole = config.complete_only or config.type is AlertType.ANOMALY
    for parts in _PARTS if not whole else (1,):
        step = config.window / parts
        exact = step % config.every == timedelta(0) or parts == 1
        if exact and (interval.end - interval.start) / step <= MOST_STEPS:
            return parts
    raise OverLimit(
        f"The range has more than {MOST_STEPS:,} windows; choose a shorter range or a longer window.",
        code="BACKTEST_TOO_LONG",
        field="range",
        limit=MOST_STEPS,
    )


def _followed(
    config: AlertConfig,
    tracks: Sequence[tuple[Track, Frame, Frame | None]],
    key: GroupKey,
    interval: Interval,
    incidents: list[Incident],
) -> tuple[int, int]:
    """One group from start to end: adds its incidents, answers notices and evaluations."""
    group = tuple(zip(config.measure.group_by, key, strict=True))
    state, begun, notices, evaluations = fresh(interval.start), None, 0, 0
    for at, look in _looks(config, tracks, key):
        if not interval.start < at <= interval.end:
            continue
        evaluations += 1
        state, steps = next_state(state, look(state), config.rule, at)
        for step in steps:
            notices += step.notice is Notice.SEND
            if step.event is Event.FIRED:
                begun = Incident(group, at, None, step.value, step.reason)
            elif step.event is Event.RESOLVED and begun is not None:
                incidents.append(Incident(group, begun.fired_at, at, begun.value, begun.reason))
                begun = None
    if begun is not None:
        incidents.append(begun)
    return notices, evaluations


def _looks(
    config: AlertConfig, tracks: Sequence[tuple[Track, Frame, Frame | None]], key: GroupKey
) -> list[tuple[datetime, Look]]:
    """All evaluations of one group in order of time, each at the moment at which it would be made."""
    looks: list[tuple[datetime, Look]] = []
    for track, frame, baseline in tracks:
        if config.type is AlertType.ANOMALY:
            looks += _detections(config, track, frame, key)
            continue
        for row, end in enumerate(track.asked.current.edges[1:]):
            looks.append((end + config.delay, _look(config, frame, baseline, key, row)))
    return sorted(looks, key=lambda each: each[0])


def _look(
    config: AlertConfig, frame: Frame, baseline: Frame | None, key: GroupKey, row: int
) -> Look:
    value = value_at(config.measure, frame.groups.get(key), row)
    if baseline is None:
        sample = threshold_sample(config, value)
    else:
        sample = change_sample(
            config, value, value_at(config.measure, baseline.groups.get(key), row)
        )
    return lambda _: sample


def _detections(
    config: AlertConfig, track: Track, frame: Frame, key: GroupKey
) -> list[tuple[datetime, Look]]:
    """The buckets of an anomaly config; the detector learns from those before the range first."""
    edges, columns = track.asked.current.edges, frame.groups.get(key)
    points = [
        (start, value_at(config.measure, columns, row)) for row, start in enumerate(edges[:-1])
    ]
    _, memory = detected(config, None, points[: track.learn], fresh(edges[0]), None)

    def look_at(row: int) -> Look:
        def look(state: State) -> Sample:
            nonlocal memory
            sample, memory = detected(config, memory, [points[row]], state, None)
            return sample

        return look

    return [
        (edges[row + 1] + config.delay, look_at(row)) for row in range(track.learn, len(points))
    ]
