"""The benchmark's scoring against numbers worked out by hand, and its two forms against each other."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import nab_corpus, nab_gaussian
from benchmarks.nab_score import (
    LOW_FN,
    LOW_FP,
    PROFILES,
    STANDARD,
    Profile,
    Scored,
    Window,
    best,
    normalised,
    penalty,
    probation,
    raw,
    reward,
    score,
    sigmoid,
)

WINDOW = Window(50, 59)


def fired(*rows: int) -> Scored:
    scores = np.zeros(100)
    scores[list(rows)] = 1.0
    return Scored(scores, [WINDOW])


def test_the_sigmoid_has_its_published_values() -> None:
    assert sigmoid(-1.0) == pytest.approx(0.98661, abs=1e-5)
    assert sigmoid(-0.5) == pytest.approx(0.84828, abs=1e-5)
    assert sigmoid(0.0) == 0.0
    assert sigmoid(1.0) == pytest.approx(-0.98661, abs=1e-5)
    assert sigmoid(3.0) == -1.0


def test_probation_is_15_percent_and_at_most_750_rows() -> None:
    assert probation(100) == 15
    assert probation(4_032) == 604
    assert probation(22_695) == 750


def test_the_first_row_of_a_window_is_worth_one_and_the_last_little() -> None:
    assert reward(50, WINDOW) == pytest.approx(1.0)
    assert reward(55, WINDOW) == pytest.approx(0.84828 / 0.98661, abs=1e-4)
    assert reward(59, WINDOW) == pytest.approx((2 / (1 + math.exp(-0.5)) - 1) / 0.98661, abs=1e-4)


def test_a_false_alarm_costs_less_just_behind_a_window() -> None:
    assert penalty(20, None) == -1.0
    assert penalty(60, WINDOW) == pytest.approx(2 / (1 + math.exp(5 / 9)) - 1)
    assert penalty(86, WINDOW) == -1.0


def test_only_the_earliest_detection_in_a_window_counts() -> None:
    once = raw([52], 100, [WINDOW], STANDARD)
    assert raw([52, 53, 58], 100, [WINDOW], STANDARD) == once
    assert raw([50, 52], 100, [WINDOW], STANDARD) == pytest.approx(1.0)


def test_every_false_alarm_costs_and_a_missed_window_too() -> None:
    assert raw([], 100, [WINDOW], STANDARD) == -1.0
    assert raw([20, 30], 100, [WINDOW], STANDARD) == pytest.approx(-1.22)
    assert raw([20, 30], 100, [WINDOW], LOW_FP) == pytest.approx(-1.44)
    assert raw([20, 30], 100, [WINDOW], LOW_FN) == pytest.approx(-2.22)


def test_rows_of_the_probation_count_for_nothing() -> None:
    assert raw([0, 14], 100, [WINDOW], STANDARD) == -1.0
    assert raw([15], 100, [WINDOW], STANDARD) == pytest.approx(-1.11)


def test_the_scale_runs_from_detecting_nothing_to_perfect() -> None:
    for profile in PROFILES:
        assert normalised(-profile.fn * 3, 3, profile) == 0.0
        assert normalised(3.0, 3, profile) == 100.0


def test_the_best_threshold_lets_the_useful_rows_through() -> None:
    scores = np.zeros(100)
    scores[50], scores[20], scores[21] = 0.9, 0.8, 0.7
    found = best([Scored(scores, [WINDOW])], STANDARD)
    assert found.threshold == 0.9
    assert found.score == pytest.approx(100.0)


def test_one_threshold_serves_the_whole_corpus() -> None:
    assert best([fired(50), fired()], STANDARD).score == pytest.approx(50.0)


@given(
    st.lists(st.integers(0, 9), min_size=60, max_size=120),
    st.sampled_from(PROFILES),
    st.integers(1, 9),
)
@settings(max_examples=150, deadline=None)
def test_sweeping_thresholds_equals_scoring_the_rows_at_each(
    levels: list[int], profile: Profile, threshold: int
) -> None:
    windows = [Window(20, 29), Window(40, 44)]
    scored = Scored(np.array(levels, dtype=float) / 10, windows)
    rows = [row for row, level in enumerate(levels) if level >= threshold]
    direct = normalised(raw(rows, len(levels), windows, profile), 2, profile)
    assert score([scored], profile, threshold / 10) == pytest.approx(direct)


def test_the_windowed_gaussian_gets_its_published_scores() -> None:
    if not nab_corpus.ARCHIVE.exists():
        pytest.skip(f"{nab_corpus.ARCHIVE} is absent")
    corpus = nab_corpus.read()
    scored = [Scored(nab_gaussian.scores(each.values), each.windows) for each in corpus]
    for profile in PROFILES:
        published = nab_gaussian.PUBLISHED[profile.name]
        assert best(scored, profile).score == pytest.approx(published, abs=0.1)
