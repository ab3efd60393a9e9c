"""Figures of orders and products: revenue, orders, refunds, views, conversions."""

from decimal import Decimal

from domain.amounts import Amounts
from domain.exact import EXACT, exact_sum
from domain.figures import Figure, Kind, Tallies, needs, rate
from domain.questions import COUNT, USERS, Filter, MeasureKey, Warning
from domain.tallies import Source, Tally

REVERSALS = ("cancelled", "canceled", "refunded", "returned")
"""States of events that take an order or a part of it back; their value is negative."""

_STATUS = "status"
_VALUE = MeasureKey("sum", "value")
_GREATEST = MeasureKey("max", "value")
_QUANTITY = MeasureKey("sum", "quantity")
_COUNTED = (COUNT, MeasureKey("n", "orders"), MeasureKey("sum", "orders"))
_NOT_REVERSED = Filter(negated=Filter(dimension=_STATUS, isin=REVERSALS))

ORDERS = Source("order", ("currency", _STATUS))
CUSTOMERS = Source("order", condition=_NOT_REVERSED)
VIEWS = Source("page_view")
CARTS = Source("add_to_cart")


def gross(tallies: Tallies) -> Amounts:
    """What was sold."""
    return _sold(tallies).amounts("value")


def reversed_amounts(tallies: Tallies) -> Amounts:
    """What was taken back, at most 0: a reversal with a positive value takes nothing back."""
    return _reversed(tallies).amounts("value").each(lambda amount: min(amount, Decimal(0)))


def net(tallies: Tallies) -> Amounts:
    """What was sold less what was taken back."""
    return gross(tallies).plus(reversed_amounts(tallies))


def refunds(tallies: Tallies) -> Amounts:
    """What was taken back, as a positive amount."""
    return reversed_amounts(tallies).each(EXACT.minus)


def orders(tallies: Tallies) -> int:
    """How many orders were placed: an event without `orders` is one, a line has 1 or 0."""
    return _orders(_sold(tallies))


def average(tallies: Tallies) -> Amounts:
    """What was sold over the orders, currency by currency."""
    by_currency = _sold(tallies).by("currency")
    return gross(tallies).over({name: _orders(each) for name, each in by_currency.items()})


def units(tallies: Tallies) -> Decimal | None:
    """Items sold less those taken back; None where no event says how many."""
    sold, back = (each.total("quantity") for each in (_sold(tallies), _reversed(tallies)))
    if sold is None and back is None:
        return None
    return exact_sum((sold or Decimal(0), min(back or Decimal(0), Decimal(0))))


def conversions(tallies: Tallies) -> int:
    """How many orders, or lines of orders, hold what the row is about."""
    return _sold(tallies).count()


def _sold(tallies: Tallies) -> Tally:
    return tallies[ORDERS].without(_STATUS, *REVERSALS)


def _reversed(tallies: Tallies) -> Tally:
    return tallies[ORDERS].only(_STATUS, *REVERSALS)


def _orders(tally: Tally) -> int:
    return tally.count() - tally.having("orders") + int(tally.total("orders") or 0)


def _positive_reversals(tallies: Tallies) -> Warning | None:
    greatest = _reversed(tallies).greatest("value")
    if greatest is None or greatest <= 0:
        return None
    return Warning(
        "POSITIVE_REFUNDS",
        "Some refunds or cancellations have a positive value and lower nothing: send them negative.",
    )


_MONEY = needs(ORDERS, COUNT, _VALUE, _GREATEST)

_ORDER_FIGURES = {
    "revenue": Figure(
        "What was sold less refunds and cancellations.", "money", _MONEY, net, _positive_reversals
    ),
    "grossSales": Figure(
        "What was sold, before refunds and cancellations.",
        "money",
        needs(ORDERS, COUNT, _VALUE),
        gross,
    ),
    "refunds": Figure(
        "What refunds and cancellations took back.", "money", _MONEY, refunds, _positive_reversals
    ),
    "orders": Figure(
        "Orders placed; refunds and cancellations are none.",
        "whole",
        needs(ORDERS, *_COUNTED),
        orders,
    ),
    "reversals": Figure(
        "Refunds and cancellations.",
        "whole",
        needs(ORDERS, *_COUNTED),
        lambda found: _orders(_reversed(found)),
    ),
    "averageOrderValue": Figure(
        "What was sold over the orders placed.", "money", needs(ORDERS, _VALUE, *_COUNTED), average
    ),
    "units": Figure(
        "Items sold less those taken back; null where no event says how many.",
        "exact",
        needs(ORDERS, COUNT, _QUANTITY),
        units,
    ),
    "customers": Figure(
        "Distinct users who ordered; null in other.",
        "count",
        needs(CUSTOMERS, USERS),
        lambda found: found[CUSTOMERS].users(),
    ),
}

ORDER_KIND = Kind(
    name="Sales",
    description="Orders and what they brought.",
    figures=_ORDER_FIGURES,
    rank="revenue",
    dimensions=("collection", "country", "currency", "source", "status"),
)
"""Orders as a whole, and over time."""

_SHOP_FIGURES = {
    **_ORDER_FIGURES,
    "views": Figure(
        "Times it was shown to a visitor.",
        "whole",
        needs(VIEWS, COUNT),
        lambda found: found[VIEWS].count(),
    ),
    "carts": Figure(
        "Times it was put into a cart.",
        "whole",
        needs(CARTS, COUNT),
        lambda found: found[CARTS].count(),
    ),
    "conversions": Figure(
        "Orders, or lines of orders, that hold it.", "whole", needs(ORDERS, COUNT), conversions
    ),
    "conversionRate": Figure(
        "Conversions over views; null without views.",
        "number",
        {**needs(VIEWS, COUNT), **needs(ORDERS, COUNT)},
        lambda found: rate(conversions(found), found[VIEWS].count()),
    ),
}

PRODUCT_KIND = Kind(
    name="ProductSales",
    description="Orders of a product, and the views and carts that led to them.",
    figures=_SHOP_FIGURES,
    rank="revenue",
    dimensions=("product",),
    keyed=frozenset({VIEWS, CARTS}),
)
"""The shop window beside the till."""

COLLECTION_KIND = Kind(
    name="CollectionSales",
    description="Orders of a collection, and the views and carts that led to them.",
    figures=_SHOP_FIGURES,
    rank="revenue",
    dimensions=("collection",),
    keyed=frozenset({VIEWS, CARTS}),
)
