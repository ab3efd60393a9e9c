"""Amounts of money: added within a currency, never across, and unknown where there are none."""

from decimal import Decimal
from random import Random

import pytest

from domain.amounts import Amounts, Money, added


def test_one_currency_has_a_total_and_several_or_none_have_not() -> None:
    assert Amounts({"EUR": Decimal("1.10")}).total == Money(Decimal("1.10"), "EUR")
    assert Amounts({None: Decimal(3)}).total == Money(Decimal(3), None)
    assert Amounts({"EUR": Decimal(1), "USD": Decimal(1)}).total is None
    assert Amounts().total is None


def test_amounts_without_a_currency_are_a_currency_of_their_own_and_listed_last() -> None:
    amounts = Amounts({None: Decimal(1), "USD": Decimal(2), "EUR": Decimal(3)})
    assert [each.currency for each in amounts.listed] == ["EUR", "USD", None]
    assert amounts.mixed == ("EUR", "USD", "(no currency)")
    assert Amounts({"EUR": Decimal(1)}).mixed == ()


def test_adding_is_exact_and_the_same_in_any_order() -> None:
    random = Random(3)
    parts = [
        Amounts({random.choice(("EUR", "JPY", None)): Decimal(number).scaleb(-6)})
        for number in (random.randrange(-(10**18), 10**18) for _ in range(500))
    ]
    expected: dict[str | None, int] = {}
    for part in parts:
        for currency, amount in part.by_currency.items():
            expected[currency] = expected.get(currency, 0) + int(amount.scaleb(6))
    for _ in range(3):
        random.shuffle(parts)
        found = added(parts).by_currency
        assert {currency: int(amount.scaleb(6)) for currency, amount in found.items()} == expected


def test_a_mean_is_of_its_own_currency_and_left_out_without_a_count() -> None:
    amounts = Amounts({"EUR": Decimal(10), "USD": Decimal(5), "JPY": Decimal(7)})
    means = amounts.over({"EUR": 3, "USD": 0})
    assert means.by_currency == {"EUR": Decimal("3.333333")}


def test_sums_and_means_of_the_largest_amounts_keep_every_digit() -> None:
    largest = Decimal("999999999999999999.999999999999")
    total = added([Amounts({"EUR": largest})] * 1_000)
    assert total.by_currency == {"EUR": Decimal("999999999999999999999.999999999")}
    assert total.over({"EUR": 8}).by_currency == {"EUR": Decimal("125000000000000000000.000000")}


@pytest.mark.parametrize(("amount", "mean"), [("0.000001", "0.000000"), ("0.000003", "0.000002")])
def test_a_mean_is_rounded_half_to_even_at_six_decimals(amount: str, mean: str) -> None:
    assert Amounts({"EUR": Decimal(amount)}).over({"EUR": 2}).by_currency == {"EUR": Decimal(mean)}
