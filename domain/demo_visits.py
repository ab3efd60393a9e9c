"""Visits to the demo's shop: pages, clicks, requests, and for some a cart, a checkout and an order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from domain.demo_shop import COUNTRIES, COUNTRY_WEIGHTS, PRODUCT_WEIGHTS, PRODUCTS, Product
from domain.demo_weather import Day
from domain.event_wire import Wire

_CENT = Decimal("0.01")
_SHOP, _API = "demo-shop", "demo-api"
_ORDER_STATES = ("completed", "completed", "completed", "completed", "pending")
_SENT_BACK = 0.08


@dataclass(frozen=True, slots=True)
class _Visit:
    """Who visits, from where, in which session."""

    user: str | None
    device: str
    session: str
    country: str
    currency: str
    rate: Decimal


def visits(day: Day, count: int) -> Iterator[Wire]:
    """The events of so many visits."""
    for number in range(count):
        yield from _visit(day, _visitor(day, number))


def _visitor(day: Day, number: int) -> _Visit:
    user = day.user()
    country, currency, rate = day.random.choices(COUNTRIES, COUNTRY_WEIGHTS)[0]
    known = day.random.random() < 0.7
    return _Visit(
        user=f"demo-user-{user}" if known else None,
        device=f"demo-device-{user}",
        session=f"demo-session-{day.start:%Y%m%d}-{number}",
        country=country,
        currency=currency,
        rate=rate,
    )


def _visit(day: Day, visit: _Visit) -> Iterator[Wire]:
    moment = day.moment()
    yield from _page(day, visit, moment, "/", None)
    seen: list[Product] = []
    while day.random.random() < 0.62 and len(seen) < 6:
        moment = day.later(moment, 40)
        seen.append(day.random.choices(PRODUCTS, PRODUCT_WEIGHTS)[0])
        yield from _page(day, visit, moment, f"/products/{seen[-1].code}", seen[-1])
        yield _click(day, visit, day.later(moment, 8), f"/products/{seen[-1].code}", "photo")
    if seen and day.random.random() < 0.34:
        yield from _funnel(day, visit, day.later(moment, 20), seen)


def _funnel(day: Day, visit: _Visit, moment: datetime, seen: list[Product]) -> Iterator[Wire]:
    yield _click(day, visit, moment, f"/products/{seen[-1].code}", "add-to-cart")
    at = {"country": visit.country}
    yield _wire(visit, "add_to_cart", _SHOP, moment, {**_named(seen[-1]), **at, "quantity": 1})
    moment = day.later(moment, 3)
    yield from _page(day, visit, moment, "/cart", None)
    if day.random.random() < 0.55:
        moment = day.later(moment, 45)
        yield _click(day, visit, moment, "/cart", "checkout")
        yield _wire(visit, "checkout_start", _SHOP, moment, at)
        moment = day.later(moment, 3)
        yield from _page(day, visit, moment, "/checkout", None)
        if day.random.random() < 0.62:
            yield from _bought(day, visit, day.later(moment, 90), seen[-1])


def _bought(day: Day, visit: _Visit, moment: datetime, product: Product) -> Iterator[Wire]:
    yield _request(day, visit, moment, "/orders", "POST", 180)
    quantity = 1 + int(day.random.expovariate(1.4))
    price = (product.price * visit.rate * quantity).quantize(_CENT, ROUND_HALF_UP)
    status = day.random.choice(_ORDER_STATES)
    sold: dict[str, Any] = {
        "product": product.code,
        "collection": product.collection,
        "country": visit.country,
        "quantity": quantity,
    }
    for kind, source, extra in (
        ("purchase", _SHOP, {}),
        ("order", "demo-orders", {"status": status}),
    ):
        wire = _wire(visit, kind, source, moment, {**sold, **extra})
        wire.value, wire.currency = price, visit.currency
        yield wire
    if day.random.random() < _SENT_BACK:
        back = {**sold, "status": "refunded", "quantity": -quantity}
        wire = _wire(visit, "order", "demo-orders", day.later(moment, 7_200), back)
        wire.value, wire.currency = -price, visit.currency
        yield wire


def stocktaking(day: Day, count: int) -> Iterator[Wire]:
    """So many counts of products at most, in the morning and in the evening."""
    for number, product in enumerate((*PRODUCTS, *PRODUCTS)[:count]):
        evening, place = divmod(number, len(PRODUCTS))
        stock = 20 + (day.start.toordinal() * 37 + place * 53) % 180 - 15 * evening
        yield Wire(
            type="inventory",
            occurred_at=day.start + timedelta(hours=6 + 13 * evening, minutes=place),
            source="demo-warehouse",
            properties={"demo": True, **_named(product), "stock": stock},
        )


def _named(product: Product | None) -> dict[str, Any]:
    return {} if product is None else {"product": product.code, "collection": product.collection}


def _page(
    day: Day, visit: _Visit, moment: datetime, path: str, product: Product | None
) -> Iterator[Wire]:
    shown = _named(product)
    view = _wire(
        visit, "page_view", _SHOP, moment, {"path": path, "country": visit.country, **shown}
    )
    view.duration_ms = day.duration(900, 0.6)
    yield view
    yield _request(day, visit, moment, "/session", "GET", 25)
    endpoint = "/products" if product is None else "/products/{code}"
    yield _request(day, visit, day.later(moment, 1), endpoint, "GET", 60)


def _click(day: Day, visit: _Visit, moment: datetime, path: str, element: str) -> Wire:
    return _wire(visit, "click", _SHOP, moment, {"path": path, "element": element})


def _request(
    day: Day, visit: _Visit, moment: datetime, endpoint: str, method: str, median: float
) -> Wire:
    wire = _wire(visit, "api_request", _API, moment, {"endpoint": endpoint, "method": method})
    failed = day.fails("api", moment, 0.004)
    wire.status_code = day.random.choice((500, 502, 503)) if failed else _status(day, method)
    wire.duration_ms = day.duration(median * (8 if failed else 1), 0.7)
    wire.error_message = "upstream timed out" if failed else None
    return wire


def _status(day: Day, method: str) -> int:
    if day.random.random() < 0.015:
        return 404 if method == "GET" else 422
    return 200 if method == "GET" else 201


def _wire(
    visit: _Visit, kind: str, source: str, moment: datetime, properties: dict[str, Any]
) -> Wire:
    return Wire(
        type=kind,
        occurred_at=moment,
        source=source,
        user_id=visit.user,
        device_id=visit.device,
        session_id=visit.session,
        properties={"demo": True, **properties},
    )
