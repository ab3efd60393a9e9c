"""Roles: every root field, and which events a role's numbers are made of."""

import json
from typing import Any
from uuid import uuid4

import pytest
from graphql import GraphQLNonNull, GraphQLObjectType

from domain.callers import Role
from domain.policy import ANYONE, EVENT_TYPES, FIELDS, may_ask, roles_of
from graph.permissions import own_fields
from graph.schema import schema
from tests.api.conftest import Api

RANGE = '{ between: { from: "2026-03-09T00:00:00Z", to: "2026-03-10T00:00:00Z" } }'
ROOT_FIELDS = {
    "Query.viewer": "{ viewer { subject } }",
    "Query.catalogue": "{ catalogue { name } }",
    "Query.summary": f"{{ summary(range: {RANGE}) {{ totalEvents }} }}",
    "Query.timeseries": f'{{ timeseries(eventType: "*", range: {RANGE}) {{ meta {{ asOf }} }} }}',
    "Query.breakdown": f'{{ breakdown(eventType: "*", dimension: "eventType", range: {RANGE})'
    " { totalGroups } }",
    "Query.events": f"{{ events(range: {RANGE}) {{ nodes {{ id }} }} }}",
    "Query.systemHealth": f"{{ systemHealth(range: {RANGE}) {{ __typename }} }}",
    "Query.mlPipelines": f"{{ mlPipelines(range: {RANGE}) {{ __typename }} }}",
    "Query.business": f"{{ business(range: {RANGE}) {{ __typename }} }}",
    "Query.partners": f"{{ partners(range: {RANGE}) {{ __typename }} }}",
    "Query.projects": f"{{ projects(range: {RANGE}) {{ __typename }} }}",
    "Query.socialMedia": f"{{ socialMedia(range: {RANGE}) {{ __typename }} }}",
    "Query.notificationDelivery": f"{{ notificationDelivery(range: {RANGE}) {{ __typename }} }}",
    "Query.dashboardSummary": f"{{ dashboardSummary(range: {RANGE}) {{ __typename }} }}",
    "Query.userAnalytics": '{ userAnalytics(userId: "u") { __typename } }',
    "Query.alertConfigs": "{ alertConfigs { nodes { id } } }",
    "Query.alertConfig": f'{{ alertConfig(id: "{uuid4()}") {{ id }} }}',
    "Query.exportAlertConfigs": "{ exportAlertConfigs }",
    "Query.alerts": "{ alerts { nodes { id } } }",
    "Query.activeAlerts": "{ activeAlerts { nodes { id } } }",
    "Query.silences": "{ silences { id } }",
    "Query.notifications": "{ notifications { __typename } }",
    "Query.explainNotification": f'{{ explainNotification(alertId: "{uuid4()}") {{ __typename }} }}',
    "Query.notificationPreferences": "{ notificationPreferences { __typename } }",
    "Query.notificationRecipients": "{ notificationRecipients { __typename } }",
    "Query.notificationRoutes": "{ notificationRoutes { __typename } }",
    "Query.auditLog": "{ auditLog { nodes { id } } }",
    "Mutation.createAlertConfig": "mutation { createAlertConfig(input: {}) { userErrors { code } } }",
    "Mutation.updateAlertConfig": 'mutation { updateAlertConfig(input: { id: "x" })'
    " { userErrors { code } } }",
    "Mutation.deleteAlertConfig": 'mutation { deleteAlertConfig(input: { id: "x" })'
    " { userErrors { code } } }",
    "Mutation.importAlertConfigs": "mutation { importAlertConfigs(input: { configs: [] }) { created } }",
    "Mutation.testAlertConfig": "mutation { testAlertConfig(input: {}) { userErrors { code } } }",
    "Mutation.backtestAlertConfig": f"mutation {{ backtestAlertConfig(input: {{ range: {RANGE} }})"
    " { userErrors { code } } }",
    "Mutation.acknowledgeAlerts": "mutation { acknowledgeAlerts(input: { ids: [] }) { results { id } } }",
    "Mutation.resolveAlert": 'mutation { resolveAlert(input: { id: "x" }) { userErrors { code } } }',
    "Mutation.commentAlert": 'mutation { commentAlert(input: { id: "x", text: "y" })'
    " { userErrors { code } } }",
    "Mutation.silenceAlerts": 'mutation { silenceAlerts(input: { matchers: [], comment: "c",'
    ' until: "2026-03-11T00:00:00Z" }) { userErrors { code } } }',
    "Mutation.expireSilence": 'mutation { expireSilence(input: { id: "x" }) { userErrors { code } } }',
    "Mutation.setNotificationPreferences": "mutation { setNotificationPreferences(input: {})"
    " { __typename } }",
    "Mutation.deleteNotificationPreferences": "mutation { deleteNotificationPreferences(input: {})"
    " { __typename } }",
    "Mutation.markNotificationsRead": "mutation { markNotificationsRead(input: {}) { __typename } }",
    "Mutation.setNotificationRoutes": "mutation { setNotificationRoutes(input: { routes: [] })"
    " { __typename } }",
    "Mutation.recordEvents": "mutation { recordEvents(input: { events: [] }) { accepted } }",
    "Mutation.aggregate": "mutation { aggregate(input: {}) { batches } }",
}
QUESTIONS = {name for name in ROOT_FIELDS if name.startswith("Query.")}
OPS_QUESTIONS = {
    f"Query.{name}"
    for name in (
        *("alertConfigs", "alertConfig", "exportAlertConfigs"),
        *("alerts", "activeAlerts", "silences"),
        *("systemHealth", "mlPipelines"),
        *("notifications", "explainNotification", "notificationPreferences"),
    )
}
ADMIN_QUESTIONS = {
    f"Query.{name}" for name in ("notificationRecipients", "notificationRoutes", "auditLog")
}
OWN_NOTIFICATIONS = {
    f"Mutation.{name}"
    for name in (
        *("setNotificationPreferences", "deleteNotificationPreferences"),
        "markNotificationsRead",
    )
}
BUSINESS_QUESTIONS = {
    f"Query.{name}"
    for name in ("business", "partners", "projects", "socialMedia", "notificationDelivery")
}
MAY = {
    "admin": set(ROOT_FIELDS),
    "business_viewer": QUESTIONS - OPS_QUESTIONS - ADMIN_QUESTIONS,
    "ops_viewer": (QUESTIONS - BUSINESS_QUESTIONS - ADMIN_QUESTIONS) | OWN_NOTIFICATIONS,
    "aggregate_viewer": {
        *("Query.viewer", "Query.catalogue", "Query.summary", "Query.timeseries"),
        *("Query.breakdown", "Query.systemHealth", "Query.mlPipelines", "Query.dashboardSummary"),
    },
    "ingest": {"Query.viewer", "Mutation.recordEvents"},
}
EVENTS = [
    {
        "id": f"{name}{n}",
        "type": name,
        "occurredAt": "2026-03-09T10:00:00Z",
        "userId": f"{name}-user",
    }
    for name, count in (("order", 3), ("api_request", 5), ("error", 2))
    for n in range(count)
]


def test_every_field_has_a_policy() -> None:
    missing = [
        f"{type_name}.{name}"
        for type_name, name, _ in own_fields(schema()._schema)
        if roles_of(type_name, name) is None
    ]
    assert missing == []


def test_the_policy_names_nothing_that_does_not_exist() -> None:
    fields = own_fields(schema()._schema)
    known = {name for name, _, _ in fields} | {f"{name}.{field}" for name, field, _ in fields}
    assert set(FIELDS) <= known


def test_a_field_that_can_be_forbidden_can_be_null() -> None:
    fatal = [
        f"{type_name}.{name}"
        for type_name, name, field in own_fields(schema()._schema)
        if roles_of(type_name, name) != ANYONE and isinstance(field.type, GraphQLNonNull)
    ]
    assert fatal == []


def test_the_matrix_covers_every_root_field() -> None:
    roots = {"Query", "Mutation"}
    assert set(ROOT_FIELDS) == {
        f"{type_name}.{name}"
        for type_name, name, _ in own_fields(schema()._schema)
        if type_name in roots
    }
    assert isinstance(schema()._schema.query_type, GraphQLObjectType)


@pytest.mark.parametrize("role", [role.value for role in Role])
async def test_each_role_sees_its_own_root_fields_and_no_other(api: Api, role: str) -> None:
    for name, query in ROOT_FIELDS.items():
        answered = await api.ask(query, role=role)
        field = name.partition(".")[2]
        if name in MAY[role]:
            assert set(answered.codes) <= {"ALERT_NOT_FOUND"}, name
        else:
            assert answered.codes == ["FORBIDDEN"], name
            assert answered.error["path"] == [field]
            assert answered.body["data"] == {field: None}


async def test_a_forbidden_field_leaves_the_rest_standing(api: Api) -> None:
    answered = await api.ask(
        f"{{ viewer {{ roles }} summary(range: {RANGE}) {{ totalEvents }} }}", "ingest"
    )
    assert answered.body["data"] == {"viewer": {"roles": ["ingest"]}, "summary": None}
    assert answered.codes == ["FORBIDDEN"]
    assert api.reads == []


async def numbers(api: Api, role: str) -> dict[str, Any]:
    answered = await api.ask(
        f"""{{
          summary(range: {RANGE}) {{ totalEvents uniqueUsers eventsByType {{ eventType count }} }}
          timeseries(eventType: "*", range: {RANGE}, granularity: DAY) {{ series {{ columns {{ count }} }} }}
          breakdown(eventType: "*", dimension: "eventType", range: {RANGE}) {{ rows {{ key }} totalGroups }}
          events(range: {RANGE}) {{ nodes {{ eventType }} }} }}""",
        role=role,
    )
    return answered.data


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("admin", {"order": 3, "api_request": 5, "error": 2}),
        ("business_viewer", {"order": 3}),
        ("ops_viewer", {"api_request": 5, "error": 2}),
    ],
)
async def test_numbers_are_made_of_the_types_that_the_role_may_see(
    api: Api, role: str, expected: dict[str, int]
) -> None:
    await api.store(EVENTS)
    found = await numbers(api, role)
    total = sum(expected.values())
    assert found["summary"]["totalEvents"] == total
    assert found["summary"]["uniqueUsers"] == len(expected)
    by_type = {row["eventType"]: row["count"] for row in found["summary"]["eventsByType"]}
    assert by_type == expected
    assert found["timeseries"]["series"] == [{"columns": {"count": [total]}}]
    assert {row["key"] for row in found["breakdown"]["rows"]} == set(expected)
    assert found["breakdown"]["totalGroups"] == len(expected)
    assert {node["eventType"] for node in found["events"]["nodes"]} == set(expected)


@pytest.mark.parametrize("role", [Role.BUSINESS_VIEWER, Role.OPS_VIEWER])
async def test_a_role_cannot_ask_about_the_types_of_another(api: Api, role: Role) -> None:
    await api.store(EVENTS)
    for name in EVENT_TYPES:
        if may_ask(role, name):
            continue
        quoted = json.dumps(name)
        answered = await api.ask(
            f"""{{ timeseries(eventType: {quoted}, range: {RANGE}) {{ meta {{ asOf }} }}
              breakdown(eventType: {quoted}, dimension: "source", range: {RANGE}) {{ totalGroups }}
              events(eventType: {quoted}, range: {RANGE}) {{ nodes {{ id }} }}
              summary(range: {RANGE}, eventTypes: [{quoted}]) {{ totalEvents }} }}""",
            role=role.value,
        )
        assert answered.codes == ["FORBIDDEN"] * 4, name
        assert set(answered.body["data"].values()) == {None}
    assert api.reads == []


@pytest.mark.parametrize("role", ["admin", "business_viewer", "ops_viewer"])
async def test_the_catalogue_lists_what_the_role_may_ask(api: Api, role: str) -> None:
    answered = await api.ask(
        "{ catalogue { name dimensions { name } measures { name unit money } rollups rawRetentionDays } }",
        role=role,
    )
    names = [each["name"] for each in answered.data["catalogue"]]
    assert set(names) == {name for name in EVENT_TYPES if may_ask(Role(role), name)}
    kept = {each["name"]: each["rawRetentionDays"] for each in answered.data["catalogue"]}
    assert kept == {name: None if name == "inventory" else 7 for name in names}


async def test_a_type_that_no_table_names_is_unknown_to_viewers(api: Api) -> None:
    series = f'{{ timeseries(eventType: "secret", range: {RANGE}) {{ meta {{ asOf }} }} }}'
    answered = await api.ask(series, role="ops_viewer")
    assert answered.codes == ["UNKNOWN_EVENT_TYPE"]
    assert "order" not in answered.error["extensions"]["valid"]


async def test_introspection_is_for_admins_and_in_development_for_viewers(
    api: Api, production_api: Api
) -> None:
    query = "{ __schema { queryType { name } } }"
    for served, role, allowed in (
        (api, "admin", True),
        (api, "ops_viewer", True),
        (api, "ingest", False),
        (production_api, "admin", True),
        (production_api, "ops_viewer", False),
    ):
        answered = await served.ask(query, role=role)
        assert (answered.codes == []) is allowed, role
    hidden = await production_api.ask("{ viewer { subjects } }", role="ops_viewer")
    assert "Did you mean" not in hidden.response.text
    near = {"preset": "TODAYS"}
    series = "query ($r: RangeInput!) { summary(range: $r) { totalEvents } }"
    for role, expected in (("ops_viewer", False), ("admin", True)):
        wrong = await production_api.ask(series, role=role, r=near)
        assert ("Did you mean" in wrong.response.text) is expected
    shown = await production_api.ask("{ viewer { subjects } }", role="admin")
    assert "Did you mean" in shown.response.text


async def test_the_schema_file_is_for_those_who_may_introspect(api: Api) -> None:
    async def get(role: str) -> int:
        headers = {"Authorization": f"Bearer {role}"}
        return (await api.client.get("/graphql/schema", headers=headers)).status_code

    assert [await get(role) for role in ("admin", "ingest", "nobody")] == [200, 403, 401]
