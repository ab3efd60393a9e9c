"""Quantiles: exact while few, within 1 % of the true value beyond, and merged by concatenation."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import quantiles
from domain.chunks import RAW, chunk
from domain.quantiles import RAW_LIMIT, rank
from domain.questions import Estimate

RANKS = st.sampled_from((0.0, 0.001, 0.07, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 1.0)) | st.floats(
    0, 1
)
SIZES = st.sampled_from((0.0, 1.0, 1e-12, 5e-7, 0.1, 999.5, 1e9, 999_999_999_999_999_999.0))
VALUES = (
    SIZES
    | SIZES.map(lambda size: -size)
    | st.floats(-1e18, 1e18).filter(lambda value: value == 0 or abs(value) >= 1e-12)
).map(lambda value: value + 0.0)
"""Any size that an event's number may have; a decimal has no negative zero."""


def raw(values: object) -> bytes:
    return chunk(RAW, np.array(values, np.float64).astype(">f8").tobytes())


def true_quantile(values: list[float], q: float) -> float:
    return sorted(values)[max(1, math.ceil(Fraction(str(q)) * len(values))) - 1]


def assert_close(found: Estimate | None, truth: float) -> None:
    assert found is not None
    slack = 1e-9 * abs(truth)
    assert abs(found.value - truth) <= 0.01 * abs(truth)
    assert found.lower - slack <= truth <= found.upper + slack
    assert found.lower <= found.value <= found.upper
    assert not found.exact or found.value == truth


def test_nothing_has_no_quantile() -> None:
    assert quantiles.distribution([]).quantile(0.5) is None
    assert quantiles.distribution([b"", raw([])]).quantile(0.5) is None
    assert quantiles.compact(b"") == b""


@pytest.mark.parametrize(
    ("q", "count", "expected"),
    [
        (0, 5, 1),
        (1, 5, 5),
        (0.5, 4, 2),
        (0.5, 5, 3),
        (0.07, 100, 7),
        (0.55, 100, 55),
        (0.28, 25, 7),
    ],
)
def test_ranks_follow_the_quantile_as_it_is_written(q: float, count: int, expected: int) -> None:
    assert rank(q, count) == expected


@given(st.lists(VALUES, min_size=1, max_size=RAW_LIMIT), RANKS)
def test_few_values_are_exact(values: list[float], q: float) -> None:
    truth = true_quantile(values, q)
    for sketch in (raw(values), quantiles.compact(raw(values))):
        assert quantiles.distribution([sketch]).quantile(q) == Estimate(truth, truth, truth, True)


@settings(deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=300), RANKS)
def test_histograms_are_within_1_percent_of_any_values(values: list[float], q: float) -> None:
    padded = values + [7.0] * (RAW_LIMIT + 1)
    histogram = quantiles.compact(raw(padded))
    assert_close(quantiles.distribution([histogram]).quantile(q), true_quantile(padded, q))


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.lists(VALUES, max_size=150), st.booleans()), min_size=1, max_size=5),
    RANKS,
)
def test_compaction_and_concatenation_keep_the_distribution(
    parts: list[tuple[list[float], bool]], q: float
) -> None:
    sketches = [quantiles.compact(raw(each)) if dense else raw(each) for each, dense in parts]
    values = [value for each, _ in parts for value in each]
    joined = b"".join(sketches)
    apart = quantiles.distribution(sketches).quantile(q)
    assert apart == quantiles.distribution([joined]).quantile(q)
    once = quantiles.compact(joined)
    assert quantiles.compact(once) == once
    assert quantiles.distribution([once]).counts is not None or len(values) <= RAW_LIMIT
    if values:
        assert_close(apart, true_quantile(values, q))
        assert_close(quantiles.distribution([once]).quantile(q), true_quantile(values, q))


@pytest.mark.parametrize("sign", [1, -1])
def test_bins_hold_every_size_that_events_may_have(sign: int) -> None:
    values = [sign * 10.0**power for power in range(-12, 18) for _ in range(9)]
    histogram = quantiles.distribution([quantiles.compact(raw(values))])
    for q in np.linspace(0, 1, 61).tolist():
        assert_close(histogram.quantile(q), true_quantile(values, q))


def test_a_long_tail_is_within_1_percent_at_every_percentile() -> None:
    values = np.random.default_rng(4).lognormal(3, 2, 200_000)
    parts = [quantiles.compact(raw(part)) for part in np.array_split(values, 40)]
    merged = quantiles.distribution([quantiles.compact(b"".join(parts))])
    for q in (0.0001, 0.01, 0.5, 0.9, 0.99, 0.9999):
        found = merged.quantile(q)
        assert found is not None
        truth = float(np.quantile(values, q, method="inverted_cdf"))
        assert found.value == pytest.approx(truth, rel=0.01)
