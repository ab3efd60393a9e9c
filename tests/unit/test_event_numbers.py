from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.event_numbers import exact, plain, storable, why_not_storable

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**17), max_value=10**17)


@given(DECIMALS)
def test_a_plain_spelling_is_exactly_the_number(number: Decimal) -> None:
    spelled = plain(number)
    assert spelled is not None and Decimal(spelled) == number and "E" not in spelled


@given(st.integers(-(10**17), 10**17), st.integers(0, 12))
def test_equal_numbers_have_one_spelling(digits: int, decimals: int) -> None:
    number = Decimal(digits).scaleb(-decimals)
    padded = Decimal(f"{number:f}" + ("0000" if decimals else ".000"))
    assert plain(padded) == plain(number)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("0", "0"),
        ("-0.0", "0"),
        ("0E-20", "0"),
        ("1E+3", "1000"),
        ("1.50", "1.5"),
        ("1e-12", "0.000000000001"),
        ("999999999999999999.999999999999", "999999999999999999.999999999999"),
        ("-999999999999999999", "-999999999999999999"),
    ],
)
def test_numbers_within_the_limits_are_kept(text: str, spelled: str) -> None:
    assert storable(Decimal(text)) == spelled


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("NaN", "NOT_FINITE"),
        ("sNaN", "NOT_FINITE"),
        ("-Infinity", "NOT_FINITE"),
        ("1E+18", "OUT_OF_RANGE"),
        ("1E+999999", "OUT_OF_RANGE"),
        ("1E-999999", "OUT_OF_RANGE"),
        ("12345678901234567890.123456789012", "OUT_OF_RANGE"),
        ("0.0000000000001", "OUT_OF_RANGE"),
        ("999999999999999999.9999999999999", "OUT_OF_RANGE"),
    ],
)
def test_numbers_beyond_the_limits_are_turned_away_with_a_reason(text: str, code: str) -> None:
    assert storable(Decimal(text)) is None
    assert why_not_storable(Decimal(text))[0] == code


def test_a_number_with_many_digits_before_the_point_is_not_blamed_for_its_decimals() -> None:
    assert "1e18" in why_not_storable(Decimal("12345678901234567890.5"))[1]
    assert "decimals" in why_not_storable(Decimal("999999999999999999.9999999999999"))[1]


def test_json_numbers_are_read_by_value() -> None:
    assert exact("1.0") == 1 and isinstance(exact("1.0"), int)
    assert str(exact("0.10")) == "0.1"
    with pytest.raises(ValueError, match="1,000 digits"):
        exact("1e5000")
