"""The social media section over HTTP, against a brute-force count of the same events."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.demo_events import RANGE, Sent, demo_events, on_day
from tests.api.plain_money import by_property, own_statements
from tests.reference import instant

TYPES = ("social_post", "social_engagement")
GOT = ("impressions", "reach", "likes", "comments", "shares", "clicks", "followers")
ENGAGEMENTS = ("likes", "comments", "shares", "clicks")
FIGURES = f"posts {' '.join(GOT)} engagements engagementRate engagementsPerPost"


def told(day: int) -> list[Sent]:
    return [each for kind in TYPES for each in on_day(demo_events(3, 12_000), day, kind)]


def total(events: Sequence[Sent], *names: str) -> Decimal:
    found = (each["properties"][name] for each in events for name in names)
    return sum((Decimal(str(each)) for each in found), Decimal(0))


def check(found: dict[str, Any], events: Sequence[Sent]) -> None:
    posts = sum(each["type"] == "social_post" for each in events)
    assert found["posts"] == posts
    for name in GOT:
        assert found[name] == (str(total(events, name)) if events else None)
    engagements = total(events, *ENGAGEMENTS)
    assert found["engagements"] == (str(engagements) if events else None)
    seen = total(events, "impressions")
    assert found["engagementRate"] == (pytest.approx(float(engagements / seen)) if seen else None)
    mean = pytest.approx(float(engagements / posts)) if posts else None
    assert found["engagementsPerPost"] == mean


async def test_the_performance_and_the_day_before_agree_with_the_events(demo: Api) -> None:
    answered = await demo.ask(
        f"""{{ socialMedia(range: {RANGE}, compareTo: {{}}) {{ performance {{
          {FIGURES} previous {{ {FIGURES} }} change {{ posts engagements }} }} }} }}"""
    )
    found = answered.data["socialMedia"]["performance"]
    now, before = told(9), told(8)
    check(found, now)
    check(found["previous"], before)
    ratio = float(total(now, *ENGAGEMENTS) / total(before, *ENGAGEMENTS))
    assert found["change"]["engagements"] == pytest.approx(ratio)


@pytest.mark.parametrize("dimension", ["platform", "kind", "account", "source"])
async def test_every_comparison_of_platforms_agrees_and_other_is_what_is_left(
    demo: Api, dimension: str
) -> None:
    answered = await demo.ask(
        f"""{{ socialMedia(range: {RANGE}, compareTo: {{}}) {{
          platforms(dimension: "{dimension}", first: 2, orderBy: "impressions", direction: ASC) {{
            rows {{ key {FIGURES} previous {{ {FIGURES} }} }} other {{ {FIGURES} }} totalGroups }} }} }}"""
    )
    found = answered.data["socialMedia"]["platforms"]
    now, before = by_property(told(9), dimension), by_property(told(8), dimension)
    assert found["totalGroups"] == len(now)
    shown = [row["key"] for row in found["rows"]]
    seen = {key: total(held, "impressions") for key, held in now.items()}
    assert [seen[key] for key in shown] == sorted(seen.values())[:2]
    for row in found["rows"]:
        check(row, now[row["key"]])
        check(row["previous"], before.get(row["key"], []))
    rest = [each for key, held in now.items() if key not in shown for each in held]
    assert (found["other"] is None) is not bool(rest)
    if rest:
        check(found["other"], rest)


async def test_engagement_over_time_agrees_hour_by_hour_and_by_platform(demo: Api) -> None:
    answered = await demo.ask(
        f"""{{ socialMedia(range: {RANGE}) {{
          engagement(granularity: HOUR) {{ series {{ columns {{ start posts likes engagements }} }} }}
          byPlatform: engagement(granularity: DAY, dimension: "platform") {{
            series {{ key columns {{ impressions }} }} }} }} }}"""
    )
    found = answered.data["socialMedia"]
    (series,) = found["engagement"]["series"]
    hours: list[list[Sent]] = [[] for _ in range(24)]
    for each in told(9):
        hours[instant(each["occurredAt"]).hour].append(each)
    columns = series["columns"]
    assert columns["posts"] == [sum(e["type"] == "social_post" for e in held) for held in hours]
    assert columns["likes"] == [float(total(held, "likes")) if held else None for held in hours]
    assert [each or 0 for each in columns["engagements"]] == [
        float(total(held, *ENGAGEMENTS)) for held in hours
    ]
    assert {
        each["key"]: each["columns"]["impressions"] for each in found["byPlatform"]["series"]
    } == {
        key: [float(total(held, "impressions"))]
        for key, held in by_property(told(9), "platform").items()
    }


async def test_a_zone_moves_the_day_and_a_filter_narrows_it(demo: Api) -> None:
    answered = await demo.ask(
        f"""{{ socialMedia(range: {{ preset: YESTERDAY }}, timeZone: "America/New_York",
          filter: {{ dimension: "platform", in: ["facebook", "youtube"] }}) {{
            performance {{ {FIGURES} }} meta {{ range {{ from to }} }} }} }}"""
    )
    found = answered.data["socialMedia"]
    start, end = (instant(found["meta"]["range"][name]) for name in ("from", "to"))
    assert start.hour == 4
    inside = [
        each
        for day in (9, 10)
        for each in told(day)
        if start <= instant(each["occurredAt"]) < end
        and each["properties"]["platform"] in ("facebook", "youtube")
    ]
    assert inside
    check(found["performance"], inside)


async def test_what_no_event_says_is_unknown_and_not_0(api: Api) -> None:
    post = {
        "id": "p",
        "type": "social_post",
        "occurredAt": "2026-03-09T10:00:00Z",
        "properties": {"platform": "twitter", "likes": 0},
    }
    await api.store([post])
    answered = await api.ask(f"{{ socialMedia(range: {RANGE}) {{ performance {{ {FIGURES} }} }} }}")
    found = answered.data["socialMedia"]["performance"]
    assert {name for name, value in found.items() if value is not None} == {
        "posts",
        "likes",
        "engagements",
        "engagementsPerPost",
    }
    assert (found["likes"], found["engagements"], found["engagementsPerPost"]) == ("0", "0", 0)


async def test_the_section_takes_one_statement(demo: Api) -> None:
    everything = f"""{{ socialMedia(range: {RANGE}, compareTo: {{}}) {{
      performance {{ {FIGURES} previous {{ {FIGURES} }} }}
      platforms {{ rows {{ key {FIGURES} change {{ likes }} }} }}
      engagement(granularity: HOUR, dimension: "platform") {{ series {{ columns {{ engagementRate }} }} }}
      meta {{ asOf }} }} }}"""
    assert (await demo.ask(everything)).data
    demo.statements.clear()
    assert (await demo.ask(everything)).data
    assert len(own_statements(demo)) == 1
