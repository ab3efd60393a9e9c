"""A streaming anomaly detector: one verdict a point, from nothing but the points up to it.

At three scales (points, means of 6, means of 12) four measurements are ranked among their own past
(`domain.measures`). Their surprises are added at each scale and the scales combined as a root mean square.
Where that reaches the threshold an alarm may be raised (`domain.anomaly_alarms`).

Points are the samples of one series at its usual step, in order of time. The detector knows no clock and no
configuration of an alert; the same points give the same verdicts, in one call or in many.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.anomaly_alarms import Alarms
from domain.anomaly_state import Memory, State, pack, unpack
from domain.anomaly_words import AS_USUAL, MISSING, describe
from domain.errors import InvalidInput
from domain.seasonality import places

LARGEST = 1e30
"""Values are refused from here on: no measured quantity needs them, and float32 must hold them."""

_SURPRISE = 4.4
_HIGHEST = 1.0 - 2.0**-50


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the detector says of one point.

    `score` is 0 (as usual) to 1; `expected` is what was foreseen before the value was known and
    `lower`..`upper` what 99 % of earlier points kept to, all None while nothing is known. `is_anomaly`
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

    `threshold` is the score from which a point is unusual; `rearm` is for how many points after an alarm
    only something much greater raises another; `warmup` is how many points are learned from before the
    first; `fatigue` is by what share each recent alarm raises the surprise that the next one takes.
    """

    threshold: float = 0.5
    rearm: int = 120
    warmup: int = 120
    fatigue: float = 0.05

    def __post_init__(self) -> None:
        if not 0.0 < self.threshold < 1.0:
            raise InvalidInput("threshold must be between 0 and 1.", field="threshold")
        for name in ("rearm", "warmup", "fatigue"):
            if not 0 <= getattr(self, name) < math.inf:
                raise InvalidInput(f"{name} must not be negative.", field=name)

    def start(self) -> State:
        """The state of a series of which nothing is known."""
        return pack(Memory())

    def step(self, state: State, at: datetime, value: float | None) -> tuple[State, Verdict]:
        """The verdict on the next point and the state after it; None is a point that is missing.

        InvalidInput for a value that is not a number or not within ±`LARGEST`; ValueError for a state of
        another version.
        """
        memory = unpack(state)
        verdict = self._judge(memory, at, value)
        return pack(memory), verdict

    def run(
        self, state: State, points: Iterable[tuple[datetime, float | None]]
    ) -> tuple[State, list[Verdict]]:
        """`step` for many points: the same verdicts and the same state, at twice the pace."""
        memory = unpack(state)
        verdicts = [self._judge(memory, at, value) for at, value in points]
        return pack(memory), verdicts

    def raises(self, alarms: Alarms, score: float) -> bool:
        """Whether a score, at or above the threshold, is an alarm after those before it."""
        least = surprise_of(self.threshold)
        return alarms.raised(surprise_of(score), least, self.rearm, self.fatigue)

    def _judge(self, memory: Memory, at: datetime, value: float | None) -> Verdict:
        place = places(at)
        expected, lower, upper = memory.fine.range(place) or (None, None, None)
        memory.alarms.wait()
        if value is None:
            return Verdict(0.0, expected, lower, upper, False, False, MISSING)
        if not -LARGEST < value < LARGEST:
            raise InvalidInput(f"{value} is not a number that can be judged.", field="value")
        parts = memory.take_in(place, value)
        score = score_of(_combined(parts))
        ongoing = score >= self.threshold and memory.points > self.warmup
        alarm = ongoing and self.raises(memory.alarms, score)
        reason = describe(value, lower, upper, at, parts) if ongoing else AS_USUAL
        return Verdict(score, expected, lower, upper, alarm, ongoing, reason)


def _combined(parts: Sequence[Sequence[float]]) -> float:
    return math.sqrt(sum(sum(scale) ** 2 for scale in parts) / len(parts))


def score_of(surprise: float) -> float:
    """0 for none, 0.5 for `_SURPRISE`, towards 1; below 1 however great, so that it can be undone."""
    return min(1.0 - math.exp2(-surprise / _SURPRISE), _HIGHEST)


def surprise_of(score: float) -> float:
    """The surprise that has this score."""
    return -_SURPRISE * math.log2(1.0 - score)
