"""One evaluation of one config: from what was read and where its groups stand to where they stand now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from domain.alert_configs import AlertConfig
from domain.alert_detection import detected
from domain.alert_reads import value_at
from domain.alert_records import Group, Silence, is_silenced, labels_of
from domain.alert_samples import change_sample, threshold_sample
from domain.alerts import AlertType, Sample, State, Transition, fresh, next_state
from domain.errors import TidemarkError
from domain.questions import Columns, Frame, GroupKey

MOST_GROUPS = 500
"""How many groups of one config are watched."""

FORGET_AFTER = timedelta(days=1)
"""How long a group without events and without an open alert is still looked at."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one group stands, as it is kept. `alert_id` is its latest alert, open or not.

    `detector` is the packed state of an anomaly detector.
    """

    state: State
    alert_id: UUID | None
    seen_at: datetime
    sample: Sample
    detector: bytes | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What was read for one evaluation, or why it could not be.

    `edges` cut the windows: one, or for an anomaly all whole buckets that its detector has not seen; where
    there are none, nothing was read and `current` is None. `baseline` belongs to RATE_OF_CHANGE.
    """

    edges: tuple[datetime, ...]
    current: Frame | TidemarkError | None
    baseline: Frame | TidemarkError | None = None

    @property
    def problem(self) -> str | None:
        """Why there is nothing to judge."""
        for each in (self.current, self.baseline):
            if isinstance(each, TidemarkError):
                return each.message
        return None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one group; `after` None: it is forgotten."""

    config_id: UUID
    config: AlertConfig
    group: Group
    before: Standing | None
    after: Standing | None
    transitions: tuple[Transition, ...] = ()


def evaluate(
    config_id: UUID,
    config: AlertConfig,
    standings: Mapping[Group, Standing],
    found: Found,
    silences: Sequence[Silence],
    now: datetime,
) -> list[Outcome]:
    """Every group's next state: those that were read, and those that were there before."""
    outcomes = []
    for group in _groups(config, standings, found):
        before = standings.get(group)
        labels = labels_of(config_id, config, group)
        silenced = bool(silences) and is_silenced(labels, silences, now)
        outcome = _judged(config_id, config, group, before, found, now, silenced=silenced)
        outcomes.append(outcome)
    return outcomes


def problem_of(config: AlertConfig, found: Found) -> str | None:
    """What the config's owner should know of this evaluation."""
    if found.problem is not None:
        return found.problem
    total = found.current.total_groups if isinstance(found.current, Frame) else 0
    if config.measure.group_by and total > MOST_GROUPS:
        return f"There are {total:,} groups; only {MOST_GROUPS} are watched. Narrow the filter."
    return None


def _groups(
    config: AlertConfig, standings: Mapping[Group, Standing], found: Found
) -> Iterable[Group]:
    if not config.measure.group_by:
        return [()]
    read = () if found.problem or not isinstance(found.current, Frame) else found.current.groups
    new = [
        group
        for key in read
        if (group := tuple(zip(config.measure.group_by, key, strict=True))) not in standings
    ]
    return [*standings, *new[: max(MOST_GROUPS - len(standings), 0)]]


def _judged(
    config_id: UUID,
    config: AlertConfig,
    group: Group,
    before: Standing | None,
    found: Found,
    now: datetime,
    *,
    silenced: bool,
) -> Outcome:
    state = before.state if before else fresh(now)
    key = tuple(value for _, value in group)
    seen = _columns(found.current, key)
    seen_at = now if seen is not None or before is None else before.seen_at
    if group and not state.open and now - seen_at > FORGET_AFTER:
        return Outcome(config_id, config, group, before, None)
    try:
        sample, detector = _sampled(config, state, before, found, key)
    except TidemarkError as problem:
        sample = Sample(error=problem.message)
        detector = before.detector if before else None
    moved, transitions = next_state(state, replace(sample, silenced=silenced), config.rule, now)
    after = Standing(moved, before.alert_id if before else None, seen_at, sample, detector)
    return Outcome(config_id, config, group, before, after, transitions)


def _sampled(
    config: AlertConfig,
    state: State,
    before: Standing | None,
    found: Found,
    key: GroupKey,
) -> tuple[Sample, bytes | None]:
    detector = before.detector if before else None
    if found.problem is not None:
        return Sample(error=found.problem), detector
    current = _columns(found.current, key)
    if config.type is AlertType.ANOMALY:
        points = [
            (start, value_at(config.measure, current, row))
            for row, start in enumerate(found.edges[:-1])
        ]
        return detected(config, detector, points, state, before.sample if before else None)
    value = value_at(config.measure, current, 0)
    mixed = _mixed(config, found.current) if value is None else None
    if mixed is not None:
        return Sample(error=mixed), None
    if config.type is AlertType.RATE_OF_CHANGE:
        earlier = value_at(config.measure, _columns(found.baseline, key), 0)
        return change_sample(config, value, earlier), None
    return threshold_sample(config, value), None


def _columns(frame: Frame | TidemarkError | None, key: GroupKey) -> Columns | None:
    return frame.groups.get(key) if isinstance(frame, Frame) else None


def _mixed(config: AlertConfig, frame: Frame | TidemarkError | None) -> str | None:
    """Why an amount has no value although there are events: it is in several currencies."""
    if config.measure.of is None or not isinstance(frame, Frame):
        return None
    said = (each.message for each in frame.warnings if each.code == "MIXED_CURRENCIES")
    return next(said, None)
