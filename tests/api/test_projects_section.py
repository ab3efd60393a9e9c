"""The projects section over HTTP, against a brute-force count of the same events."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.demo_events import RANGE, Sent, demo_events, on_day
from tests.api.plain_money import amounts, by_property, own_statements, shown_amounts

TYPES = ("project_update",)
MONEY = "{ total { amount currency } byCurrency { amount currency } }"
FIGURES = f"""projects planned active completed cancelled completionRate averageProgress updates
    beneficiaries budget {MONEY} spent {MONEY} budgetUsed costPerBeneficiary {MONEY}"""
FURTHEST = ("planned", "active", "cancelled", "completed")


def news_of(day: int) -> list[Sent]:
    return on_day(demo_events(3, 12_000), day, "project_update")


def total(news: Sequence[Sent], name: str) -> Decimal:
    return sum((Decimal(str(each["properties"][name])) for each in news), Decimal(0))


def states(news: Sequence[Sent]) -> list[str]:
    """The furthest state of each project."""
    return [
        max((each["properties"]["status"] for each in held), key=FURTHEST.index)
        for held in by_property(news, "project").values()
    ]


def check(found: dict[str, Any], news: Sequence[Sent]) -> None:
    reached = states(news)
    assert found["updates"] == len(news)
    assert found["projects"] == len(reached)
    for state in FURTHEST:
        assert found[state] == reached.count(state)
    rate = reached.count("completed") / len(reached) if reached else None
    assert found["completionRate"] == (None if rate is None else pytest.approx(rate))
    furthest = [
        max(each["properties"]["progress"] for each in held)
        for held in by_property(news, "project").values()
    ]
    progress = sum(furthest) / len(furthest) if furthest else None
    assert found["averageProgress"] == (None if progress is None else pytest.approx(progress))
    assert found["beneficiaries"] == (str(total(news, "beneficiaries")) if news else None)
    for name in ("budget", "spent"):
        assert shown_amounts(found[name]) == amounts(news, name)
    spent, budget, people = (total(news, name) for name in ("spent", "budget", "beneficiaries"))
    assert found["budgetUsed"] == (pytest.approx(float(spent / budget)) if budget else None)
    cost = [("USD", (spent / people).quantize(Decimal("0.000001")))] if people else []
    assert shown_amounts(found["costPerBeneficiary"]) == cost


async def test_the_statistics_and_the_day_before_agree_with_the_events(demo: Api) -> None:
    answered = await demo.ask(
        f"""{{ projects(range: {RANGE}, compareTo: {{}}) {{ statistics {{
          {FIGURES} previous {{ {FIGURES} }} change {{ updates spent }} }} }} }}"""
    )
    found = answered.data["projects"]["statistics"]
    now, before = news_of(9), news_of(8)
    check(found, now)
    check(found["previous"], before)
    assert found["change"] == {
        "updates": pytest.approx(len(now) / len(before)),
        "spent": pytest.approx(float(total(now, "spent") / total(before, "spent"))),
    }


@pytest.mark.parametrize("field", ["impact", "completion"])
@pytest.mark.parametrize("dimension", ["sector", "region", "project", "status"])
async def test_every_breakdown_agrees_and_other_is_what_is_left(
    demo: Api, field: str, dimension: str
) -> None:
    answered = await demo.ask(
        f"""{{ projects(range: {RANGE}) {{ {field}(dimension: "{dimension}", first: 2) {{
          rows {{ key {FIGURES} }} other {{ {FIGURES} }} totalGroups }} }} }}"""
    )
    found = answered.data["projects"][field]
    groups = by_property(news_of(9), dimension)
    assert found["totalGroups"] == len(groups)
    shown = [row["key"] for row in found["rows"]]
    for row in found["rows"]:
        check(row, groups[row["key"]])
    if field == "impact":
        reached = sorted((total(held, "beneficiaries") for held in groups.values()), reverse=True)
        assert [total(groups[key], "beneficiaries") for key in shown] == reached[:2]
    rest = [each for key, held in groups.items() if key not in shown for each in held]
    assert (found["other"] is None) is not bool(rest)
    if rest:
        check(found["other"], rest)


async def test_people_reached_over_two_days_add_up_and_are_beside_those_before(demo: Api) -> None:
    answered = await demo.ask(
        """{ projects(range: { between: { from: "2026-03-08T00:00:00Z", to: "2026-03-10T00:00:00Z" } },
             compareTo: {}) { beneficiaries(granularity: DAY) {
               series { columns { start updates beneficiaries } } previous { columns { updates } } }
             bySector: beneficiaries(granularity: DAY, dimension: "sector", first: 1) {
               series { key columns { updates } } meta { warnings { code } } } } }"""
    )
    found = answered.data["projects"]
    (series,) = found["beneficiaries"]["series"]
    days = [news_of(8), news_of(9)]
    assert series["columns"]["updates"] == [len(news) for news in days]
    assert series["columns"]["beneficiaries"] == [
        float(total(news, "beneficiaries")) for news in days
    ]
    (before,) = found["beneficiaries"]["previous"]
    assert before["columns"]["updates"] == [0, len(news_of(7))]
    (largest,) = found["bySector"]["series"]
    sectors = [by_property(news, "sector") for news in days]
    counts = {key: [len(each.get(key, [])) for each in sectors] for key in sectors[0] | sectors[1]}
    assert largest["columns"]["updates"] == counts[largest["key"]]
    assert sum(counts[largest["key"]]) == max(map(sum, counts.values()))
    assert [each["code"] for each in found["bySector"]["meta"]["warnings"]] == ["GROUPS_TRUNCATED"]


async def test_a_filter_and_a_zone_narrow_the_news(demo: Api) -> None:
    answered = await demo.ask(
        f"""{{ projects(range: {RANGE}, filter: {{ not: {{ dimension: "region", eq: "East Africa" }} }}) {{
          statistics {{ {FIGURES} }} }} }}"""
    )
    elsewhere = [e for e in news_of(9) if e["properties"]["region"] != "East Africa"]
    assert 0 < len(elsewhere) < len(news_of(9))
    check(answered.data["projects"]["statistics"], elsewhere)


async def test_a_project_is_in_the_furthest_state_that_is_told(api: Api) -> None:
    told = {
        "ended": ("completed", "planned", "active"),
        "stopped": ("active", "cancelled"),
        "ended after all": ("cancelled", "completed"),
        "running": ("planned", "active"),
        "to come": ("planned",),
    }
    await api.store(
        {
            "id": f"{project} {status}",
            "type": "project_update",
            "occurredAt": "2026-03-09T10:00:00Z",
            "properties": {"project": project, "status": status, "sector": "health"},
        }
        for project, states in told.items()
        for status in states
    )
    names = "projects planned active cancelled completed completionRate"
    answered = await api.ask(
        f"""{{ projects(range: {RANGE}) {{ statistics {{ {names} }}
          completion {{ rows {{ {names} }} }} }} }}"""
    )
    found = answered.data["projects"]
    assert found["statistics"] == {
        "projects": 5,
        "planned": 1,
        "active": 1,
        "cancelled": 1,
        "completed": 2,
        "completionRate": 0.4,
    }
    assert found["completion"]["rows"] == [found["statistics"]]


async def test_budgets_in_two_currencies_are_not_added_and_nothing_unknown_is_0(api: Api) -> None:
    def told(number: int, currency: str, **properties: Any) -> Sent:
        return {
            "id": f"p{number}",
            "type": "project_update",
            "occurredAt": "2026-03-09T10:00:00Z",
            "currency": currency,
            "properties": {"project": f"p{number}", **properties},
        }

    await api.store([told(1, "EUR", budget=100, spent=40), told(2, "USD", budget=70)])
    answered = await api.ask(
        f"{{ projects(range: {RANGE}) {{ statistics {{ {FIGURES} }} meta {{ warnings {{ code }} }} }} }}"
    )
    found = answered.data["projects"]["statistics"]
    assert shown_amounts(found["budget"]) == [("EUR", 100), ("USD", 70)]
    assert shown_amounts(found["spent"]) == [("EUR", 40)]
    assert found["budgetUsed"] is None and found["beneficiaries"] is None
    assert shown_amounts(found["costPerBeneficiary"]) == []
    assert (found["projects"], found["completed"], found["completionRate"]) == (2, 0, 0)
    assert found["averageProgress"] is None
    warnings = answered.data["projects"]["meta"]["warnings"]
    assert [each["code"] for each in warnings] == ["MIXED_CURRENCIES"]


async def test_the_section_takes_one_statement(demo: Api) -> None:
    everything = f"""{{ projects(range: {RANGE}, compareTo: {{}}) {{
      statistics {{ {FIGURES} previous {{ {FIGURES} }} }}
      impact {{ rows {{ key beneficiaries spent {MONEY} }} }}
      completion(dimension: "region") {{ rows {{ key completionRate previous {{ projects }} }} }}
      beneficiaries(granularity: HOUR) {{ series {{ columns {{ beneficiaries }} }} }} meta {{ asOf }} }} }}"""
    assert (await demo.ask(everything)).data
    demo.statements.clear()
    assert (await demo.ask(everything)).data
    assert len(own_statements(demo)) == 1
