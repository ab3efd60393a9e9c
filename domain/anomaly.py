"""A streaming anomaly detector: one verdict a point, from nothing but the points before it.

Four measurements are ranked among their own past (`domain.tails`): how far the level of the last 16 points
is from the long-term one, how far the last 8 residuals from the believed cycle (`domain.seasonality`) are
from the usual ones, how far the value is from its hour of the week, and how much it swings. Their surprises
are added; an alarm is raised where the sum reaches the threshold, then none for `rearm` points.

Points are the samples of one series at its usual step, in order of time. The detector knows no clock and no
configuration of an alert; the same points give the same verdicts, in one call or in many.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.anomaly_memory import BAND, Memory, State, pack, unpack
from domain.anomaly_words import describe
from domain.errors import InvalidInput
from domain.seasonality import FLAT, WEEK, Places, places

LARGEST = 1e30
"""Values are refused from here on: no measured quantity needs them, and squares must not overflow."""

_SURPRISE = 6.0
_FEW = 6
_FLOOR = 1e-4
_OUTSIDE = 0.01
_LASTING_SURPRISE = 4.0
_LASTING = 24
_NEW_LEVEL_AGE = 100


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the detector says of one point.

    `score` is 0 (as usual) to 1; `expected` is what was foreseen before the value was known and
    `lower`..`upper` what 99 % of earlier points kept to, both None while nothing is known. `is_anomaly`
    marks the first point of an alarm; `ongoing` every point at or above the threshold.
    """

    score: float
    expected: float | None
    lower: float | None
    upper: float | None
    is_anomaly: bool
    ongoing: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Detector:
    """How sensitive to be. It holds no state: that is the caller's, per series.

    `threshold` is the score from which a point is unusual; `rearm` is for how many points no second alarm
    is raised; `warmup` is how many points are learned from before the first.
    """

    threshold: float = 0.5
    rearm: int = 100
    warmup: int = 120

    def __post_init__(self) -> None:
        if not 0.0 < self.threshold <= 1.0:
            raise InvalidInput(
                "threshold must be above 0 and at most 1.", field="threshold", value=self.threshold
            )
        for name in ("rearm", "warmup"):
            if getattr(self, name) < 0:
                raise InvalidInput(f"{name} must not be negative.", field=name)

    def start(self) -> State:
        """The state of a series of which nothing is known."""
        return pack(Memory())

    def step(self, state: State, at: datetime, value: float | None) -> tuple[State, Verdict]:
        """The verdict on the next point and the state after it; None is a point that is missing.

        InvalidInput for a value that is not a number or not below `LARGEST`; ValueError for a state of
        another version.
        """
        memory = unpack(state)
        verdict = self._judge(memory, at, value)
        return pack(memory), verdict

    def run(
        self, state: State, points: Iterable[tuple[datetime, float | None]]
    ) -> tuple[State, list[Verdict]]:
        """`step` for many points: the same verdicts and the same state, several times as fast."""
        memory = unpack(state)
        verdicts = [self._judge(memory, at, value) for at, value in points]
        return pack(memory), verdicts

    def _judge(self, memory: Memory, at: datetime, value: float | None) -> Verdict:
        place = places(at)
        cycle = memory.seasons.believed(place)
        expected, reach = _expectation(memory, cycle, place)
        memory.silence += 1
        if value is None:
            return Verdict(
                0.0, expected, *_band(memory, expected, reach), False, False, "No value."
            )
        if not -LARGEST < value < LARGEST:
            raise InvalidInput(f"{value} is not a number that can be judged.", field="value")
        band = _band(memory, expected, reach)
        parts = _take_in(memory, place, cycle, value)
        score = 1.0 - 2.0 ** (-sum(parts) / _SURPRISE)
        ongoing = score >= self.threshold and memory.points > self.warmup
        alarm = ongoing and memory.silence > self.rearm
        if alarm:
            memory.silence = 0
        reason = describe(value, band, cycle, at, parts) if ongoing else "As usual."
        return Verdict(score, expected, *band, alarm, ongoing, reason)


def _expectation(memory: Memory, cycle: int, place: Places) -> tuple[float | None, float]:
    """What the believed cycle foresees, and how far from it a value may well be."""
    seasons = memory.seasons
    if not seasons.visits[FLAT]:
        return None, 0.0
    usual = seasons.errors[cycle] + _floor(memory)
    return seasons.means[place[cycle]], memory.tails.exceeded_by(BAND, _OUTSIDE) * usual


def _band(
    memory: Memory, expected: float | None, reach: float
) -> tuple[float | None, float | None]:
    """Expected ± reach; not below 0 for a series that never was."""
    if expected is None:
        return None, None
    lower = expected - reach
    return (max(lower, 0.0) if memory.least >= 0.0 else lower), expected + reach


def _floor(memory: Memory) -> float:
    """A deviation too small to speak of, so that a flat series is not all surprise."""
    return _FLOOR * abs(memory.level.slow) + 1e-12


def _take_in(memory: Memory, place: Places, cycle: int, value: float) -> list[float]:
    """Measure the value against what is known, learn from it, and answer the four surprises."""
    ratios = _measure(memory, place, cycle, value)
    memory.seasons.learn(place, value)
    parts = memory.tails.surprises(ratios if memory.points > _FEW else (0.0,) * len(ratios))
    del parts[BAND]
    _settle(memory, sum(parts))
    return parts


def _measure(memory: Memory, place: Places, cycle: int, value: float) -> tuple[float, ...]:
    """The ratios in the order of the kinds."""
    if not memory.points:
        _begin(memory, value)
    memory.points += 1
    memory.age += 1
    memory.least = min(memory.least, value)
    floor, first, since = _floor(memory), 1.0 / memory.points, 1.0 / memory.age
    residual = memory.seasons.residual(cycle, place, value) or 0.0
    size = abs(value - memory.previous)
    memory.previous = value
    return (
        memory.level.ratio(value, first, since, floor),
        memory.run.ratio(residual, first, since, floor),
        _moment(memory, place, value, floor),
        memory.swing.ratio(size, first, floor),
        abs(residual) / (memory.seasons.errors[cycle] + floor),
    )


def _moment(memory: Memory, place: Places, value: float, floor: float) -> float:
    """The value against its hour of the week; 0 until that hour has been met."""
    residual = memory.seasons.residual(WEEK, place, value)
    if residual is None:
        return 0.0
    memory.moments += 1
    found = memory.moment.ratio(abs(residual), 1.0 / memory.moments, floor)
    return found if memory.moments >= _FEW else 0.0


def _begin(memory: Memory, value: float) -> None:
    memory.previous = value
    memory.level.begin(value)


def _settle(memory: Memory, surprise: float) -> None:
    """What stays unusual is the new usual: the long means learn faster from then on."""
    memory.lasting = memory.lasting + 1 if surprise >= _LASTING_SURPRISE else 0
    if memory.lasting >= _LASTING:
        memory.lasting = 0
        memory.age = min(memory.age, _NEW_LEVEL_AGE)
