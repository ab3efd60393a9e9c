"""The section on notifications over HTTP, against a brute-force count of the same events."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.demo_events import RANGE, Sent, demo_events, numbers, on_day, quantile
from tests.api.plain_money import by_property, own_statements
from tests.reference import instant

TYPES = ("notification",)
STEPS = ("sent", "delivered", "opened", "clicked", "failed", "bounced")
RATES = "deliveryRate failureRate openRate clickRate"
FIGURES = f"{' '.join(STEPS)} {RATES} recipients medianDeliveryMs p95DeliveryMs"


def told(day: int) -> list[Sent]:
    return on_day(demo_events(3, 12_000), day, "notification")


def rate(part: int, whole: int) -> Any:
    return pytest.approx(part / whole) if whole else None


def check(found: dict[str, Any], events: Sequence[Sent], *, other: bool = False) -> None:
    steps = by_property(events, "status")
    counts = {name: len(steps.get(name, [])) for name in STEPS}
    sent = max(counts["sent"], sum(counts[name] for name in ("delivered", "failed", "bounced")))
    assert {name: found[name] for name in STEPS} == {**counts, "sent": sent}
    assert found["deliveryRate"] == rate(counts["delivered"], sent)
    assert found["failureRate"] == rate(counts["failed"] + counts["bounced"], sent)
    assert found["openRate"] == rate(counts["opened"], counts["delivered"])
    assert found["clickRate"] == rate(counts["clicked"], counts["delivered"])
    people = None if other else len({each["userId"] for each in events})
    assert found["recipients"] == people
    times = [] if other else numbers(steps.get("delivered", []), "durationMs")
    for name, q in (("medianDeliveryMs", 0.5), ("p95DeliveryMs", 0.95)):
        expected = quantile(times, q)
        assert found[name] == (None if expected is None else pytest.approx(expected, rel=0.01))


async def test_the_statistics_and_the_day_before_agree_with_the_events(demo: Api) -> None:
    answered = await demo.ask(
        f"""{{ notificationDelivery(range: {RANGE}, compareTo: {{}}) {{ statistics {{
          {FIGURES} previous {{ {FIGURES} }} change {{ sent recipients }} }} }} }}"""
    )
    found = answered.data["notificationDelivery"]["statistics"]
    check(found, told(9))
    check(found["previous"], told(8))
    people = [len({each["userId"] for each in told(day)}) for day in (9, 8)]
    assert found["change"]["recipients"] == pytest.approx(people[0] / people[1])


@pytest.mark.parametrize("dimension", ["channel", "campaign", "template", "source"])
async def test_every_comparison_of_channels_agrees_and_other_is_what_is_left(
    demo: Api, dimension: str
) -> None:
    answered = await demo.ask(
        f"""{{ notificationDelivery(range: {RANGE}, compareTo: {{}}) {{
          channels(dimension: "{dimension}", first: 1) {{
            rows {{ key {FIGURES} previous {{ {FIGURES} }} }} other {{ {FIGURES} }} totalGroups }} }} }}"""
    )
    found = answered.data["notificationDelivery"]["channels"]
    now, before = by_property(told(9), dimension), by_property(told(8), dimension)
    assert found["totalGroups"] == len(now)
    (row,) = found["rows"]
    check(row, now[row["key"]])
    check(row["previous"], before.get(row["key"], []))
    rest = [held for key, held in now.items() if key != row["key"]]
    assert all(row["sent"] >= len(by_property(held, "status").get("sent", [])) for held in rest)
    assert (found["other"] is None) is not bool(rest)
    if rest:
        check(found["other"], [each for held in rest for each in held], other=len(rest) > 1)


async def test_delivery_over_time_agrees_in_a_zone_of_half_hours(demo: Api) -> None:
    answered = await demo.ask(
        """{ notificationDelivery(timeZone: "Asia/Kolkata",
             range: { between: { from: "2026-03-08T18:30:00Z", to: "2026-03-09T18:30:00Z" } }) {
               delivery(granularity: DAY, dimension: "channel") {
                 series { key columns {
                   start sent delivered deliveryRate medianDeliveryMs recipients } } } } }"""
    )
    start, end = instant("2026-03-08T18:30:00Z"), instant("2026-03-09T18:30:00Z")
    inside = [e for e in told(8) + told(9) if start <= instant(e["occurredAt"]) < end]
    expected = by_property(inside, "channel")
    series = answered.data["notificationDelivery"]["delivery"]["series"]
    assert {each["key"] for each in series} == set(expected)
    for each in series:
        held = expected[each["key"]]
        steps = by_property(held, "status")
        times = numbers(steps.get("delivered", []), "durationMs")
        sent, delivered = (len(steps.get(name, [])) for name in ("sent", "delivered"))
        assert each["columns"] == {
            "start": ["2026-03-08T18:30:00Z"],
            "sent": [sent],
            "delivered": [delivered],
            "deliveryRate": [rate(delivered, sent)],
            "medianDeliveryMs": [pytest.approx(quantile(times, 0.5), rel=0.01)],
            "recipients": [len({event["userId"] for event in held})],
        }


async def test_a_filter_narrows_every_figure(demo: Api) -> None:
    answered = await demo.ask(
        f"""{{ notificationDelivery(range: {RANGE}, filter: {{ and: [
          {{ dimension: "channel", eq: "email" }},
          {{ not: {{ dimension: "template", eq: "digest" }} }} ] }}) {{
            statistics {{ {FIGURES} }} }} }}"""
    )
    mails = by_property(told(9), "channel")["email"]
    kept = [each for each in mails if each["properties"]["template"] != "digest"]
    assert 0 < len(kept) < len(mails)
    check(answered.data["notificationDelivery"]["statistics"], kept)


async def test_messages_of_which_only_the_end_is_told_count_as_sent(api: Api) -> None:
    def step(number: int, status: str) -> Sent:
        return {
            "id": f"n{number}",
            "type": "notification",
            "occurredAt": "2026-03-09T10:00:00Z",
            "properties": {"channel": "sms", "status": status},
        }

    await api.store([step(1, "delivered"), step(2, "delivered"), step(3, "bounced")])
    answered = await api.ask(
        f"{{ notificationDelivery(range: {RANGE}) {{ statistics {{ {FIGURES} }} }} }}"
    )
    found = answered.data["notificationDelivery"]["statistics"]
    assert (found["sent"], found["recipients"]) == (3, 0)
    assert found["deliveryRate"] == pytest.approx(2 / 3)
    assert found["failureRate"] == pytest.approx(1 / 3)
    assert (found["openRate"], found["medianDeliveryMs"]) == (0, None)


async def test_the_section_takes_one_statement(demo: Api) -> None:
    everything = f"""{{ notificationDelivery(range: {RANGE}, compareTo: {{}}) {{
      statistics {{ {FIGURES} previous {{ {FIGURES} }} }}
      channels {{ rows {{ key {FIGURES} change {{ sent }} }} other {{ sent }} }}
      delivery(granularity: HOUR) {{ series {{ columns {{ sent p95DeliveryMs }} }}
        previous {{ columns {{ sent }} }} }}
      meta {{ asOf }} }} }}"""
    assert (await demo.ask(everything)).data
    demo.statements.clear()
    assert (await demo.ask(everything)).data
    assert len(own_statements(demo)) == 1
