"""System health over HTTP, against a brute-force count of the same events."""

from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.demo_events import (
    RANGE,
    Sent,
    demo_events,
    errors,
    grouped,
    mean,
    numbers,
    on_day,
    quantile,
)

FIGURES = "requests errors errorRate successRate latency { avg p50 p95 p99 }"


def expected(events: list[Sent]) -> dict[str, Any]:
    failed, latency = errors(events), numbers(events, "durationMs")
    return {
        "requests": len(events),
        "errors": failed,
        "errorRate": failed / len(events),
        "successRate": (len(events) - failed) / len(events),
        "latency": {
            "avg": pytest.approx(mean(latency), rel=1e-12),
            **{
                name: pytest.approx(quantile(latency, q), rel=0.01)
                for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
            },
        },
    }


async def test_the_overview_and_every_breakdown_agree_with_the_events(api: Api) -> None:
    sent = demo_events()
    await api.store(sent)
    await api.ask("{ " + f"summary(range: {RANGE}) {{ totalEvents }} }}")
    api.statements.clear()
    answered = await api.ask(
        f"""{{ systemHealth(range: {RANGE}) {{
          overview {{ {FIGURES} uptime uniqueUsers }}
          api {{
            byEndpoint {{ rows {{ key {FIGURES} }} other {{ requests }} totalGroups }}
            byMethod {{ rows {{ key {FIGURES} }} }}
            bySource {{ rows {{ key {FIGURES} }} }}
            byStatusCode {{ rows {{ key requests }} }}
          }}
          meta {{ servedBy warnings {{ code }} range {{ from to }} }} }} }}"""
    )
    found, requests = answered.data["systemHealth"], on_day(sent, 9, "api_request")
    outages = sum(each["statusCode"] >= 500 for each in requests)
    overview = found["overview"]
    assert overview.pop("uptime") == (len(requests) - outages) / len(requests)
    assert overview.pop("uniqueUsers") == len(
        {each["userId"] for each in requests if each.get("userId")}
    )
    assert overview == expected(requests)
    for name, part in (
        ("byEndpoint", lambda each: each["properties"]["endpoint"]),
        ("byMethod", lambda each: each["properties"]["method"]),
        ("bySource", lambda each: each["source"]),
    ):
        groups = grouped(requests, part)
        rows = {row.pop("key"): row for row in found["api"][name]["rows"]}
        assert rows == {key: expected(each) for key, each in groups.items()}
    statuses = {row["key"]: row["requests"] for row in found["api"]["byStatusCode"]["rows"]}
    assert statuses == {
        key: len(each) for key, each in grouped(requests, lambda e: str(e["statusCode"])).items()
    }
    assert found["meta"]["servedBy"] == ["rollup:quarter_hour", "tail"]
    assert found["meta"]["range"]["from"] == "2026-03-09T00:00:00Z"
    assert len(api.statements) == 1


async def test_the_day_before_and_the_change_are_beside_it(api: Api) -> None:
    sent = demo_events()
    await api.store(sent)
    answered = await api.ask(
        f"""{{ systemHealth(range: {RANGE}, compareTo: {{}}) {{ overview {{
          requests previous {{ {FIGURES} uptime }} change {{ requests errorRate uptime latency {{ p95 }} }} }}
          api {{ bySource {{ rows {{ previous {{ requests }} change {{ errors }} }} }} }} }} }}"""
    )
    found = answered.data["systemHealth"]["overview"]
    now, before = (on_day(sent, day, "api_request") for day in (9, 8))
    assert found["previous"].pop("uptime") == 1 - sum(
        each["statusCode"] >= 500 for each in before
    ) / len(before)
    assert found["previous"] == expected(before)
    assert found["change"]["requests"] == len(now) / len(before)
    slow = [quantile(numbers(each, "durationMs"), 0.95) for each in (now, before)]
    assert found["change"]["latency"]["p95"] == pytest.approx(slow[0] / slow[1], rel=0.021)
    (row,) = answered.data["systemHealth"]["api"]["bySource"]["rows"]
    assert row["previous"]["requests"] == len(before)
    assert row["change"]["errors"] == errors(now) / errors(before)


async def test_the_series_adds_up_to_the_overview(api: Api) -> None:
    sent = demo_events()
    await api.store(sent)
    answered = await api.ask(
        f"""{{ systemHealth(range: {RANGE}, timeZone: "Asia/Kolkata") {{
          timeseries(granularity: HOUR) {{ series {{ key columns {{
            start complete requests errors errorRate latency {{ avg p95 }} }} }} }} }} }}"""
    )
    (series,) = answered.data["systemHealth"]["timeseries"]["series"]
    columns, requests = series["columns"], on_day(sent, 9, "api_request")
    assert series["key"] is None
    assert len(columns["start"]) == 25 and columns["complete"][1] is True
    assert sum(columns["requests"]) == len(requests)
    assert sum(columns["errors"]) == errors(requests)
    for count, rate, average in zip(
        columns["requests"], columns["errorRate"], columns["latency"]["avg"], strict=True
    ):
        assert (rate is None) is (count == 0) is (average is None)


async def test_nothing_is_known_of_an_idle_system(api: Api) -> None:
    answered = await api.ask(
        f"{{ systemHealth(range: {RANGE}) {{ overview {{ requests errorRate uptime latency {{ p95 }} }} }} }}"
    )
    assert answered.data["systemHealth"]["overview"] == {
        "requests": 0,
        "errorRate": None,
        "uptime": None,
        "latency": {"p95": None},
    }


async def test_one_part_that_fails_leaves_the_others_and_says_where(api: Api) -> None:
    await api.store(demo_events())
    answered = await api.ask(
        f"""{{ systemHealth(range: {RANGE}) {{
          overview {{ requests }}
          api {{ byEndpoint(first: 5000) {{ totalGroups }} }}
          meta {{ servedBy }} }} }}"""
    )
    assert answered.codes == ["PAGE_TOO_LARGE"]
    assert answered.error["path"] == ["systemHealth", "api", "byEndpoint"]
    found = answered.body["data"]["systemHealth"]
    assert found["overview"]["requests"] > 0 and found["api"] == {"byEndpoint": None}
    assert found["meta"]["servedBy"] == ["rollup:quarter_hour", "tail"]


async def test_what_is_not_selected_is_not_read(api: Api) -> None:
    await api.ask(f"{{ systemHealth(range: {RANGE}) {{ overview {{ requests }} }} }}")
    assert [sorted(key.kind for key in read.measures) for read in api.reads] == [["count"]]
    api.reads.clear()
    await api.ask(f"{{ systemHealth(range: {RANGE}) {{ meta {{ asOf servedBy }} }} }}")
    assert api.reads == []
