"""Columns and frames: adding up rows of groups, exactly, and keeping apart what cannot be added."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import distinct, quantiles
from domain.chunks import RAW, chunk
from domain.columns import ScanRow, column
from domain.frames import assemble
from domain.plan import RollupState, plan
from domain.questions import COUNT, ERRORS, USERS, Frame, MeasureKey, Read, Top
from tests.histories import CATALOGUE
from tests.unit.test_plan import sets

DECIMALS = st.decimals(
    min_value=Decimal("-999999999999999999.999999999999"),
    max_value=Decimal("999999999999999999.999999999999"),
    places=12,
)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
SUM = MeasureKey("sum", "value")
_EXACT = Context(prec=200)


def packed(values: Sequence[int], kind: str = ">i8") -> bytes:
    return np.array(values, kind).tobytes()


def counts(slots: Sequence[int], first: Sequence[int], second: Sequence[int]) -> ScanRow:
    return ScanRow((), False, packed(slots, ">i4"), packed(first), packed(second))


def numbers(slots: Sequence[int], values: Sequence[Sequence[Decimal]]) -> ScanRow:
    """A row of the numbers in each of its slots."""
    return ScanRow(
        (),
        False,
        packed(slots, ">i4"),
        packed([len(each) for each in values]),
        sums=[str(reduce(_EXACT.add, each)) for each in values],
        minima=[str(min(each)) for each in values],
        maxima=[str(max(each)) for each in values],
        sketches=[raw_values(each) for each in values],
    )


def raw_values(values: Sequence[Decimal]) -> bytes:
    return chunk(RAW, np.array([float(each) for each in values]).astype(">f8").tobytes())


def one_group(rows: Sequence[ScanRow]) -> list[tuple[str | None, ScanRow]]:
    return [(None, row) for row in rows]


def test_counts_add_up_by_bucket_and_empty_buckets_hold_zero() -> None:
    rows = one_group([counts([2, 0], [5, 1], [1, 0]), counts([2], [7], [7])])
    assert column(COUNT, rows, 4).values == [1, 0, 12, 0]
    assert column(ERRORS, rows, 4).values == [0, 0, 8, 0]
    assert column(COUNT, [], 2).values == [0, 0]


def test_of_nothing_there_is_no_number() -> None:
    for kind in ("sum", "min", "max", "avg"):
        assert column(MeasureKey(kind, "value"), [], 2).values == [None, None]  # type: ignore[arg-type]
    assert column(MeasureKey("quantile", "value", 0.5), [], 1).values == [None]
    assert column(USERS, [], 1).values == [0]


@given(st.lists(st.lists(DECIMALS, min_size=1, max_size=4), min_size=1, max_size=6))
def test_sums_and_extremes_are_exact_to_the_last_digit(groups: list[list[Decimal]]) -> None:
    rows = one_group([numbers([0], [group]) for group in groups])
    together = [value for group in groups for value in group]
    (total,) = column(SUM, rows, 1).values
    assert isinstance(total, Decimal)
    assert Fraction(total) == sum(map(Fraction, together))
    assert column(MeasureKey("min", "value"), rows, 1).values == [min(together)]
    assert column(MeasureKey("max", "value"), rows, 1).values == [max(together)]
    (average,) = column(MeasureKey("avg", "value"), rows, 1).values
    assert isinstance(average, float)
    truth = Fraction(total) / len(together)
    assert average == pytest.approx(float(truth), rel=1e-12, abs=1e-27)


@given(
    st.lists(
        st.lists(st.decimals(-100, 100, places=2), min_size=1, max_size=90), min_size=1, max_size=4
    ),
    st.sampled_from((0.0, 0.5, 0.99, 1.0)),
)
def test_quantiles_stay_between_the_extremes(groups: list[list[Decimal]], q: float) -> None:
    plain = numbers([0], [groups[0]])
    dense = [
        numbers([0], [group])._replace(sketches=[quantiles.compact(raw_values(group))])
        for group in groups[1:]
    ]
    together = sorted(value for group in groups for value in group)
    found = column(MeasureKey("quantile", "value", q), one_group([plain, *dense]), 1)
    assert found.estimates is not None
    (estimate,) = found.estimates
    assert estimate is not None
    assert float(together[0]) <= estimate.lower <= estimate.value <= estimate.upper
    assert estimate.upper <= float(together[-1])
    if q in (0.0, 1.0):
        assert estimate.value == float(together[0 if q == 0.0 else -1])
        assert estimate.exact


def test_users_of_several_groups_are_counted_once() -> None:
    def row(users: Sequence[int]) -> ScanRow:
        sketch = distinct.of_hashes(np.array(users, np.uint64))
        return counts([0], [1], [0])._replace(sketches=[sketch])

    found = column(USERS, one_group([row([1, 2, 3]), row([3, 4])]), 1)
    assert found.values == [4]


@pytest.mark.parametrize("kind", ["sum", "min", "max", "avg"])
def test_amounts_of_several_currencies_are_no_number(kind: str) -> None:
    rows = [
        ("EUR", numbers([0, 1], [[Decimal(1)], [Decimal(2)]])),
        ("USD", numbers([1, 2], [[Decimal(4)], [Decimal(8)]])),
        (None, numbers([3], [[Decimal(16)]])),
    ]
    found = column(MeasureKey(kind, "value"), rows, 4)  # type: ignore[arg-type]
    assert found.values == [1, None, 8, 16]
    assert found.currencies == {"EUR", "USD"}


def test_an_amount_without_a_currency_is_not_added_to_others() -> None:
    rows = [("EUR", numbers([0], [[Decimal(1)]])), (None, numbers([0], [[Decimal(2)]]))]
    found = column(SUM, rows, 1)
    assert found.values == [None]
    assert found.currencies == {"EUR", "no currency"}
    assert column(MeasureKey("n", "value"), rows, 1).values == [2]


def test_a_quantile_of_several_currencies_is_no_number_either() -> None:
    rows = [("EUR", numbers([0], [[Decimal(1)]])), ("USD", numbers([0], [[Decimal(2)]]))]
    assert column(MeasureKey("quantile", "value", 0.5), rows, 1).values == [None]


def framed(
    groups: dict[str | None, Decimal], *, top: Top | None = None, overflow: int = 0
) -> Frame:
    """The weights of sources, with so many more in events that have been folded."""
    measure = MeasureKey("sum", "weight")
    read = Read(
        "parcel",
        (NOON, NOON + timedelta(hours=1)),
        frozenset({COUNT, measure}),
        ("source",),
        top=top,
    )
    made = plan(0, read, CATALOGUE, RollupState(1, sets(), {}))
    nothing = (None,) * 4
    counted = [counts([0], [1], [0])._replace(key=(key, *nothing)) for key in groups]
    weighed = [
        numbers([0], [[weight]])._replace(key=(key, *nothing)) for key, weight in groups.items()
    ]
    if overflow:
        counted.append(counts([0], [overflow], [0])._replace(key=(None, *nothing), overflow=True))
    return assemble(made, [counted, weighed], as_of=NOON, tail=False)


def test_groups_are_ordered_by_exact_numbers_ties_by_key_and_null_last() -> None:
    close = Decimal("100000000000000000.000000000001")
    frame = framed(
        {"b": close, "a": Decimal(100000000000000000), None: close, "": close},
        top=Top(3, MeasureKey("sum", "weight")),
    )
    assert list(frame.groups) == [("",), ("b",), (None,)]
    least = framed(
        {"b": close, "a": Decimal(100000000000000000)},
        top=Top(1, MeasureKey("sum", "weight"), descending=False),
    )
    assert list(least.groups) == [("a",)]


def test_the_groups_left_out_are_together_in_other() -> None:
    huge = Decimal("999999999999999999.999999999999")
    frame = framed({"a": huge, "b": huge, "c": Decimal(1)}, top=Top(1, COUNT))
    assert list(frame.groups) == [("a",)]
    assert frame.other is not None
    assert frame.other.values[COUNT] == [2]
    assert frame.other.values[MeasureKey("sum", "weight")] == [
        Decimal("1000000000000000000.999999999999")
    ]
    assert frame.total_groups == 3


def test_without_a_top_all_groups_are_shown_and_nothing_is_other() -> None:
    frame = framed({"b": Decimal(1), None: Decimal(1), "": Decimal(2)})
    assert list(frame.groups) == [("",), ("b",), (None,)]
    assert frame.other is None
    assert not frame.warnings


def test_folded_groups_are_in_other_and_said() -> None:
    frame = framed({"a": Decimal(1)}, overflow=7)
    assert frame.other is not None
    assert frame.other.values[COUNT] == [7]
    assert frame.total_groups == 1
    assert [each.code for each in frame.warnings] == ["GROUPS_FOLDED"]
