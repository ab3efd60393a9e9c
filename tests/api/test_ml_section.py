"""Machine-learning pipelines over HTTP, against a brute-force count of the same events."""

from decimal import Decimal
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

FIGURES = "jobs failed succeeded successRate duration { avg p50 p95 p99 } cost jobsWithCost avgCost"


def expected(events: list[Sent]) -> dict[str, Any]:
    failed, lengths, costs = errors(events), numbers(events, "durationMs"), numbers(events, "cost")
    return {
        "jobs": len(events),
        "failed": failed,
        "succeeded": len(events) - failed,
        "successRate": (len(events) - failed) / len(events) if events else None,
        "duration": {
            "avg": pytest.approx(mean(lengths), rel=1e-12),
            **{
                name: pytest.approx(quantile(lengths, q), rel=0.01)
                for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
            },
        },
        "cost": str(sum(costs)) if costs else None,
        "jobsWithCost": len(costs),
        "avgCost": pytest.approx(mean(costs), rel=1e-12) if costs else None,
    }


def of_pipeline(events: list[Sent], name: str, stage: str | None = None) -> list[Sent]:
    return [
        each
        for each in events
        if each["properties"]["pipeline"] == name
        and (stage is None or each["properties"].get("stage") == stage)
    ]


async def test_every_pipeline_stage_and_provider_agrees_with_the_events(api: Api) -> None:
    sent = demo_events()
    await api.store(sent)
    answered = await api.ask(
        f"""{{ mlPipelines(range: {RANGE}) {{
          overview {{ ...F }}
          generation3d {{ overview {{ ...F }} providers {{ rows {{ key jobs cost }} }} }}
          descriptions {{ overview {{ ...F }} }}
          assets {{
            overview {{ ...F }} stages {{ rows {{ key jobs }} }}
            ingestion {{ overview {{ ...F }} }}
            versioning {{ overview {{ ...F }} }}
            approval {{ overview {{ ...F }} }}
          }}
          pipelines {{ rows {{ key jobs }} }}
          providers {{ rows {{ key {FIGURES} }} }}
          meta {{ warnings {{ code }} }} }} }}
        fragment F on JobsOverview {{ {FIGURES} }}"""
    )
    found, jobs = answered.data["mlPipelines"], on_day(sent, 9, "ml_job")
    assert found["overview"] == expected(jobs)
    for name in ("generation3d", "descriptions", "assets"):
        assert found[name]["overview"] == expected(of_pipeline(jobs, name)), name
    for stage in ("ingestion", "versioning", "approval"):
        assert found["assets"][stage]["overview"] == expected(of_pipeline(jobs, "assets", stage))
    rows = {row.pop("key"): row for row in found["providers"]["rows"]}
    assert rows == {
        key: expected(each) for key, each in grouped(jobs, lambda e: e.get("provider")).items()
    }
    assert rows[None]["cost"] is None and rows[None]["jobsWithCost"] == 0
    in_3d = grouped(of_pipeline(jobs, "generation3d"), lambda e: e.get("provider"))
    assert {
        row["key"]: Decimal(row["cost"]) for row in found["generation3d"]["providers"]["rows"]
    } == {key: sum(numbers(each, "cost")) for key, each in in_3d.items()}
    assert found["meta"]["warnings"] == []
    assert len(api.reads) == 11


async def test_only_the_jobs_of_the_named_providers_count_even_by_stage(api: Api) -> None:
    sent = demo_events()
    at = [
        {**each, "provider": "Gemini"} if each["properties"].get("stage") == "approval" else each
        for each in sent
    ]
    await api.store(at)
    answered = await api.ask(
        f"""{{ mlPipelines(range: {RANGE}, providers: ["Gemini", "Tripo"]) {{
          overview {{ {FIGURES} }}
          assets {{ approval {{ overview {{ jobs }} }} ingestion {{ overview {{ jobs }} }} }}
          descriptions {{ overview {{ jobs cost }} }}
          timeseries(granularity: HOUR) {{ series {{ columns {{ jobs cost duration {{ p50 }} }} }} }}
          byProvider: timeseries(granularity: DAY, by: PROVIDER) {{
            series {{ key columns {{ jobs successRate }} }} }}
          meta {{ servedBy }} }} }}"""
    )
    found = answered.data["mlPipelines"]
    jobs = [each for each in on_day(at, 9, "ml_job") if each.get("provider") in ("Gemini", "Tripo")]
    assert found["overview"] == expected(jobs)
    assert found["assets"]["approval"]["overview"]["jobs"] == len(of_pipeline(jobs, "assets"))
    assert found["assets"]["ingestion"]["overview"]["jobs"] == 0
    described = of_pipeline(jobs, "descriptions")
    assert found["descriptions"]["overview"]["jobs"] == len(described)
    shown = {each["key"]: each["columns"] for each in found["byProvider"]["series"]}
    assert shown == {
        key: {"jobs": [len(each)], "successRate": [1 - errors(each) / len(each)]}
        for key, each in grouped(jobs, lambda e: e["provider"]).items()
    }
    columns = found["timeseries"]["series"][0]["columns"]
    assert sum(columns["jobs"]) == len(jobs)
    assert sum(cost or 0 for cost in columns["cost"]) == pytest.approx(
        float(sum(numbers(jobs, "cost")))
    )
    assert "raw" not in found["meta"]["servedBy"]


async def test_an_unknown_cost_is_null_and_never_nothing(api: Api) -> None:
    jobs = [
        {"id": f"j{n}", "type": "ml_job", "occurredAt": "2026-03-09T10:00:00Z", "provider": name}
        | ({} if cost is None else {"cost": cost})
        for n, (name, cost) in enumerate([("Tripo", None), ("Gemini", 0), ("Replicate", "0.25")])
    ]
    await api.store(jobs)
    answered = await api.ask(
        f"""{{ mlPipelines(range: {RANGE}, compareTo: {{}}) {{
          overview {{ cost jobsWithCost previous {{ cost jobsWithCost }} change {{ cost }} }}
          providers {{ rows {{ key cost jobsWithCost previous {{ cost jobsWithCost }} }} }} }} }}"""
    )
    found = answered.data["mlPipelines"]
    nothing = {"cost": None, "jobsWithCost": 0}
    assert found["overview"] == {
        "cost": "0.25",
        "jobsWithCost": 2,
        "previous": nothing,
        "change": {"cost": None},
    }
    assert {
        row["key"]: (row["cost"], row["jobsWithCost"]) for row in found["providers"]["rows"]
    } == {
        "Tripo": (None, 0),
        "Gemini": ("0", 1),
        "Replicate": ("0.25", 1),
    }
    assert [row["previous"] for row in found["providers"]["rows"]] == [nothing] * 3


async def test_no_provider_at_all_is_refused(api: Api) -> None:
    answered = await api.ask(
        f"{{ mlPipelines(range: {RANGE}, providers: []) {{ overview {{ jobs }} }} }}"
    )
    assert answered.codes == ["INVALID_FILTER"]
    assert answered.body["data"] == {"mlPipelines": None}
