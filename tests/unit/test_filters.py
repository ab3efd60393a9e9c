from itertools import product

import pytest

from domain.builtin import BUILTIN
from domain.catalogue import catalogue_of
from domain.errors import InvalidInput, OverLimit
from domain.filters import matches, validated
from domain.questions import Filter

ORDER = catalogue_of(BUILTIN).event_type("order")
GERMANY = Filter(dimension="country", isin=("DE",))
PAID = Filter(dimension="status", isin=("paid",))


def nested(levels: int) -> Filter:
    found = GERMANY
    for _ in range(levels - 1):
        found = Filter(negated=found)
    return found


def test_keeps_a_good_filter_and_takes_repeats_out() -> None:
    good = Filter(all_of=(GERMANY, Filter(any_of=(PAID, Filter(negated=PAID)))))
    assert validated(good, ORDER) == good
    repeated = Filter(dimension="country", isin=("DE", None, "DE"))
    assert validated(repeated, ORDER).isin == ("DE", None)


def test_an_unknown_dimension_is_named_with_the_valid_ones_however_deep() -> None:
    with pytest.raises(InvalidInput, match=r"'planet'.*country") as raised:
        validated(
            Filter(all_of=(GERMANY, Filter(negated=Filter(dimension="planet", isin=("x",))))), ORDER
        )
    assert (raised.value.code, raised.value.field) == ("UNKNOWN_DIMENSION", "filter")


@pytest.mark.parametrize(
    "broken",
    [
        Filter(),
        Filter(isin=("DE",)),
        Filter(dimension="country"),
        Filter(dimension="country", isin=("DE",), negated=PAID),
        Filter(all_of=(GERMANY,), any_of=(PAID,)),
        Filter(negated=GERMANY, isin=("x",)),
        Filter(dimension="country", isin=("x" * 501,)),
        Filter(dimension="country", isin=("a\0b",)),
        Filter(dimension="country", isin=("\ud800",)),
        Filter(any_of=(GERMANY, Filter())),
    ],
)
def test_a_condition_without_exactly_one_good_form_is_refused(broken: Filter) -> None:
    with pytest.raises(InvalidInput) as raised:
        validated(broken, ORDER, "input.filter")
    assert (raised.value.code, raised.value.field) == ("INVALID_FILTER", "input.filter")


def test_the_largest_filter_is_taken_and_one_more_is_not() -> None:
    values = tuple(str(number) for number in range(1_001))
    for largest, over in (
        (nested(10), nested(11)),
        (Filter(any_of=(GERMANY,) * 100), Filter(any_of=(GERMANY,) * 101)),
        (Filter(dimension="country", isin=values[:-1]), Filter(dimension="country", isin=values)),
    ):
        assert validated(largest, ORDER) == largest
        with pytest.raises(OverLimit) as raised:
            validated(over, ORDER)
        assert raised.value.code == "FILTER_TOO_LARGE"


def test_a_filter_of_absurd_depth_is_refused_before_it_is_walked() -> None:
    with pytest.raises(OverLimit):
        validated(nested(5_000), ORDER)


@pytest.mark.parametrize(
    ("country", "status"), list(product(("DE", "FR", None), ("paid", "", None)))
)
def test_and_or_not_mean_what_they_mean_in_python(country: str | None, status: str | None) -> None:
    event = {"country": country, "status": status}
    in_germany, is_paid = country == "DE", status == "paid"
    assert matches(GERMANY, event) is in_germany
    assert matches(Filter(negated=GERMANY), event) is not in_germany
    assert matches(Filter(all_of=(GERMANY, PAID)), event) is (in_germany and is_paid)
    assert matches(Filter(any_of=(GERMANY, PAID)), event) is (in_germany or is_paid)


def test_an_absent_attribute_is_null_and_an_empty_one_is_not() -> None:
    null = Filter(dimension="country", isin=(None,))
    assert matches(null, {})
    assert not matches(null, {"country": ""})
