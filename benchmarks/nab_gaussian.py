"""The benchmark's windowed Gaussian detector, from its definition: the check of our scoring.

A row's score is one minus the tail probability of its value under a normal distribution with the mean and
deviation of the window before it. The window grows to 6,400 rows, then moves on in steps of 100. Scores
have twelve digits, as the benchmark's own result files do: with all sixteen a threshold could tell rows
apart that were equal when the published scores were found (40.1 instead of 39.6).
"""

import math

import numpy as np
from numpy.typing import NDArray

WINDOW = 6_400
STEP = 100
DIGITS = 12

PUBLISHED = {"standard": 39.6, "reward_low_FP_rate": 20.9, "reward_low_FN_rate": 47.4}
"""The benchmark's own scores of this detector."""


def scores(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A score in [0.5, 1] per row; the first row's is 0."""
    found = np.zeros(len(values))
    for row in range(1, len(values)):
        first, stop = _window(row)
        mean, deviation = _normal(values, first, stop)
        tail = 0.5 * math.erfc(abs(values[row] - mean) / deviation / math.sqrt(2))
        found[row] = round(1.0 - tail, DIGITS)
    return found


def _window(row: int) -> tuple[int, int]:
    """The rows that describe what is normal at `row`: from the first to before the second."""
    moved = max(0, row - WINDOW) // STEP * STEP
    return moved, min(row, moved + WINDOW)


def _normal(values: NDArray[np.float64], first: int, stop: int) -> tuple[float, float]:
    part = values[first:stop]
    return float(part.mean()), float(part.std()) or 1e-6
