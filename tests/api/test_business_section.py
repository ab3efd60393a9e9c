"""The business section over HTTP, against a brute-force count of the same events."""

from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from db.retention import drop_raw
from db.rollups import roll_all
from tests.api.conftest import Api
from tests.api.demo_events import RANGE, Sent, demo_events, grouped, on_day
from tests.api.plain_money import amounts, by_property, own_statements, shown_amounts
from tests.reference import instant

TYPES = ("order", "page_view", "add_to_cart", "checkout_start")
TAKEN_BACK = {"refunded", "cancelled"}
FIGURES = """revenue { total { amount currency } byCurrency { amount currency } }
    grossSales { byCurrency { amount currency } } refunds { byCurrency { amount currency } }
    averageOrderValue { byCurrency { amount currency } }
    orders reversals units customers"""


@cache
def shop_events() -> list[Sent]:
    """What happened in the shop in three days."""
    return [each for each in demo_events(3, 12_000) if each["type"] in TYPES]


def taken_back(event: Sent) -> bool:
    return event["properties"].get("status") in TAKEN_BACK


def check_orders(found: dict[str, Any], events: list[Sent]) -> None:
    sold = [each for each in events if not taken_back(each)]
    back = [each for each in events if taken_back(each)]
    assert shown_amounts(found["revenue"]) == amounts(events)
    assert shown_amounts(found["grossSales"]) == amounts(sold)
    assert shown_amounts(found["refunds"]) == [(name, -amount) for name, amount in amounts(back)]
    assert found["orders"] == len(sold)
    assert found["reversals"] == len(back)
    units = [e["properties"]["quantity"] for e in events]
    assert found["units"] == (str(sum(units)) if units else None)
    assert found["customers"] == len({e["userId"] for e in sold if e.get("userId")})
    counts = {name: len(held) for name, held in grouped(sold, lambda e: e["currency"]).items()}
    means = [(name, pytest.approx(amount / counts[name])) for name, amount in amounts(sold)]
    assert shown_amounts(found["averageOrderValue"]) == means


async def test_the_overview_agrees_with_the_events(demo: Api) -> None:
    answered = await demo.ask(
        f"""{{ business(range: {RANGE}, compareTo: {{}}) {{
          overview {{ {FIGURES} previous {{ {FIGURES} }} change {{ orders revenue }} }}
          meta {{ warnings {{ code }} }} }} }}"""
    )
    found = answered.data["business"]
    today, before = (on_day(shop_events(), day, "order") for day in (9, 8))
    check_orders(found["overview"], today)
    check_orders(found["overview"]["previous"], before)
    assert found["overview"]["revenue"]["total"] is None
    assert {each["code"] for each in found["meta"]["warnings"]} == {"MIXED_CURRENCIES"}
    assert found["overview"]["change"]["revenue"] is None
    sold = [sum(not taken_back(each) for each in events) for events in (today, before)]
    assert found["overview"]["change"]["orders"] == pytest.approx(sold[0] / sold[1])


async def test_one_currency_has_a_total_and_a_change(demo: Api) -> None:
    answered = await demo.ask(
        f"""{{ business(range: {RANGE}, compareTo: {{}}, filter: {{ dimension: "currency", eq: "USD" }}) {{
          overview {{ revenue {{ total {{ amount currency }} }} change {{ revenue }} }}
          meta {{ warnings {{ code }} }} }} }}"""
    )
    found = answered.data["business"]["overview"]
    now, before = (
        sum(
            Decimal(str(each["value"]))
            for each in on_day(shop_events(), day, "order")
            if each["currency"] == "USD"
        )
        for day in (9, 8)
    )
    assert Decimal(found["revenue"]["total"]["amount"]) == now
    assert found["revenue"]["total"]["currency"] == "USD"
    assert found["change"]["revenue"] == pytest.approx(float(now / before))
    assert answered.data["business"]["meta"]["warnings"] == []


async def test_the_breakdown_agrees_and_other_is_what_is_left(demo: Api) -> None:
    answered = await demo.ask(
        f"""{{ business(range: {RANGE}) {{
          breakdown(dimension: "country", first: 2, orderBy: "orders") {{
            rows {{ key {FIGURES} }} other {{ orders units revenue {{ byCurrency {{ amount currency }} }} }}
            totalGroups }} }} }}"""
    )
    found = answered.data["business"]["breakdown"]
    by_country = grouped(on_day(shop_events(), 9, "order"), lambda e: e["properties"]["country"])
    assert found["totalGroups"] == len(by_country)
    counts = {name: sum(not taken_back(each) for each in held) for name, held in by_country.items()}
    shown = [row["key"] for row in found["rows"]]
    assert [counts[name] for name in shown] == sorted(counts.values(), reverse=True)[:2]
    for row in found["rows"]:
        check_orders(row, by_country[row["key"]])
    rest = [each for name, held in by_country.items() if name not in shown for each in held]
    assert found["other"]["orders"] == sum(not taken_back(each) for each in rest)
    assert shown_amounts(found["other"]["revenue"]) == amounts(rest)


async def test_products_and_collections_show_views_and_conversions(demo: Api) -> None:
    row = "key views carts conversions conversionRate units revenue { byCurrency { amount currency } }"
    answered = await demo.ask(
        f"""{{ business(range: {RANGE}) {{
          products(first: 100) {{ rows {{ {row} }} other {{ units }} totalGroups }}
          collections {{ rows {{ {row} }} }} }} }}"""
    )
    for field, dimension in (("products", "product"), ("collections", "collection")):
        rows = {each["key"]: each for each in answered.data["business"][field]["rows"]}
        held = {
            kind: by_property(on_day(shop_events(), 9, kind), dimension)
            for kind in ("order", "page_view", "add_to_cart")
        }
        assert set(rows) == set().union(*held.values()) - {None}
        for key, found in rows.items():
            orders, views = held["order"].get(key, []), held["page_view"].get(key, [])
            sold = [each for each in orders if not taken_back(each)]
            assert (found["views"], found["conversions"]) == (len(views), len(sold))
            assert found["carts"] == len(held["add_to_cart"].get(key, []))
            rate = len(sold) / len(views) if views else None
            assert found["conversionRate"] == (None if rate is None else pytest.approx(rate))
            assert shown_amounts(found["revenue"]) == amounts(orders)
    assert answered.data["business"]["products"]["other"] is None


async def test_the_series_adds_up_to_the_overview_in_each_currency(demo: Api) -> None:
    answered = await demo.ask(
        f"""{{ business(range: {RANGE}, timeZone: "Asia/Kathmandu", compareTo: {{}}) {{
          overview {{ revenue {{ byCurrency {{ amount currency }} }} orders }}
          sales(granularity: HOUR) {{
            series {{ key currency columns {{ start complete revenue orders averageOrderValue }} }}
            previous {{ currency columns {{ revenue }} }}
            meta {{ range {{ granularity }} }} }} }} }}"""
    )
    found = answered.data["business"]
    series = {each["currency"]: each for each in found["sales"]["series"]}
    for each in found["overview"]["revenue"]["byCurrency"]:
        columns = series.pop(each["currency"])["columns"]
        assert len(columns["start"]) == 25
        assert sum(each or 0 for each in columns["revenue"]) == pytest.approx(float(each["amount"]))
    assert series == {}
    orders = [sum(each["columns"]["orders"]) for each in found["sales"]["series"]]
    assert sum(orders) == found["overview"]["orders"]
    assert [each["currency"] for each in found["sales"]["previous"]] == [
        each["currency"] for each in found["sales"]["series"]
    ]


async def test_a_currency_that_is_gone_still_has_its_series_of_before(api: Api) -> None:
    def sold(day: int, currency: str) -> Sent:
        return {
            "id": f"o{day}",
            "type": "order",
            "occurredAt": f"2026-03-0{day}T10:00:00Z",
            "value": day,
            "currency": currency,
        }

    await api.store([sold(8, "EUR"), sold(9, "USD")])
    answered = await api.ask(
        f"""{{ business(range: {RANGE}, compareTo: {{}}) {{ sales(granularity: DAY) {{
          series {{ currency columns {{ revenue orders }} }}
          previous {{ currency columns {{ revenue orders }} }} }} }} }}"""
    )
    found = answered.data["business"]["sales"]
    for field, dollars, euros in (
        ("series", ([9], [1]), ([None], [0])),
        ("previous", ([None], [0]), ([8], [1])),
    ):
        assert [
            (each["currency"], (each["columns"]["revenue"], each["columns"]["orders"]))
            for each in found[field]
        ] == [("USD", dollars), ("EUR", euros)]


async def test_a_series_without_amounts_is_one_over_all_currencies(demo: Api) -> None:
    answered = await demo.ask(
        f"""{{ business(range: {RANGE}) {{
          sales(granularity: DAY) {{ series {{ currency columns {{ orders customers }} }} }}
          byCollection: sales(granularity: DAY, dimension: "collection", first: 2) {{
            series {{ key currency columns {{ orders }} }} meta {{ warnings {{ code }} }} }} }} }}"""
    )
    orders = [each for each in on_day(shop_events(), 9, "order") if not taken_back(each)]
    (series,) = answered.data["business"]["sales"]["series"]
    assert series["currency"] is None
    assert series["columns"]["orders"] == [len(orders)]
    grouped_series = answered.data["business"]["byCollection"]
    collections = grouped(orders, lambda e: e["properties"]["collection"])
    for each in grouped_series["series"]:
        assert each["columns"]["orders"] == [len(collections[each["key"]])]
    assert [each["code"] for each in grouped_series["meta"]["warnings"]] == ["GROUPS_TRUNCATED"]


async def test_the_stock_is_what_was_last_told_of_each_place(api: Api) -> None:
    def told(product: str, stock: object, at: str, location: str | None = None) -> Sent:
        place = {} if location is None else {"location": location}
        return {
            "id": f"{product}{at}{location}",
            "type": "inventory",
            "occurredAt": f"2026-03-{at}:00Z",
            "properties": {"product": product, "stock": stock, **place},
        }

    sold = {
        "id": "o1",
        "type": "order",
        "occurredAt": "2026-03-09T10:00:00Z",
        "properties": {"product": "rose"},
    }
    await api.store(
        [
            told("rose", 9, "08T10:00", "north"),
            told("rose", 4, "09T10:00", "north"),
            told("rose", 30, "07T10:00", "south"),
            told("rose", 500, "10T10:00", "north"),
            {**sold},
            {**sold, "id": "o2", "properties": {"product": "lily"}},
        ]
    )
    answered = await api.ask(
        f"""{{ business(range: {RANGE}) {{
            products {{ rows {{ key inventory {{ items toldAt }} }} }} }} }}"""
    )
    rows = {row["key"]: row["inventory"] for row in answered.data["business"]["products"]["rows"]}
    assert rows == {"rose": {"items": "34", "toldAt": "2026-03-09T10:00:00Z"}, "lily": None}


async def test_the_stock_is_known_however_long_ago_it_was_told(api: Api) -> None:
    def event(kind: str, day: int, **properties: Any) -> Sent:
        return {
            "id": f"{kind}{day}",
            "type": kind,
            "occurredAt": f"2026-03-{day:02}T10:00:00Z",
            "properties": {"product": "rose", **properties},
        }

    await api.store([event("inventory", 8, stock=7), event("order", 8)])
    await roll_all(api.pool, api.catalogue)
    assert await drop_raw(api.pool, api.now + timedelta(days=60))
    api.now += timedelta(days=60)
    await api.store([event("order", 9)])
    answered = await api.ask(
        f"{{ business(range: {RANGE}) {{ products {{ rows {{ inventory {{ items toldAt }} }} }} }} }}"
    )
    (row,) = answered.data["business"]["products"]["rows"]
    assert row["inventory"] == {"items": "7", "toldAt": "2026-03-08T10:00:00Z"}


async def test_this_period_is_beside_the_same_one_last_year(api: Api) -> None:
    def sold(year: int, value: int) -> Sent:
        return {
            "id": f"o{year}",
            "type": "order",
            "occurredAt": f"{year}-03-09T10:00:00Z",
            "value": value,
            "currency": "EUR",
            "properties": {"product": "rose", "collection": "Signature"},
        }

    await api.store([sold(2026, 30), sold(2025, 20)])
    money = "revenue { total { amount } }"
    answered = await api.ask(
        f"""{{ business(range: {RANGE}, compareTo: {{ period: PREVIOUS_YEAR }}) {{
          overview {{ {money} previous {{ {money} }} change {{ revenue orders }} }}
          collections {{ rows {{ key {money} previous {{ {money} }} change {{ revenue }} }} }}
          sales(granularity: DAY) {{ previous {{ columns {{ start revenue }} }} }} }} }}"""
    )
    found = answered.data["business"]
    then = {"revenue": {"total": {"amount": "20"}}}
    assert found["overview"]["revenue"] == {"total": {"amount": "30"}}
    assert found["overview"]["previous"] == then
    assert found["overview"]["change"] == {"revenue": 1.5, "orders": 1}
    (row,) = found["collections"]["rows"]
    assert (row["key"], row["previous"], row["change"]) == ("Signature", then, {"revenue": 1.5})
    (before,) = found["sales"]["previous"]
    assert before["columns"] == {"start": ["2025-03-09T00:00:00Z"], "revenue": [20]}


async def test_an_order_of_many_lines_is_one_order(api: Api) -> None:
    def line(number: int, **more: Any) -> Sent:
        return {
            "id": f"l{number}",
            "type": "order",
            "occurredAt": "2026-03-09T10:00:00Z",
            "value": 10,
            "currency": "EUR",
            "properties": {"product": f"p{number}", **more},
        }

    await api.store(
        [
            line(1, orders=1),
            line(2, orders=0),
            line(3, orders=0),
            line(4),
            line(5, status="refunded"),
        ]
    )
    answered = await api.ask(
        f"""{{ business(range: {RANGE}) {{
          overview {{ orders units refunds {{ total {{ amount }} }}
            revenue {{ total {{ amount }} }} averageOrderValue {{ total {{ amount }} }} }}
          meta {{ warnings {{ code }} }} }} }}"""
    )
    found = answered.data["business"]
    assert found["overview"]["orders"] == 2
    assert found["overview"]["units"] is None
    assert Decimal(found["overview"]["averageOrderValue"]["total"]["amount"]) == 20
    assert Decimal(found["overview"]["revenue"]["total"]["amount"]) == 40
    assert [each["code"] for each in found["meta"]["warnings"]] == ["POSITIVE_REFUNDS"]


async def test_the_largest_amounts_keep_every_digit(api: Api) -> None:
    def sold(number: int, value: str, **more: Any) -> Sent:
        return {
            "id": f"o{number}",
            "type": "order",
            "occurredAt": "2026-03-09T10:00:00Z",
            "value": Decimal(value),
            "currency": "EUR",
            "properties": more,
        }

    largest = "999999999999999999.999999999999"
    back = sold(3, "-0.000000000001", status="refunded")
    await api.store([sold(1, largest), sold(2, largest), back])
    money = "{ total { amount } }"
    answered = await api.ask(
        f"""{{ business(range: {RANGE}) {{
          overview {{ revenue {money} refunds {money} averageOrderValue {money} }} }} }}"""
    )
    shown = answered.data["business"]["overview"]
    assert {name: Decimal(found["total"]["amount"]) for name, found in shown.items()} == {
        "revenue": Decimal("1999999999999999999.999999999997"),
        "refunds": Decimal("0.000000000001"),
        "averageOrderValue": Decimal("1000000000000000000.000000"),
    }


async def test_without_events_nothing_is_made_up(api: Api) -> None:
    answered = await api.ask(
        f"""{{ business(range: {RANGE}, compareTo: {{}}) {{
          overview {{ {FIGURES} change {{ orders revenue }} }}
          products {{ rows {{ key }} other {{ orders }} totalGroups }}
          sales(granularity: DAY) {{ series {{ columns {{ revenue }} }} }}
          funnel {{ steps {{ name count }} exact }} }} }}"""
    )
    found = answered.data["business"]
    assert found["overview"]["orders"] == 0
    assert found["overview"]["units"] is None
    assert found["overview"]["revenue"] == {"total": None, "byCurrency": []}
    assert found["overview"]["change"] == {"orders": None, "revenue": None}
    assert found["products"] == {"rows": [], "other": None, "totalGroups": 0}
    assert found["sales"]["series"] == []
    assert [step["count"] for step in found["funnel"]["steps"]] == [0, 0, 0, 0]


async def test_a_rate_is_of_the_days_before_noon_in_its_zone(demo: Api) -> None:
    """The zone moves the day: what is counted is what happened in it."""
    answered = await demo.ask(
        """{ business(range: { preset: YESTERDAY }, timeZone: "Asia/Tokyo") {
             overview { orders } meta { range { from to } } } }"""
    )
    found = answered.data["business"]
    start, end = (instant(found["meta"]["range"][name]) for name in ("from", "to"))
    assert start.hour == 15
    orders = [
        each
        for each in shop_events()
        if each["type"] == "order"
        and start <= instant(each["occurredAt"]) < end
        and not taken_back(each)
    ]
    assert found["overview"]["orders"] == len(orders)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ('products(orderBy: "fame") { totalGroups }', "UNKNOWN_FIGURE"),
        ('breakdown(dimension: "colour") { totalGroups }', "UNKNOWN_DIMENSION"),
        ("products(first: 0) { totalGroups }", "INVALID_PAGE_SIZE"),
        ("products(first: 5000) { totalGroups }", "PAGE_TOO_LARGE"),
        ('funnel(window: "P2Y") { exact }', "INVALID_FUNNEL"),
        ('funnel(steps: [{ eventType: "order" }]) { exact }', "INVALID_FUNNEL"),
        (
            'funnel(steps: [{ eventType: "order" }, { eventType: "x" }]) { exact }',
            "UNKNOWN_EVENT_TYPE",
        ),
    ],
)
async def test_a_wrong_name_or_number_is_said_at_its_path(
    api: Api, arguments: str, code: str
) -> None:
    answered = await api.ask(
        f"{{ business(range: {RANGE}) {{ wrong: {arguments} overview {{ orders }} }} }}"
    )
    assert answered.codes == [code]
    assert answered.error["path"] == ["business", "wrong"]
    assert answered.body["data"]["business"]["overview"] == {"orders": 0}


async def test_the_whole_section_costs_three_statements_and_a_part_one(demo: Api) -> None:
    everything = f"""{{ business(range: {RANGE}, compareTo: {{}}) {{
        overview {{ {FIGURES} previous {{ {FIGURES} }} change {{ orders }} }}
        sales(granularity: HOUR, dimension: "collection") {{ series {{ columns {{ revenue customers }} }}
            previous {{ columns {{ revenue }} }} }}
        breakdown(dimension: "country") {{ rows {{ key {FIGURES} change {{ revenue }} }} other {{ orders }} }}
        products {{ rows {{ key views conversionRate inventory {{ items }} previous {{ views }} }} }}
        collections {{ rows {{ key {FIGURES} previous {{ orders }} }} }}
        funnel {{ steps {{ count rate }} }} meta {{ asOf }} }} }}"""
    await demo.ask(everything)
    demo.statements.clear()
    assert (await demo.ask(everything)).data
    assert len(own_statements(demo)) == 3
    demo.statements.clear()
    assert (await demo.ask(f"{{ business(range: {RANGE}) {{ overview {{ orders }} }} }}")).data
    assert len(own_statements(demo)) == 1
    demo.reads.clear()
    demo.statements.clear()
    assert (await demo.ask(f"{{ business(range: {RANGE}) {{ __typename }} }}")).data
    assert demo.reads == [] and demo.statements == []
