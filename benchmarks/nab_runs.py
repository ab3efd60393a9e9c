"""The product's detector over the corpus, and which alarms it raises at any threshold.

A threshold only decides which points are alarms; scores do not depend on it. So one pass over the corpus is
enough to find the alarms at every threshold, by the detector's own rule, for which points below the
threshold make no difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import process_time

import numpy as np
from numpy.typing import NDArray

from benchmarks.nab_corpus import Series
from benchmarks.nab_score import Profile, normalised, raw
from domain.anomaly import Detector
from domain.anomaly_alarms import Alarms

GRID = np.round(np.arange(0.36, 0.7401, 0.004), 3)
"""The thresholds among which the best is looked for."""


@dataclass(frozen=True, slots=True)
class Run:
    """One series with the detector's score per point and the rows of its alarms at the default threshold."""

    series: Series
    scores: NDArray[np.float64]
    alarms: Sequence[int]


@dataclass(frozen=True, slots=True)
class Tuned:
    """The threshold that scores highest, and that score."""

    threshold: float
    score: float


def run(corpus: Sequence[Series], detector: Detector) -> tuple[list[Run], float]:
    """Every series judged, and how many points a second of processor time that took."""
    ready = [(each, _points(each)) for each in corpus]
    begun = process_time()
    judged = [detector.run(detector.start(), points)[1] for _, points in ready]
    seconds = process_time() - begun
    runs = [
        Run(
            series,
            np.array([verdict.score for verdict in verdicts]),
            [row for row, verdict in enumerate(verdicts) if verdict.is_anomaly],
        )
        for (series, _), verdicts in zip(ready, judged, strict=True)
    ]
    return runs, sum(len(points) for _, points in ready) / seconds


def alarms(run: Run, detector: Detector, threshold: float) -> list[int]:
    """The rows at which the detector would raise an alarm at another threshold."""
    own = replace(detector, threshold=threshold)
    remembered = Alarms(0, 0, 0.0, 0.0)
    found: list[int] = []
    seen = -1
    for row in np.flatnonzero(run.scores >= threshold).tolist():
        if row >= own.warmup:
            remembered.wait(row - seen)
            seen = row
            if own.raises(remembered, float(run.scores[row])):
                found.append(row)
    return found


def score(fired: Sequence[tuple[Run, Sequence[int]]], profile: Profile) -> float:
    """The score of some series together, 0 for none detected to 100 for perfect."""
    total = sum(raw(rows, len(run.scores), run.series.windows, profile) for run, rows in fired)
    return normalised(total, sum(len(run.series.windows) for run, _ in fired), profile)


def by_default(runs: Sequence[Run], profile: Profile) -> float:
    """The score of the alarms that the detector really raised."""
    return score([(run, run.alarms) for run in runs], profile)


def at(runs: Sequence[Run], detector: Detector, profile: Profile, threshold: float) -> float:
    """The score with another threshold."""
    return score([(run, alarms(run, detector, threshold)) for run in runs], profile)


def tuned(runs: Sequence[Run], detector: Detector, profile: Profile) -> Tuned:
    """The best single threshold for all of these series."""
    tried = [Tuned(float(each), at(runs, detector, profile, float(each))) for each in GRID]
    return max(tried, key=lambda each: each.score)


def _points(series: Series) -> list[tuple[datetime, float | None]]:
    moments = (datetime.fromtimestamp(at, UTC) for at in series.at.tolist())
    return list(zip(moments, series.values.tolist(), strict=True))
