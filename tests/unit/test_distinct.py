"""Distinct counts: exact while few, within their bounds beyond, and merged by concatenation."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import distinct
from domain.chunks import RAW, chunk
from domain.distinct import LIST_LIMIT, REGISTERS

HASHES = st.lists(st.integers(0, 2**64 - 1), max_size=60)


def raw(hashes: object) -> bytes:
    """As SQL makes it: every hash, repeated ones too."""
    return chunk(RAW, np.array(hashes, np.uint64).astype(">u8").tobytes())


def random_hashes(count: int, seed: int = 0) -> distinct.Hashes:
    return np.random.default_rng(seed).integers(0, 2**64, count, np.uint64)


def test_nothing_counts_nothing() -> None:
    assert distinct.count([]) == distinct.count([b"", raw([])])
    assert distinct.count([]).value == 0
    assert distinct.compact(b"") == b""


@given(st.lists(HASHES, max_size=6))
def test_few_are_counted_exactly_however_they_are_spread(lists: list[list[int]]) -> None:
    union = len({each for hashes in lists for each in hashes})
    apart = distinct.count([raw(hashes) for hashes in lists])
    joined = distinct.count([b"".join(raw(hashes) for hashes in lists)])
    assert apart == joined
    assert (apart.value, apart.lower, apart.upper, apart.exact) == (union, union, union, True)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5_000), st.booleans()), min_size=1, max_size=4), st.randoms()
)
def test_compaction_and_concatenation_in_any_order_keep_the_count(
    parts: list[tuple[int, bool]], random: object
) -> None:
    sketches = []
    for number, (count, compacted) in enumerate(parts):
        hashes = random_hashes(count, number // 2)
        sketches.append(distinct.compact(raw(hashes)) if compacted else raw(hashes))
    joined = b"".join(sketches)
    compacted_whole = distinct.compact(joined)
    random.shuffle(sketches)  # type: ignore[attr-defined]
    once, again = distinct.compact(b"".join(sketches)), distinct.compact(compacted_whole)
    assert distinct.count([joined]) == distinct.count(sketches)
    assert compacted_whole == once == again
    if distinct.count([joined]).exact:
        assert distinct.count([compacted_whole]).value == pytest.approx(
            distinct.count([joined]).value, rel=0.03
        )
    else:
        assert distinct.count([compacted_whole]) == distinct.count([joined])


def test_a_compacted_sketch_takes_bounded_room() -> None:
    for count in (0, 1, LIST_LIMIT, LIST_LIMIT + 1, 100_000):
        assert len(distinct.compact(raw(random_hashes(count)))) <= REGISTERS + 5


@pytest.mark.parametrize("count", [1_000, 3_000, 10_000, 40_000])
def test_at_least_95_of_100_counts_are_within_2_percent(count: int) -> None:
    assert_bounds_hold(
        count, [[distinct.of_hashes(random_hashes(count, seed))] for seed in range(200)]
    )


def test_at_least_95_of_100_unions_are_within_2_percent() -> None:
    """A hundred thousand, and a million from ten of those at a time."""
    parts = [distinct.of_hashes(random_hashes(100_000, seed)) for seed in range(60)]
    assert_bounds_hold(100_000, [[part] for part in parts])
    assert_bounds_hold(1_000_000, [Random(seed).sample(parts, 10) for seed in range(100)])


def assert_bounds_hold(count: int, trials: list[list[bytes]]) -> None:
    found = [distinct.count(trial) for trial in trials]
    errors = np.array([abs(each.value - count) / count for each in found])
    assert np.mean(errors <= 0.02) >= 0.95
    assert max(errors) <= 0.04
    assert np.mean([each.lower <= count <= each.upper for each in found]) >= 0.90


def test_a_month_of_overlapping_days_is_counted_within_2_percent() -> None:
    everybody = random_hashes(200_000)
    generator = np.random.default_rng(1)
    days = [generator.choice(everybody, 20_000, replace=False) for _ in range(30)]
    found = distinct.count([distinct.of_hashes(day) for day in days])
    union = len(np.unique(np.concatenate(days)))
    assert found.value == pytest.approx(union, rel=0.02)


def test_extreme_hashes_are_counted() -> None:
    zero_tail, ones = 5 << 50, 2**64 - 1
    assert distinct.count([raw([0, zero_tail, ones])]).value == 3
    dense = distinct.compact(raw([*random_hashes(LIST_LIMIT), 0, zero_tail, ones]))
    assert distinct.count([dense]).value == pytest.approx(LIST_LIMIT + 3, rel=0.03)
