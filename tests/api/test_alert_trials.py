"""Configs tried out: a dry run keeps nothing, a backtest says what the engine would have done."""

import random
from datetime import timedelta
from typing import Any

import pytest

from tests.api.alerting import ALERTS, CONFIG, create, requests, tick
from tests.api.conftest import Api

TRY = """mutation ($input: TestAlertConfigInput!) { testAlertConfig(input: $input) {
  at groups { value compared fromPhase toPhase wouldNotify reason group { dimension value } }
  userErrors { field code message } } }"""
BACKTEST = """mutation ($input: BacktestAlertConfigInput!) { backtestAlertConfig(input: $input) {
  alerts { firedAt resolvedAt value reason group { value } } notices evaluations step
  warnings { code } userErrors { field code message } } }"""


async def tried(api: Api, **input: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await api.ask(TRY, input=input)).data["testAlertConfig"]
    return found


async def backtested(api: Api, config: dict[str, Any], minutes: int) -> dict[str, Any]:
    start = (api.now - timedelta(minutes=minutes)).isoformat()
    between = {"between": {"from": start, "to": api.now.isoformat()}}
    answered = await api.ask(BACKTEST, input={"config": config, "range": between})
    found: dict[str, Any] = answered.data["backtestAlertConfig"]
    return found


async def test_a_dry_run_shows_value_and_state_and_keeps_nothing(api: Api) -> None:
    await requests(api, 3)
    found = await tried(api, config=CONFIG)
    assert found["at"] == "2026-03-10T12:07:00Z"
    (group,) = found["groups"]
    assert (group["value"], group["fromPhase"], group["toPhase"]) == (3.0, "OK", "FIRING")
    assert group["wouldNotify"] is True
    assert group["reason"] == "count of api_request over PT1M is 3, above 2"
    for table in ("alert_configs", "alert_states", "alerts", "alert_history"):
        assert await api.pool.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_a_dry_run_of_a_kept_config_goes_on_from_where_it_stands(api: Api) -> None:
    id = await create(api)
    await requests(api, 3)
    await tick(api)
    (group,) = (await tried(api, id=id))["groups"]
    assert (group["fromPhase"], group["toPhase"], group["wouldNotify"]) == (
        "FIRING",
        "FIRING",
        False,
    )
    (changed,) = (await tried(api, id=id, config={"threshold": 5}))["groups"]
    assert changed["toPhase"] == "OK"


async def test_a_dry_run_of_a_wrong_config_says_what_is_wrong(api: Api) -> None:
    found = await tried(api, config={**CONFIG, "threshold": None})
    assert [error["code"] for error in found["userErrors"]] == ["REQUIRED"]
    assert [error["code"] for error in (await tried(api))["userErrors"]] == ["REQUIRED"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"for": "PT2M", "keepFiringFor": "PT1M"},
        {"recoveryThreshold": 0, "window": "PT3M", "threshold": 6},
        {"type": "RATE_OF_CHANGE", "threshold": 50, "direction": "UP"},
        {"measure": {"eventType": "api_request", "aggregate": "COUNT", "groupBy": ["source"]}},
        {"type": "THRESHOLD_BELOW", "threshold": 1, "evaluationDelay": "PT2M"},
        {
            "measure": {"eventType": "api_request", "aggregate": "AVG", "of": "durationMs"},
            "threshold": 55,
        },
    ],
)
async def test_a_backtest_is_what_the_engine_did(api: Api, changes: dict[str, Any]) -> None:
    chance, end = random.Random(7), api.now
    config = {**CONFIG, "cooldown": "PT3M", **changes}
    for minute in range(70):
        at = (end - timedelta(minutes=minute, seconds=-30)).isoformat()
        await api.store(
            {
                "type": "api_request",
                "occurredAt": at,
                "source": chance.choice("ab"),
                "durationMs": chance.randrange(100),
            }
            for _ in range(chance.choice([0, 1, 3, 5]))
        )
    api.now = end - timedelta(minutes=40)
    await create(api, **config)
    for _ in range(40):
        await tick(api, minutes=1)
    said = await backtested(api, config, 40)
    page = (await api.ask(ALERTS)).data["alerts"]["nodes"]
    was = [(each["triggeredAt"], each["value"], each["group"]) for each in page]
    would = [(each["firedAt"], each["value"], each["group"]) for each in said["alerts"]]
    assert len(was) >= 1
    assert sorted(would, key=str) == sorted(
        ((at, value, [{"value": g["value"]} for g in group]) for at, value, group in was), key=str
    )
    told = await api.pool.fetchval("SELECT count(*) FROM alert_history WHERE notice = 'send'")
    assert (said["notices"], said["step"]) == (told, "PT1M")


async def test_a_backtest_costs_one_statement_however_long(api: Api) -> None:
    await requests(api, 3)
    await backtested(api, CONFIG, 60)
    counts = []
    for minutes in (60, 1_440):
        before = len(api.statements)
        assert (await backtested(api, CONFIG, minutes))["evaluations"] == minutes
        counts.append(len(api.statements) - before)
    assert counts[0] == counts[1] <= 2


async def test_a_backtest_of_too_much_is_refused_with_the_limit(api: Api) -> None:
    found = await backtested(api, CONFIG, 60 * 24 * 30)
    assert [(error["field"], error["code"]) for error in found["userErrors"]] == [
        (["input", "range"], "BACKTEST_TOO_LONG")
    ]
    groups = {"measure": {**CONFIG["measure"], "groupBy": ["source"]}}
    for number in range(51):
        await requests(api, 1, source=f"s{number}")
    found = await backtested(api, {**CONFIG, **groups}, 60)
    assert [error["code"] for error in found["userErrors"]] == ["BACKTEST_TOO_WIDE"]


async def test_an_anomaly_is_found_in_a_backtest_and_explained(api: Api) -> None:
    chance = random.Random(3)
    hours = 24 * 30
    events = []
    for hour in range(hours):
        at = (api.now - timedelta(hours=hour, minutes=20)).isoformat()
        count = 60 if hour in (10, 11, 12) else chance.randrange(8, 12)
        events += [{"type": "api_request", "occurredAt": at} for _ in range(count)]
    await api.store(events)
    config = {**CONFIG, "type": "ANOMALY", "threshold": None, "window": "PT1H", "direction": "UP"}
    said = await backtested(api, config, 60 * 48)
    (alert,) = said["alerts"]
    assert alert["value"] == 60.0
    assert "expected about" in alert["reason"]
    id = await create(api, **config)
    await tick(api)
    (group,) = (await tried(api, id=id))["groups"]
    assert group["toPhase"] == "OK"
    assert await api.pool.fetchval("SELECT length(detector) > 0 FROM alert_states")
