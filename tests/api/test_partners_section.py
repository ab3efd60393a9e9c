"""The partners section over HTTP, against a brute-force count of the same events."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.demo_events import RANGE, Sent, demo_events, on_day
from tests.api.plain_money import amounts, by_property, own_statements, shown_amounts
from tests.reference import instant

TYPES = ("donation", "partner_engagement")
MONEY = "{ total { amount currency } byCurrency { amount currency } }"
DONATIONS = (
    f"donations donors paid {MONEY} committed {MONEY} pledged {MONEY} averageDonation {MONEY}"
)
STATISTICS = f"{DONATIONS} recurringShare partners engagements engagedPartners engagementRate"


def of_day(day: int, kind: str) -> list[Sent]:
    return on_day(demo_events(3, 12_000), day, kind)


def with_status(events: Sequence[Sent], *states: str) -> list[Sent]:
    return [each for each in events if each["properties"].get("status") in states]


def named(events: Sequence[Sent]) -> set[str]:
    return {each["properties"]["partner"] for each in events}


def check_donations(found: dict[str, Any], given: Sequence[Sent]) -> None:
    assert found["donations"] == len(given)
    assert found["donors"] == len(named(given))
    for status in ("paid", "committed", "pledged"):
        assert shown_amounts(found[status]) == amounts(with_status(given, status))
    paid = with_status(given, "paid")
    means = [
        (name, total / sum(each["currency"] == name for each in paid))
        for name, total in amounts(paid)
    ]
    shown = shown_amounts(found["averageDonation"])
    assert [name for name, _ in shown] == [name for name, _ in means]
    for (_, mean), (_, expected) in zip(shown, means, strict=True):
        assert mean == expected.quantize(Decimal("0.000001"))


def check_statistics(found: dict[str, Any], day: int) -> None:
    given, contacts = (of_day(day, kind) for kind in TYPES)
    check_donations(found, given)
    recurring = sum(each["properties"]["recurring"] for each in given)
    assert found["recurringShare"] == pytest.approx(recurring / len(given))
    everyone = named(given) | named(contacts)
    assert found["partners"] == len(everyone)
    assert found["engagements"] == len(contacts)
    assert found["engagedPartners"] == len(named(contacts))
    assert found["engagementRate"] == pytest.approx(len(named(contacts)) / len(everyone))


async def test_the_statistics_and_the_day_before_agree_with_the_events(demo: Api) -> None:
    answered = await demo.ask(
        f"""{{ partners(range: {RANGE}, compareTo: {{}}) {{
          statistics {{ {STATISTICS} previous {{ {STATISTICS} }} change {{ donations paid }} }}
          meta {{ warnings {{ code }} }} }} }}"""
    )
    found = answered.data["partners"]
    check_statistics(found["statistics"], 9)
    check_statistics(found["statistics"]["previous"], 8)
    now, before = (len(of_day(day, "donation")) for day in (9, 8))
    assert found["statistics"]["change"] == {
        "donations": pytest.approx(now / before),
        "paid": None,
    }
    assert {each["code"] for each in found["meta"]["warnings"]} == {"MIXED_CURRENCIES"}


@pytest.mark.parametrize(
    "dimension", ["partnerType", "partner", "campaign", "status", "recurring", "currency"]
)
async def test_every_breakdown_agrees_and_other_is_what_is_left(demo: Api, dimension: str) -> None:
    answered = await demo.ask(
        f"""{{ partners(range: {RANGE}, compareTo: {{}}) {{
          breakdown(dimension: "{dimension}", first: 2) {{
            rows {{ key {DONATIONS} previous {{ {DONATIONS} }} }}
            other {{ {DONATIONS} }} totalGroups }} }} }}"""
    )
    found = answered.data["partners"]["breakdown"]
    now, before = (
        by_property(given, dimension) for given in (of_day(9, "donation"), of_day(8, "donation"))
    )
    assert found["totalGroups"] == len(now)
    shown = [row["key"] for row in found["rows"]]
    assert [len(now[key]) for key in shown] == sorted(map(len, now.values()), reverse=True)[:2]
    for row in found["rows"]:
        check_donations(row, now[row["key"]])
        check_donations(row["previous"], before.get(row["key"], []))
    rest = [each for key, held in now.items() if key not in shown for each in held]
    if rest:
        check_donations(found["other"], rest)
    else:
        assert found["other"] is None


@pytest.mark.parametrize("dimension", ["channel", "kind", "partnerType", "partner"])
async def test_contacts_agree_by_each_dimension(demo: Api, dimension: str) -> None:
    figures = "engagements engagedPartners perPartner"
    answered = await demo.ask(
        f"""{{ partners(range: {RANGE}) {{ engagement {{ overview {{ {figures} }}
          breakdown(dimension: "{dimension}", first: 100) {{
            rows {{ key {figures} }} other {{ engagements }} }}
          timeseries(granularity: HOUR) {{ series {{ key columns {{ start engagements }} }} }} }} }} }}"""
    )
    found, contacts = (
        answered.data["partners"]["engagement"],
        of_day(9, "partner_engagement"),
    )
    assert found["overview"]["engagements"] == len(contacts)
    expected = {
        key: {
            "engagements": len(held),
            "engagedPartners": len(named(held)),
            "perPartner": pytest.approx(len(held) / len(named(held))),
        }
        for key, held in by_property(contacts, dimension).items()
    }
    rows = found["breakdown"]["rows"]
    assert {row.pop("key"): row for row in rows} == expected
    assert found["breakdown"]["other"] is None
    (series,) = found["timeseries"]["series"]
    hours = [instant(each["occurredAt"]).hour for each in contacts]
    assert series["columns"]["engagements"] == [hours.count(hour) for hour in range(24)]


async def test_donations_over_time_are_of_the_zone_and_of_one_currency_each(demo: Api) -> None:
    answered = await demo.ask(
        """{ partners(range: { between: { from: "2026-03-08T18:15:00Z", to: "2026-03-09T18:15:00Z" } },
             timeZone: "Asia/Kathmandu", compareTo: {}) { donations(granularity: HOUR) {
               series { currency columns { start donations paid } }
               previous { currency columns { donations } } } } }"""
    )
    found = answered.data["partners"]["donations"]
    start, end = instant("2026-03-08T18:15:00Z"), instant("2026-03-09T18:15:00Z")
    given = [
        each
        for day in (8, 9)
        for each in of_day(day, "donation")
        if start <= instant(each["occurredAt"]) < end
    ]
    totals = dict(amounts(with_status(given, "paid")))
    assert {each["currency"] for each in found["series"]} == {each["currency"] for each in given}
    for each in found["series"]:
        columns = each["columns"]
        assert columns["start"][0] == "2026-03-08T18:15:00Z" and len(columns["start"]) == 24
        own = [event for event in given if event["currency"] == each["currency"]]
        assert sum(columns["donations"]) == len(own)
        for at, count in zip(columns["start"], columns["donations"], strict=True):
            inside = [
                event
                for event in own
                if 0 <= (instant(event["occurredAt"]) - instant(at)).total_seconds() < 3600
            ]
            assert count == len(inside)
        paid = sum(Decimal(str(amount)) for amount in columns["paid"] if amount is not None)
        assert float(paid) == pytest.approx(float(totals.get(each["currency"], 0)))
    keys = [each["currency"] for each in found["series"]]
    assert [each["currency"] for each in found["previous"]] == keys


async def test_a_filter_holds_for_donations_and_contacts(demo: Api) -> None:
    answered = await demo.ask(
        f"""{{ partners(range: {RANGE}, filter: {{ dimension: "partnerType", eq: "foundation" }}) {{
          statistics {{ donations engagements partners }} }} }}"""
    )
    given, contacts = (
        by_property(of_day(9, kind), "partnerType").get("foundation", []) for kind in TYPES
    )
    assert given and contacts
    assert answered.data["partners"]["statistics"] == {
        "donations": len(given),
        "engagements": len(contacts),
        "partners": len(named(given) | named(contacts)),
    }


async def test_what_is_sent_back_lowers_what_is_paid_and_is_no_donation(api: Api) -> None:
    def given(number: int, value: int, status: str) -> Sent:
        return {
            "id": f"d{number}",
            "type": "donation",
            "occurredAt": "2026-03-09T10:00:00Z",
            "value": value,
            "currency": "EUR",
            "properties": {"partner": "p", "status": status},
        }

    await api.store([given(1, 100, "paid"), given(2, -30, "refunded"), given(3, 50, "pledge")])
    answered = await api.ask(
        f"""{{ partners(range: {RANGE}) {{ statistics {{ donations paid {MONEY} pledged {MONEY}
          committed {MONEY} averageDonation {MONEY} engagementRate }} }} }}"""
    )
    found = answered.data["partners"]["statistics"]
    assert found["donations"] == 2
    assert shown_amounts(found["paid"]) == [("EUR", 70)]
    assert shown_amounts(found["pledged"]) == [("EUR", 50)]
    assert shown_amounts(found["committed"]) == []
    assert shown_amounts(found["averageDonation"]) == [("EUR", 100)]
    assert found["engagementRate"] == 0


async def test_the_section_takes_one_statement_and_nothing_where_nothing_is_selected(
    demo: Api,
) -> None:
    everything = f"""{{ partners(range: {RANGE}, compareTo: {{}}) {{
      statistics {{ {STATISTICS} previous {{ {STATISTICS} }} }}
      donations(granularity: HOUR) {{ series {{ columns {{ paid }} }} previous {{ columns {{ paid }} }} }}
      breakdown {{ rows {{ key {DONATIONS} change {{ donations }} }} }}
      engagement {{ overview {{ perPartner }}
        breakdown(dimension: "channel") {{ rows {{ key engagements }} }} }}
      meta {{ asOf }} }} }}"""
    assert (await demo.ask(everything)).data
    demo.statements.clear()
    assert (await demo.ask(everything)).data
    assert len(own_statements(demo)) == 1
    demo.statements.clear()
    demo.reads.clear()
    assert (await demo.ask(f"{{ partners(range: {RANGE}) {{ __typename }} }}")).data
    assert (demo.statements, demo.reads) == ([], [])
