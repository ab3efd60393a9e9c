"""Alerts through the API: listed, acknowledged by one of many, resolved, commented, silenced, audited."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.api.alerting import ALERTS, create, fire, requests, tick
from tests.api.conftest import Api

ACKNOWLEDGE = """mutation ($input: AcknowledgeAlertsInput!) { acknowledgeAlerts(input: $input) {
  results { id outcome alert { status acknowledgedBy } } userErrors { field code } } }"""
RESOLVE = """mutation ($input: ResolveAlertInput!) { resolveAlert(input: $input) {
  alert { status resolvedBy resolution } userErrors { field code } } }"""
COMMENT = """mutation ($input: CommentAlertInput!) { commentAlert(input: $input) {
  alert { history { event subject reason } } userErrors { field code } } }"""
SILENCE = """mutation ($input: SilenceInput!) { silenceAlerts(input: $input) {
  silence { id endsAt matchers { label values } createdBy } userErrors { field code message } } }"""
EXPIRE = """mutation ($input: ExpireSilenceInput!) { expireSilence(input: $input) {
  silence { expiredBy } userErrors { code } } }"""
NOBODY = "00000000-0000-7000-8000-000000000000"


async def listed(api: Api, **filters: Any) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = (await api.ask(ALERTS, **filters)).data["alerts"]["nodes"]
    return nodes


async def test_an_alert_says_what_happened(api: Api) -> None:
    await create(api)
    await fire(api)
    (alert,) = await listed(api)
    assert (alert["status"], alert["value"], alert["threshold"]) == ("FIRING", 3.0, 2.0)
    assert alert["reason"] == "count of api_request over PT1M is 3, above 2"
    assert alert["triggeredAt"] == "2026-03-10T12:07:00Z"
    assert [each["event"] for each in alert["history"]] == ["FIRED"]
    await tick(api, minutes=1)
    (alert,) = await listed(api)
    assert (alert["status"], alert["resolvedBy"]) == ("RESOLVED", None)
    assert alert["resolution"] == "count of api_request over PT1M is 0, not above 2"
    assert [each["notice"] for each in alert["history"]] == ["SEND", "COOLDOWN"]


async def test_alerts_are_filtered_and_paged_the_newest_first(api: Api) -> None:
    ids = [
        await create(api, name=name, severity=severity)
        for name, severity in (("a", "INFO"), ("b", "WARNING"), ("c", "CRITICAL"))
    ]
    await fire(api)
    assert [each["name"] for each in await listed(api, severity=["INFO"])] == ["a"]
    assert [each["name"] for each in await listed(api, configIds=[ids[1]])] == ["b"]
    assert await listed(api, status=["RESOLVED"]) == []
    assert len(await listed(api, range={"last": "PT1H"})) == 3
    assert await listed(api, range={"preset": "YESTERDAY"}) == []
    seen, after = [], None
    for _ in range(3):
        page = (await api.ask(ALERTS, first=1, after=after)).data["alerts"]
        seen += [node["name"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert sorted(seen) == ["a", "b", "c"]
    assert page["pageInfo"]["hasNextPage"] is False


async def test_active_alerts_are_those_that_are_not_over(api: Api) -> None:
    active = "{ activeAlerts { nodes { name } } }"
    await create(api)
    await fire(api)
    assert (await api.ask(active, role="ops_viewer")).data["activeAlerts"]["nodes"] == [
        {"name": "slow"}
    ]
    await tick(api, minutes=1)
    assert (await api.ask(active)).data["activeAlerts"]["nodes"] == []


async def test_many_alerts_are_acknowledged_each_with_its_own_outcome(api: Api) -> None:
    await create(api, name="a")
    await create(api, name="b")
    await fire(api)
    first, second = [each["id"] for each in await listed(api)]
    await api.ask(ACKNOWLEDGE, input={"ids": [first]})
    answered = await api.ask(ACKNOWLEDGE, input={"ids": [first, NOBODY, second]})
    results = answered.data["acknowledgeAlerts"]["results"]
    assert [each["outcome"] for each in results] == [
        "ALREADY_ACKNOWLEDGED",
        "NOT_FOUND",
        "ACKNOWLEDGED",
    ]
    assert results[2]["alert"] == {"status": "ACKNOWLEDGED", "acknowledgedBy": "test-admin"}
    wrong = await api.ask(ACKNOWLEDGE, input={"ids": ["x"]})
    assert wrong.data["acknowledgeAlerts"]["userErrors"] == [
        {"field": ["input", "ids"], "code": "INVALID_ID"}
    ]


async def test_of_those_who_race_to_acknowledge_one_wins_and_the_history_is_linear(
    api: Api,
) -> None:
    await create(api)
    await fire(api)
    (alert,) = await listed(api)
    answers = await asyncio.gather(
        *(api.ask(ACKNOWLEDGE, input={"ids": [alert["id"]]}) for _ in range(12))
    )
    outcomes = [answer.data["acknowledgeAlerts"]["results"][0]["outcome"] for answer in answers]
    assert sorted(outcomes) == ["ACKNOWLEDGED"] + ["ALREADY_ACKNOWLEDGED"] * 11
    (alert,) = await listed(api)
    assert [each["event"] for each in alert["history"]] == ["FIRED", "ACKNOWLEDGED"]
    cursors = [each["cursor"] for each in alert["history"]]
    assert cursors == sorted(cursors)


async def test_an_acknowledged_alert_still_ends_by_itself(api: Api) -> None:
    await create(api)
    await fire(api)
    (alert,) = await listed(api)
    await api.ask(ACKNOWLEDGE, input={"ids": [alert["id"]]})
    await tick(api, minutes=1)
    (alert,) = await listed(api)
    assert (alert["status"], alert["acknowledgedBy"]) == ("RESOLVED", "test-admin")


async def test_an_alert_resolved_by_hand_fires_again_while_its_condition_holds(api: Api) -> None:
    await create(api)
    await fire(api)
    (alert,) = await listed(api)
    done = await api.ask(RESOLVE, input={"id": alert["id"], "comment": "restarted it"})
    assert done.data["resolveAlert"]["alert"] == {
        "status": "RESOLVED",
        "resolvedBy": "test-admin",
        "resolution": "restarted it",
    }
    again = (await api.ask(RESOLVE, input={"id": alert["id"]})).data["resolveAlert"]
    assert [error["code"] for error in again["userErrors"]] == ["ALREADY_RESOLVED"]
    await requests(api, 3, minutes=-0.5)
    await tick(api, minutes=1)
    assert [each["status"] for each in await listed(api)] == ["FIRING", "RESOLVED"]
    missing = (await api.ask(RESOLVE, input={"id": NOBODY})).data["resolveAlert"]
    assert [error["code"] for error in missing["userErrors"]] == ["ALERT_NOT_FOUND"]


async def test_comments_stand_in_the_history_and_all_is_audited(api: Api) -> None:
    await create(api)
    await fire(api)
    (alert,) = await listed(api)
    said = await api.ask(COMMENT, input={"id": alert["id"], "text": "looking"})
    assert said.data["commentAlert"]["alert"]["history"][-1] == {
        "event": "COMMENTED",
        "subject": "test-admin",
        "reason": "looking",
    }
    await api.ask(ACKNOWLEDGE, input={"ids": [alert["id"]]})
    await api.ask(RESOLVE, input={"id": alert["id"]})
    rows = await api.pool.fetch(
        "SELECT action FROM audit_log WHERE object_id = $1 ORDER BY id", alert["id"]
    )
    assert [row["action"] for row in rows] == ["comment", "acknowledge", "resolve"]


def silence(api: Api, minutes: int = 3, **changes: Any) -> dict[str, Any]:
    until = (api.now + timedelta(minutes=minutes)).isoformat()
    given = {"matchers": [{"label": "alert", "values": ["slow"]}], "until": until}
    return {**given, "comment": "maintenance", **changes}


async def test_a_silence_holds_notices_back_until_it_ends(api: Api) -> None:
    await create(api, cooldown="PT0S")
    made = (await api.ask(SILENCE, input=silence(api))).data["silenceAlerts"]
    assert (made["userErrors"], made["silence"]["createdBy"]) == ([], "test-admin")
    for minute in range(5):
        await requests(api, 3, minutes=0.5)
        await tick(api)
        api.now += timedelta(minutes=1)
        (alert,) = await listed(api)
        notices = [each["notice"] for each in alert["history"]]
        assert notices == (["SILENCED"] if minute < 3 else ["SILENCED", "SEND"])
    kept = await api.pool.fetch(
        "SELECT reason FROM alert_outbox WHERE channel = 'in_app' ORDER BY id"
    )
    assert [row["reason"] for row in kept] == ["silenced", None]


async def test_a_silence_of_others_holds_nothing_back_and_one_ended_early_neither(
    api: Api,
) -> None:
    await create(api)
    other = silence(api, matchers=[{"label": "severity", "values": ["critical", "info"]}])
    await api.ask(SILENCE, input=other)
    made = (await api.ask(SILENCE, input=silence(api))).data["silenceAlerts"]["silence"]
    ended = (await api.ask(EXPIRE, input={"id": made["id"]})).data["expireSilence"]
    assert ended["silence"] == {"expiredBy": "test-admin"}
    again = (await api.ask(EXPIRE, input={"id": made["id"]})).data["expireSilence"]
    assert [error["code"] for error in again["userErrors"]] == ["SILENCE_NOT_FOUND"]
    await fire(api)
    (alert,) = await listed(api)
    assert [each["notice"] for each in alert["history"]] == ["SEND"]
    shown = (await api.ask("{ silences { comment matchers { label } } }")).data["silences"]
    assert len(shown) == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"matchers": []}, "matchers"),
        ({"matchers": [{"label": "alert", "values": []}]}, "matchers"),
        ({"until": "2026-03-10T12:00:00Z"}, "until"),
        ({"until": "2030-03-10T12:00:00Z"}, "until"),
        ({"comment": " "}, "comment"),
    ],
)
async def test_a_silence_that_cannot_be_meant_is_refused(
    api: Api, changes: dict[str, Any], field: str
) -> None:
    made = (await api.ask(SILENCE, input=silence(api, **changes))).data["silenceAlerts"]
    assert made["silence"] is None
    assert [error["field"] for error in made["userErrors"]] == [["input", field]]
