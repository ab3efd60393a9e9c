"""Alert configs through the API: made, refused with reasons, changed, exported and imported."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.api.alerting import ALERTS, CONFIG, CREATE, create, fire, input_of, tick
from tests.api.conftest import Api

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "alerts.md"
UPDATE = """mutation ($input: UpdateAlertConfigInput!) { updateAlertConfig(input: $input) {
  alertConfig { id name threshold enabled version updatedBy window } userErrors { field code message } } }"""
DELETE = """mutation ($input: DeleteAlertConfigInput!) { deleteAlertConfig(input: $input) {
  deletedId userErrors { code } } }"""
LIST = """query ($first: Int! = 100, $after: String) { alertConfigs(first: $first, after: $after) {
  nodes { name problem evaluatedAt states { phase value group { dimension value } } }
  pageInfo { hasNextPage endCursor } } }"""
IMPORT = """mutation ($input: ImportAlertConfigsInput!) { importAlertConfigs(input: $input) {
  created updated userErrors { field code message } } }"""


async def test_the_config_of_the_manual_is_one(api: Api) -> None:
    (example,) = re.findall(r"```graphql\n(mutation.*?)```", MANUAL.read_text("utf-8"), re.DOTALL)
    made = (await api.ask(example)).data["createAlertConfig"]
    assert made["userErrors"] == []
    (kept,) = (await api.ask("{ exportAlertConfigs }")).data["exportAlertConfigs"]
    assert (kept["for"], kept["cooldown"], kept["every"]) == ("PT2M", "PT5M", "PT10S")


async def test_an_alert_shows_the_labels_and_the_runbook_of_its_config(api: Api) -> None:
    known = {"labels": {"team": "web"}, "runbookUrl": "https://wiki.example/slow"}
    id = await create(api, **known, **measure(groupBy=["source"]))
    await fire(api, source="shop")
    await api.ask(UPDATE, input={"id": id, "labels": {}, "runbookUrl": None})
    (alert,) = (await api.ask("{ alerts { nodes { labels runbookUrl } } }")).data["alerts"]["nodes"]
    assert alert["runbookUrl"] == "https://wiki.example/slow"
    assert alert["labels"] == {
        "team": "web",
        "alert": "slow",
        "config": id,
        "severity": "warning",
        "eventType": "api_request",
        "source": "shop",
    }


async def test_a_config_is_kept_with_its_defaults(api: Api) -> None:
    made = (await api.ask(CREATE, input=input_of())).data["createAlertConfig"]
    assert made["userErrors"] == []
    answered = await api.ask(
        """query ($id: ID!) { alertConfig(id: $id) { name severity enabled type threshold
        recoveryThreshold window for keepFiringFor cooldown every evaluationDelay completeBucketsOnly
        noData version createdBy labels
        measure { eventType aggregate of q filter groupBy } } }""",
        id=made["alertConfig"]["id"],
    )
    assert answered.data["alertConfig"] == {
        "name": "slow",
        "severity": "WARNING",
        "enabled": True,
        "type": "THRESHOLD_ABOVE",
        "threshold": 2.0,
        "recoveryThreshold": None,
        "window": "PT1M",
        "for": "PT0S",
        "keepFiringFor": "PT0S",
        "cooldown": "PT5M",
        "every": "PT1M",
        "evaluationDelay": "PT0S",
        "completeBucketsOnly": False,
        "noData": "NO_DATA",
        "version": 1,
        "createdBy": "test-admin",
        "labels": {},
        "measure": {
            "eventType": "api_request",
            "aggregate": "COUNT",
            "of": None,
            "q": None,
            "filter": None,
            "groupBy": [],
        },
    }


def measure(**changes: Any) -> dict[str, Any]:
    return {"measure": {**CONFIG["measure"], **changes}}


@pytest.mark.parametrize(
    ("changes", "path", "code", "says"),
    [
        ({"name": " "}, "name", "INVALID_TEXT", "1 to 200"),
        ({"threshold": None}, "threshold", "REQUIRED", "number"),
        ({"type": "ANOMALY", "threshold": 1}, "threshold", "INVALID_ALERT_CONFIG", "below 1"),
        ({"type": "ANOMALY", "threshold": 0}, "threshold", "INVALID_ALERT_CONFIG", "above 0"),
        ({"type": "ANOMALY", "threshold": 7}, "threshold", "INVALID_ALERT_CONFIG", "below 1"),
        (
            {"type": "RATE_OF_CHANGE", "threshold": -1},
            "threshold",
            "INVALID_ALERT_CONFIG",
            "below 0",
        ),
        ({"window": "PT5S"}, "window", "INVALID_DURATION", "PT1M to P31D"),
        ({"window": "P1M"}, "window", "INVALID_DURATION", "months"),
        ({"for": "soon"}, "for", "INVALID_DURATION", "PT15M"),
        ({"every": "PT1S"}, "every", "INVALID_DURATION", "PT10S"),
        ({"recoveryThreshold": 3}, "recoveryThreshold", "INVALID_ALERT_CONFIG", "at most"),
        ({"runbookUrl": "javascript:1"}, "runbookUrl", "INVALID_URL", "https://"),
        ({"labels": ["a"]}, "labels", "INVALID_OBJECT", "object"),
        (measure(eventType="api_requests"), "measure.eventType", "UNKNOWN_EVENT_TYPE", "order"),
        (measure(groupBy=["endpint"]), "measure.groupBy", "UNKNOWN_DIMENSION", "endpoint"),
        (
            measure(filter={"dimension": "color", "eq": "red"}),
            "measure.filter",
            "UNKNOWN_DIMENSION",
            "statusCode",
        ),
        (measure(aggregate="SUM"), "measure.of", "REQUIRED", "durationMs"),
        (measure(aggregate="SUM", of="price"), "measure.of", "UNKNOWN_MEASURE", "durationMs"),
        (
            measure(aggregate="QUANTILE", of="durationMs", q=95),
            "measure.q",
            "INVALID_QUANTILE",
            "from 0 to 1",
        ),
    ],
)
async def test_what_is_wrong_is_named_with_what_is_valid(
    api: Api, changes: dict[str, Any], path: str, code: str, says: str
) -> None:
    made = (await api.ask(CREATE, input=input_of(**changes))).data["createAlertConfig"]
    (error,) = made["userErrors"]
    assert made["alertConfig"] is None
    assert (error["field"], error["code"]) == (["input", *path.split(".")], code)
    assert says in error["message"]


async def test_every_problem_of_a_config_is_listed_at_once(api: Api) -> None:
    wrong = input_of(name="", threshold=None, window="x", **measure(groupBy=["nope"]))
    made = (await api.ask(CREATE, input=wrong)).data["createAlertConfig"]
    assert {error["field"][-1] for error in made["userErrors"]} == {
        "name",
        "threshold",
        "window",
        "groupBy",
    }


async def test_names_are_unique(api: Api) -> None:
    await create(api)
    again = (await api.ask(CREATE, input=input_of())).data["createAlertConfig"]
    assert [error["code"] for error in again["userErrors"]] == ["NAME_TAKEN"]


async def test_an_update_changes_what_it_names_and_is_audited(api: Api) -> None:
    id = await create(api)
    answered = await api.ask(UPDATE, input={"id": id, "threshold": 9, "enabled": False})
    changed = answered.data["updateAlertConfig"]["alertConfig"]
    assert (changed["threshold"], changed["enabled"], changed["version"]) == (9.0, False, 2)
    assert (changed["name"], changed["window"]) == ("slow", "PT1M")
    rows = await api.pool.fetch(
        "SELECT subject, action, before, after FROM audit_log WHERE object_id = $1 ORDER BY id", id
    )
    assert [(row["subject"], row["action"]) for row in rows] == [
        ("test-admin", "create"),
        ("test-admin", "update"),
    ]
    before, after = json.loads(rows[1]["before"]), json.loads(rows[1]["after"])
    assert (before["threshold"], after["threshold"]) == (2.0, 9.0)
    missing = await api.ask(UPDATE, input={"id": "0" * 32, "threshold": 9})
    (error,) = missing.data["updateAlertConfig"]["userErrors"]
    assert error["code"] == "ALERT_CONFIG_NOT_FOUND"


@pytest.mark.parametrize(
    ("changes", "ended"),
    [({"enabled": False}, True), ({"window": "PT2M"}, True), ({"threshold": 1}, False)],
)
async def test_alerts_end_with_what_they_watch(
    api: Api, changes: dict[str, Any], ended: bool
) -> None:
    id = await create(api)
    await fire(api)
    await api.ask(UPDATE, input={"id": id, **changes})
    (alert,) = (await api.ask(ALERTS)).data["alerts"]["nodes"]
    assert (alert["status"] == "RESOLVED") is ended


async def test_a_deleted_config_leaves_the_history_of_its_alerts(api: Api) -> None:
    id = await create(api)
    await fire(api)
    assert (await api.ask(DELETE, input={"id": id})).data["deleteAlertConfig"]["deletedId"] == id
    (alert,) = (await api.ask(ALERTS)).data["alerts"]["nodes"]
    assert (alert["status"], alert["resolution"]) == ("RESOLVED", "the config was deleted")
    again = (await api.ask(DELETE, input={"id": id})).data["deleteAlertConfig"]
    assert [error["code"] for error in again["userErrors"]] == ["ALERT_CONFIG_NOT_FOUND"]
    assert (await tick(api, minutes=1)).evaluated == 0


async def test_configs_are_listed_by_name_with_where_their_groups_stand(api: Api) -> None:
    for name in ("c", "a", "b"):
        await create(api, name=name, **measure(groupBy=["source"]))
    await fire(api, source="shop")
    first = (await api.ask(LIST, first=2)).data["alertConfigs"]
    assert [node["name"] for node in first["nodes"]] == ["a", "b"]
    (state,) = first["nodes"][0]["states"]
    assert (state["phase"], state["value"]) == ("FIRING", 3.0)
    assert state["group"] == [{"dimension": "source", "value": "shop"}]
    rest = (await api.ask(LIST, first=2, after=first["pageInfo"]["endCursor"])).data
    assert [node["name"] for node in rest["alertConfigs"]["nodes"]] == ["c"]
    assert rest["alertConfigs"]["pageInfo"]["hasNextPage"] is False


async def test_an_export_is_imported_as_it_was(api: Api) -> None:
    await create(api, name="one", labels={"team": "web"}, **{"for": "PT3M"})
    filter = {
        "not": {"or": [{"dimension": "source", "eq": "a"}, {"dimension": "source", "isNull": True}]}
    }
    await create(api, name="two", severity="CRITICAL", **measure(filter=filter))
    exported = (await api.ask("{ exportAlertConfigs }")).data["exportAlertConfigs"]
    assert [each["name"] for each in exported] == ["one", "two"]
    changed = [{**exported[0], "threshold": 7.0}, {**exported[1], "name": "three"}]
    done = (await api.ask(IMPORT, input={"configs": changed})).data["importAlertConfigs"]
    assert done == {"created": 1, "updated": 1, "userErrors": []}
    after = (await api.ask("{ exportAlertConfigs }")).data["exportAlertConfigs"]
    assert after == [changed[0], changed[1], exported[1]]


async def test_an_import_with_one_mistake_changes_nothing(api: Api) -> None:
    good = {**CONFIG, "name": "good"}
    wrong = {**CONFIG, "name": "wrong", "severity": "LOUD", "colour": "red"}
    for configs, field in (
        ([good, wrong], ["input", "configs", "1"]),
        ([good, good], ["input", "configs"]),
        ({"a": 1}, ["input", "configs"]),
    ):
        done = (await api.ask(IMPORT, input={"configs": configs})).data["importAlertConfigs"]
        (error,) = done["userErrors"]
        assert error["field"][: len(field)] == field
    assert (await api.ask("{ exportAlertConfigs }")).data["exportAlertConfigs"] == []
