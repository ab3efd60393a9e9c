from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fill import Fill, fill_column, kept
from domain.questions import Value

COLUMN: list[Value] = [0, 4, 0, 0, 10, 0]
FULL = [False, True, False, False, True, False]


@pytest.mark.parametrize(
    ("fill", "expected"),
    [
        (Fill.NONE, [4, 10]),
        (Fill.NULL, [None, 4, None, None, 10, None]),
        (Fill.ZERO, [0, 4, 0, 0, 10, 0]),
        (Fill.PREVIOUS, [None, 4, 4, 4, 10, 10]),
        (Fill.LINEAR, [None, 4, 6, 8, 10, None]),
    ],
)
def test_empty_buckets_are_filled(fill: Fill, expected: list[Value]) -> None:
    assert fill_column(COLUMN, fill, FULL) == pytest.approx(expected)


@pytest.mark.parametrize("fill", [Fill.NULL, Fill.ZERO, Fill.PREVIOUS, Fill.LINEAR])
def test_unknown_is_not_empty_and_stays(fill: Fill) -> None:
    assert fill_column([1, None, 3], fill, [True, True, True]) == [1, None, 3]


def test_what_is_unknown_is_neither_repeated_nor_joined_to() -> None:
    column: list[Value] = [2.0, None, None, 8.0]
    full = [True, True, False, True]
    assert fill_column(column, Fill.PREVIOUS, full) == [2.0, None, 2.0, 8.0]
    assert fill_column(column, Fill.LINEAR, full) == [2.0, None, 6.0, 8.0]


def test_money_stays_exact_on_a_line() -> None:
    column: list[Value] = [Decimal("0.10"), None, Decimal("0.30")]
    assert fill_column(column, Fill.LINEAR, [True, False, True])[1] == Decimal("0.20")


def test_none_leaves_the_same_rows_out_of_every_column() -> None:
    assert kept("abcdef", Fill.NONE, FULL) == ["b", "e"]
    assert kept("abcdef", Fill.NULL, FULL) == list("abcdef")


@given(
    rows=st.lists(st.tuples(st.none() | st.integers(-99, 99), st.booleans())),
    fill=st.sampled_from([Fill.NULL, Fill.ZERO, Fill.PREVIOUS, Fill.LINEAR]),
)
def test_buckets_with_data_never_change_and_nothing_leaves_the_known_span(
    rows: list[tuple[Value, bool]], fill: Fill
) -> None:
    values, full = [value for value, _ in rows], [has for _, has in rows]
    filled = fill_column(values, fill, full)
    known = [0, *(value for value, has in rows if has and value is not None)]
    assert len(filled) == len(values)
    for before, after, has in zip(values, filled, full, strict=True):
        assert after == before if has else after is None or min(known) <= after <= max(known)
