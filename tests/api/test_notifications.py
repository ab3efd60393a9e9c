"""Notifications over the API: the own list, explanations, preferences, routes, who may do what."""

from datetime import timedelta
from typing import Any

import pytest

from domain.notifications import Reason
from domain.recipients import Channel, Route
from tests.api.conftest import Api
from tests.desk import CRITICAL, WARNING, Desk

PHONE = "+4915112345678"
SET_PREFERENCES = """
mutation ($input: NotificationPreferencesInput!) {
  setNotificationPreferences(input: $input) {
    preferences {
      recipient minSeverity inApp members addresses { channel address }
      quietHours { start end timeZone holdCritical }
    }
    userErrors { field code message }
  }
}"""
SET_ROUTES = """
mutation ($routes: [NotificationRouteInput!]!) {
  setNotificationRoutes(input: { routes: $routes }) {
    routes { severity channel recipient after repeatEvery }
    userErrors { field code message }
  }
}"""
STATUSES = {
    **dict.fromkeys((Reason.DUE, Reason.QUIET_HOURS, Reason.RATE_LIMIT), "pending"),
    **dict.fromkeys((Reason.RETRYING, Reason.UNKNOWN), "pending"),
    **dict.fromkeys((Reason.REFUSED, Reason.GAVE_UP), "dead"),
    **dict.fromkeys((Reason.DELIVERED, Reason.MAYBE_TWICE), "delivered"),
}
LIST = """{ notifications {
  unread nodes { id event name severity readAt value threshold } pageInfo { hasNextPage }
} }"""


@pytest.fixture
async def desk(api: Api) -> Desk:
    return Desk(api.pool, None, None, None, None, None, {}, api.now)  # type: ignore[arg-type]


async def test_preferences_are_kept_shown_and_audited(api: Api) -> None:
    wanted = {
        "addresses": [{"channel": "EMAIL", "address": "anna@example.com"}],
        "minSeverity": "WARNING",
        "quietHours": {"start": "22:00", "end": "07:30", "timeZone": "Europe/Berlin"},
    }
    answered = await api.ask(SET_PREFERENCES, "ops_viewer", input=wanted)
    payload = answered.data["setNotificationPreferences"]
    assert payload["userErrors"] == []
    assert payload["preferences"] == {
        "recipient": "user:test-ops_viewer",
        "minSeverity": "WARNING",
        "inApp": True,
        "members": [],
        "addresses": [{"channel": "EMAIL", "address": "anna@example.com"}],
        "quietHours": {
            "start": "22:00",
            "end": "07:30",
            "timeZone": "Europe/Berlin",
            "holdCritical": False,
        },
    }
    shown = await api.ask("{ notificationPreferences { minSeverity } }", "ops_viewer")
    assert shown.data["notificationPreferences"] == {"minSeverity": "WARNING"}
    audited = await api.pool.fetchrow("SELECT subject, action, object_id FROM audit_log")
    assert tuple(audited) == ("test-ops_viewer", "create", "user:test-ops_viewer")


@pytest.mark.parametrize(
    ("wanted", "field", "said"),
    [
        ({"addresses": [{"channel": "EMAIL", "address": "a b@x"}]}, "addresses", "name@example"),
        ({"addresses": [{"channel": "SMS", "address": "0151 123"}]}, "addresses", "+49"),
        ({"addresses": [{"channel": "WEBHOOK", "address": "ftp://x/y"}]}, "addresses", "https://"),
        ({"addresses": [{"channel": "IN_APP", "address": "x"}]}, "addresses", "inApp"),
        ({"members": ["ben"]}, "members", "Only a team"),
        (
            {"quietHours": {"start": "9 pm", "end": "07:00", "timeZone": "UTC"}},
            "quietHours",
            "00:00",
        ),
        (
            {"quietHours": {"start": "07:00", "end": "07:00", "timeZone": "UTC"}},
            "quietHours",
            "differ",
        ),
        (
            {"quietHours": {"start": "22:00", "end": "07:00", "timeZone": "Berlin"}},
            "quietHours",
            "Europe/Berlin",
        ),
    ],
)
async def test_what_could_never_be_delivered_is_refused(
    api: Api, wanted: dict[str, Any], field: str, said: str
) -> None:
    answered = await api.ask(SET_PREFERENCES, input=wanted)
    (problem,) = answered.data["setNotificationPreferences"]["userErrors"]
    assert problem["field"][:2] == ["input", field]
    assert said in problem["message"]
    assert await api.pool.fetchval("SELECT count(*) FROM notification_preferences") == 0


async def test_only_admins_set_the_preferences_of_others(api: Api) -> None:
    team = {"recipient": "team:ops", "members": ["test-ops_viewer"]}
    refused = await api.ask(SET_PREFERENCES, "ops_viewer", input=team)
    assert refused.codes == ["FORBIDDEN"]
    assert (await api.ask("{ notificationRecipients { recipient } }", "ops_viewer")).codes == [
        "FORBIDDEN"
    ]
    await api.ask(SET_PREFERENCES, input=team)
    listed = await api.ask("{ notificationRecipients { recipient members } }")
    assert listed.data["notificationRecipients"] == [
        {"recipient": "team:ops", "members": ["test-ops_viewer"]}
    ]
    forgotten = await api.ask(
        'mutation { deleteNotificationPreferences(input: { recipient: "team:ops" }) { deleted } }'
    )
    assert forgotten.data["deleteNotificationPreferences"] == {"deleted": True}


async def test_routes_are_replaced_as_a_whole_and_audited(api: Api) -> None:
    routes = [
        {"severity": "CRITICAL", "channel": "SMS", "recipient": PHONE, "after": "PT15M"},
        {"severity": "CRITICAL", "channel": "IN_APP", "recipient": "*", "repeatEvery": "PT1H"},
    ]
    answered = await api.ask(SET_ROUTES, routes=routes)
    assert answered.data["setNotificationRoutes"]["userErrors"] == []
    listed = await api.ask("{ notificationRoutes { channel recipient after repeatEvery } }")
    assert listed.data["notificationRoutes"] == [
        {"channel": "IN_APP", "recipient": "*", "after": "PT0S", "repeatEvery": "PT1H"},
        {"channel": "SMS", "recipient": PHONE, "after": "PT15M", "repeatEvery": None},
    ]
    assert (await api.ask("{ notificationRoutes { channel } }", "ops_viewer")).codes == [
        "FORBIDDEN"
    ]
    assert await api.pool.fetchval("SELECT object_type FROM audit_log") == "notification_routes"


@pytest.mark.parametrize(
    "wrong",
    [
        [{"severity": "INFO", "channel": "EMAIL", "recipient": "nobody"}],
        [{"severity": "INFO", "channel": "IN_APP", "recipient": "a@example.com"}],
        [{"severity": "INFO", "channel": "IN_APP", "recipient": "*", "repeatEvery": "PT1S"}],
        [{"severity": "INFO", "channel": "IN_APP", "recipient": "*"}] * 2,
    ],
)
async def test_routes_that_lead_nowhere_are_refused(api: Api, wrong: list[dict[str, str]]) -> None:
    answered = await api.ask(SET_ROUTES, routes=wrong)
    assert answered.data["setNotificationRoutes"]["routes"] is None
    assert len(answered.data["setNotificationRoutes"]["userErrors"]) == 1


async def test_in_app_shows_what_reader_and_team_are_told_until_read(api: Api, desk: Desk) -> None:
    await desk.route(
        Route(CRITICAL, Channel.IN_APP, "*"), Route(WARNING, Channel.IN_APP, "team:ops")
    )
    await desk.prefer("team:ops", members=("test-ops_viewer",))
    fired = await desk.fire("disk", CRITICAL)
    await desk.fire("queue", WARNING)
    await desk.end(fired)
    seen = (await api.ask(LIST, "ops_viewer")).data["notifications"]
    assert [(each["name"], each["event"]) for each in seen["nodes"]] == [
        ("disk", "RESOLVED"),
        ("queue", "FIRED"),
        ("disk", "FIRED"),
    ]
    assert seen["unread"] == 3
    assert len((await api.ask(LIST)).data["notifications"]["nodes"]) == 2
    mark = "mutation ($ids: [ID!]) { markNotificationsRead(input: { ids: $ids }) { unread } }"
    one = await api.ask(mark, "ops_viewer", ids=[seen["nodes"][0]["id"]])
    assert one.data["markNotificationsRead"] == {"unread": 2}
    left = await api.ask("{ notifications(unread: true) { nodes { name } } }", "ops_viewer")
    assert [each["name"] for each in left.data["notifications"]["nodes"]] == ["queue", "disk"]
    everything = await api.ask(mark, "ops_viewer", ids=None)
    assert everything.data["markNotificationsRead"] == {"unread": 0}
    assert (await api.ask(LIST)).data["notifications"]["unread"] == 2


async def test_pages_of_notifications_follow_each_other(api: Api, desk: Desk) -> None:
    await desk.route(Route(CRITICAL, Channel.IN_APP, "*"))
    for number in range(5):
        await desk.fire(f"a{number}")
    query = """query ($after: String) { notifications(first: 2, after: $after) {
      nodes { name } pageInfo { hasNextPage endCursor } } }"""
    seen: list[str] = []
    after, more = None, True
    while more:
        page = (await api.ask(query, after=after)).data["notifications"]
        seen += [each["name"] for each in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert seen == ["a4", "a3", "a2", "a1", "a0"]


async def test_preferences_hide_what_is_less_severe_in_app(api: Api, desk: Desk) -> None:
    await desk.route(*(Route(each, Channel.IN_APP, "*") for each in (WARNING, CRITICAL)))
    await desk.fire("queue", WARNING)
    await desk.fire("disk", CRITICAL)
    await desk.prefer("user:test-admin", min_severity=CRITICAL)
    seen = (await api.ask(LIST)).data["notifications"]
    assert ([each["name"] for each in seen["nodes"]], seen["unread"]) == (["disk"], 1)
    await desk.prefer("user:test-admin", in_app=False)
    assert (await api.ask(LIST)).data["notifications"]["nodes"] == []


async def test_an_alert_says_what_was_told_and_why_not(api: Api, desk: Desk) -> None:
    await desk.route(
        Route(CRITICAL, Channel.IN_APP, "*"), Route(CRITICAL, Channel.SMS, "user:anna")
    )
    alert = await desk.fire("disk")
    alerts = (
        "{ alerts { nodes { name notifications { channel recipient status reason sentAt } } } }"
    )
    (node,) = (await api.ask(alerts, "ops_viewer")).data["alerts"]["nodes"]
    assert [(each["channel"], each["status"]) for each in node["notifications"]] == [
        ("IN_APP", "DELIVERED"),
        ("SMS", "PENDING"),
    ]
    await desk.sweep()
    explain = """query ($id: ID!, $by: NotificationChannel, $to: String) {
      explainNotification(alertId: $id, channel: $by, recipient: $to) {
        explanation notification { status reason } } }"""
    (found,) = (await api.ask(explain, id=str(alert.id), by="SMS")).data["explainNotification"]
    assert found["notification"] == {"status": "SUPPRESSED", "reason": "NO_ADDRESS"}
    assert "no address" in found["explanation"]
    (none,) = (await api.ask(explain, id=str(alert.id), to="user:ben")).data["explainNotification"]
    assert (none["notification"], "No route" in none["explanation"]) == (None, True)


@pytest.mark.parametrize("reason", Reason)
async def test_every_state_of_a_notification_is_explained(
    api: Api, desk: Desk, reason: Reason
) -> None:
    await desk.route(Route(CRITICAL, Channel.EMAIL, "ops@example.com"))
    alert = await desk.fire("disk")
    status = STATUSES.get(reason, "suppressed")
    await api.pool.execute("UPDATE alert_outbox SET status = $1, reason = $2", status, reason)
    query = """query ($id: ID!) { explainNotification(alertId: $id) {
      explanation notification { status reason explanation } } }"""
    (found,) = (await api.ask(query, id=str(alert.id))).data["explainNotification"]
    shown = "UNKNOWN" if reason is Reason.UNKNOWN else status.upper()
    assert found["notification"] == {
        "status": shown,
        "reason": reason.name,
        "explanation": found["explanation"],
    }
    beginning = {"suppressed": "Not sent", "dead": "Given up", "delivered": "Delivered"}
    assert found["explanation"].startswith(beginning.get(status, ("It", "Held", "The last")))


async def test_a_page_of_alerts_asks_once_for_all_notifications(api: Api, desk: Desk) -> None:
    await desk.route(Route(CRITICAL, Channel.IN_APP, "*"))
    for number in range(4):
        await desk.fire(f"a{number}")
        desk.now += timedelta(minutes=1)
    api.statements.clear()
    await api.ask("{ alerts { nodes { notifications { status } } } }")
    asked = [each for each in api.statements if "alert_outbox" in each.query]
    assert len(asked) == 1


async def test_alerts_are_not_for_business_viewers_by_notification_either(api: Api) -> None:
    for query in (LIST, "{ notificationPreferences { inApp } }"):
        assert (await api.ask(query, "business_viewer")).codes == ["FORBIDDEN"]
    wanted = {"addresses": [{"channel": "EMAIL", "address": "a@example.com"}]}
    refused = await api.ask(SET_PREFERENCES, "business_viewer", input=wanted)
    assert refused.codes == ["FORBIDDEN"]
