"""The scoring of the Numenta Anomaly Benchmark, written from its definition.

Source: Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms: the Numenta Anomaly Benchmark"
(2015), sections II.A to II.C. A detector gives every row a score in [0, 1]; a row at or above a threshold
counts as a detection. In each labelled window only the earliest detection counts, the more the earlier it
is; every detection outside a window costs, the less the closer it follows a window. The first rows of a
series are for learning and count for nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]

NEVER = 1.1
"""A threshold above every score: nothing is detected."""

_PROBATION = 0.15
_PROBATION_ROWS = 5000
_FAR = 3.0


@dataclass(frozen=True, slots=True)
class Profile:
    """What a caught window is worth and what a false alarm and a missed window cost."""

    name: str
    tp: float
    fp: float
    fn: float


STANDARD = Profile("standard", 1.0, 0.11, 1.0)
LOW_FP = Profile("reward_low_FP_rate", 1.0, 0.22, 1.0)
LOW_FN = Profile("reward_low_FN_rate", 1.0, 0.11, 2.0)
PROFILES = (STANDARD, LOW_FP, LOW_FN)


@dataclass(frozen=True, slots=True)
class Window:
    """Rows `first` to `last`, both inclusive, in which a labelled anomaly lies."""

    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1

    def __contains__(self, row: int) -> bool:
        return self.first <= row <= self.last


@dataclass(frozen=True, slots=True)
class Scored:
    """One series as the scorer sees it: a detector's score per row, and the windows in order."""

    scores: Scores
    windows: Sequence[Window]


@dataclass(frozen=True, slots=True)
class Best:
    """The threshold with the highest score on the 0 (detects nothing) to 100 (perfect) scale."""

    threshold: float
    score: float


def sigmoid(position: float) -> float:
    """σ(y) = 2 / (1 + e^5y) − 1; −1 from three window widths behind a window on."""
    return -1.0 if position >= _FAR else 2.0 / (1.0 + math.exp(5.0 * position)) - 1.0


def probation(rows: int) -> int:
    """How many rows at the start count for nothing."""
    return math.ceil(min(math.floor(_PROBATION * rows), _PROBATION * _PROBATION_ROWS))


def reward(row: int, window: Window) -> float:
    """1 for a detection in the window's first row, falling to near 0 in its last."""
    return sigmoid(-(window.last - row + 1) / len(window)) / sigmoid(-1.0)


def penalty(row: int, behind: Window | None) -> float:
    """−1 for a false alarm far from any window, nearer 0 just behind one."""
    return -1.0 if behind is None else sigmoid((row - behind.last) / (len(behind) - 1))


def best(corpus: Sequence[Scored], profile: Profile) -> Best:
    """The one threshold for the whole corpus that scores highest."""
    thresholds, totals = sweep(corpus, profile)
    at = int(np.argmax(totals))
    return Best(float(thresholds[at]), normalised(float(totals[at]), _windows(corpus), profile))


def score(corpus: Sequence[Scored], profile: Profile, threshold: float) -> float:
    """The corpus' score at a given threshold, on the 0 to 100 scale."""
    thresholds, totals = sweep(corpus, profile)
    passed = int(np.searchsorted(-thresholds, -threshold, side="right"))
    return normalised(float(totals[max(passed - 1, 0)]), _windows(corpus), profile)


def normalised(raw: float, windows: int, profile: Profile) -> float:
    """0 is the detector that never fires, 100 the one that hits the first row of every window."""
    null = -profile.fn * windows
    return 100.0 * (raw - null) / (profile.tp * windows - null)


def raw(detections: Sequence[int], rows: int, windows: Sequence[Window], profile: Profile) -> float:
    """One series' score, not normalised, for the rows (rising) at which a detector fired."""
    counted = [row for row in detections if row >= probation(rows)]
    caught = {
        window: min((row for row in counted if row in window), default=None) for window in windows
    }
    worth = sum(
        -profile.fn if row is None else profile.tp * reward(row, window)
        for window, row in caught.items()
    )
    false = (row for row in counted if not any(row in window for window in windows))
    return worth + sum(profile.fp * penalty(row, _behind(row, windows)) for row in false)


def _behind(row: int, windows: Sequence[Window]) -> Window | None:
    """The last window that ends before the row."""
    return next((each for each in reversed(windows) if each.last < row), None)


def sweep(corpus: Sequence[Scored], profile: Profile) -> tuple[Scores, Scores]:
    """Every threshold that makes a difference, falling from `NEVER`, and the raw score at each."""
    changes = [change for each in corpus for change in _changes(each, profile)]
    changes.sort(key=lambda change: -change[0])
    missed = -profile.fn * _windows(corpus)
    at = np.array([NEVER, *(score for score, _ in changes)])
    totals = np.cumsum([missed, *(by for _, by in changes)])
    last_of_each = np.append(at[1:] != at[:-1], True)
    return at[last_of_each], totals[last_of_each]


def _windows(corpus: Sequence[Scored]) -> int:
    return sum(len(each.windows) for each in corpus)


def _changes(series: Scored, profile: Profile) -> list[tuple[float, float]]:
    """How the raw score changes as the threshold falls to each row's score."""
    start = probation(len(series.scores))
    changes = []
    for window in series.windows:
        changes += _caught(series.scores, window, start, profile)
    gaps = [None, *series.windows, None]
    for behind, ahead in pairwise(gaps):
        first = start if behind is None else max(start, behind.last + 1)
        stop = len(series.scores) if ahead is None else ahead.first
        for row in range(first, stop):
            changes.append((float(series.scores[row]), profile.fp * penalty(row, behind)))
    return changes


def _caught(
    scores: Scores, window: Window, start: int, profile: Profile
) -> list[tuple[float, float]]:
    """The steps in which a window's part grows: the first detection, then each earlier one."""
    rows = range(max(start, window.first), window.last + 1)
    changes = []
    held = -profile.fn
    for row in sorted(rows, key=lambda row: (-scores[row], row)):
        worth = profile.tp * reward(row, window)
        if worth > held:
            changes.append((float(scores[row]), worth - held))
            held = worth
    return changes
