"""Which groups are large enough to be shown, over all sizes that hypothesis thinks of."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from domain.small_groups import large_enough

SIZES = st.dictionaries(st.integers(0, 99), st.integers(1, 40), max_size=12)


@given(SIZES, st.integers(0, 12), st.integers(1, 30))
def test_neither_a_shown_group_nor_the_rest_is_too_small(
    sizes: dict[int, int], first: int, smallest: int
) -> None:
    def size(keys: Iterable[int]) -> int:
        return sum(sizes[key] for key in keys)

    ranked = sorted(sizes, key=lambda key: -sizes[key])
    shown, rest = ranked[:first], ranked[first:]
    kept = large_enough(shown, rest, size, smallest)
    assert kept == [key for key in shown if key in set(kept)]
    assert all(sizes[key] >= smallest for key in kept)
    left = [key for key in ranked if key not in set(kept)]
    assert not left or not kept or size(left) >= smallest
    if all(each >= smallest for each in sizes.values()):
        assert kept == shown


def test_a_group_that_alone_would_be_the_rest_takes_the_next_with_it() -> None:
    sizes = {"a": 50, "b": 20, "c": 12, "d": 2}
    kept = large_enough(list(sizes), [], lambda keys: sum(sizes[key] for key in keys), 10)
    assert kept == ["a", "b"]
