"""The role that sees totals of groups: no events, no ids, no group that is about single people."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from domain.builtin import BUILTIN
from domain.callers import Role
from domain.catalogue_file import parse_catalogue
from domain.policy import FIELDS, SMALLEST_GROUP
from tests.api.conftest import Api, serving
from tests.api.demo_events import RANGE

ROLE = "aggregate_viewer"
DECLARED = """
[types.shipment]
description = "One parcel."
area = "ops"
dimensions = [
    { name = "carrier", source = "properties.carrier" },
    { name = "user", source = "userId" },
]

[types.payroll]
description = "One payslip."
dimensions = [{ name = "grade", source = "properties.grade" }]

[types.review]
description = "One review of a product."
area = "business"
dimensions = [{ name = "stars", source = "properties.stars" }]
"""


@pytest.fixture
async def declared(dsn: str, pool: asyncpg.Pool) -> AsyncIterator[Api]:
    """The API with event types of a user's own."""
    async for served in serving(dsn, pool, catalogue=parse_catalogue(DECLARED, BUILTIN)):
        yield served


def shipments(carrier: str, users: int, each: int = 2) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{carrier}-{user}-{n}",
            "type": "shipment",
            "occurredAt": "2026-03-09T10:00:00Z",
            "userId": f"{carrier}-{user}",
            "properties": {"carrier": carrier},
        }
        for user in range(users)
        for n in range(each)
    ]


BREAKDOWN = f"""query ($filter: FilterInput) {{
  breakdown(eventType: "shipment", dimension: "carrier", range: {RANGE}, filter: $filter) {{
    rows {{ key aggregates {{ count }} }} other {{ count uniqueUsers }}
    meta {{ warnings {{ code }} }} }} }}"""


async def test_a_small_group_is_part_of_the_rest_and_the_rest_is_never_small(
    declared: Api,
) -> None:
    await declared.store(
        [*shipments("fast", 30), *shipments("slow", 12), *shipments("rare", SMALLEST_GROUP - 1)]
    )
    seen = (await declared.ask(BREAKDOWN, ROLE)).data["breakdown"]
    assert [row["key"] for row in seen["rows"]] == ["fast"]
    assert seen["other"] == {"count": 24 + 18, "uniqueUsers": 12 + 9}
    assert [each["code"] for each in seen["meta"]["warnings"]] == ["SMALL_GROUPS_FOLDED"]
    admin = (await declared.ask(BREAKDOWN)).data["breakdown"]
    assert [row["key"] for row in admin["rows"]] == ["fast", "slow", "rare"]
    assert admin["other"] is None and admin["meta"]["warnings"] == []


async def test_series_have_no_small_groups_either(declared: Api) -> None:
    await declared.store([*shipments("fast", 30), *shipments("rare", 2), *shipments("odd", 9)])
    query = f"""{{ timeseries(eventType: "shipment", range: {RANGE}, groupBy: ["carrier"],
      granularity: DAY) {{ series {{ key {{ value }} columns {{ count }} }} }} }}"""
    seen = (await declared.ask(query, ROLE)).data["timeseries"]["series"]
    assert [(each["key"][0]["value"], each["columns"]["count"]) for each in seen] == [
        ("fast", [60])
    ]
    alone = shipments("alone", 3)
    for each in alone:
        each["type"], each["properties"] = "review", {"stars": "5"}
    await declared.store(alone)
    query = query.replace("shipment", "review").replace("carrier", "stars")
    assert (await declared.ask(query, ROLE)).data["timeseries"]["series"] == []


async def test_an_earlier_group_that_was_small_is_unknown_and_not_none(declared: Api) -> None:
    before = shipments("fast", 3) + shipments("slow", 40)
    for each in before:
        each["id"], each["occurredAt"] = f"b-{each['id']}", "2026-03-08T10:00:00Z"
    await declared.store([*before, *shipments("fast", 30), *shipments("slow", 20)])
    query = f"""{{ breakdown(eventType: "shipment", dimension: "carrier", range: {RANGE}, compareTo: {{}}) {{
      rows {{ key previous {{ count }} }} }} }}"""
    rows = (await declared.ask(query, ROLE)).data["breakdown"]["rows"]
    assert {row["key"]: row["previous"] for row in rows} == {"fast": None, "slow": None}
    admin = (await declared.ask(query)).data["breakdown"]["rows"]
    assert {row["key"]: row["previous"]["count"] for row in admin} == {"fast": 6, "slow": 80}


@pytest.mark.parametrize("users", [SMALLEST_GROUP - 1, SMALLEST_GROUP])
async def test_a_filter_does_not_single_people_out(declared: Api, users: int) -> None:
    await declared.store([*shipments("fast", 30), *shipments("rare", users)])
    only = {"dimension": "carrier", "eq": "rare"}
    query = f"""query ($filter: FilterInput) {{
      timeseries(eventType: "shipment", range: {RANGE}, filter: $filter, granularity: DAY) {{
        series {{ columns {{ count }} }} }} }}"""
    answered = await declared.ask(query, ROLE, filter=only)
    refused = ["GROUP_TOO_SMALL"] if users < SMALLEST_GROUP else []
    assert answered.codes == refused
    assert (await declared.ask(BREAKDOWN, ROLE, filter=only)).codes == refused
    assert (await declared.ask(query, filter=only)).codes == []


async def test_what_identifies_is_no_way_to_ask(declared: Api) -> None:
    await declared.store(shipments("fast", 30))
    one = {"dimension": "user", "eq": "fast-1"}
    by_user = f"""{{ breakdown(eventType: "shipment", dimension: "user", range: {RANGE}) {{
      totalGroups }} }}"""
    assert (await declared.ask(by_user, ROLE)).codes == ["FORBIDDEN"]
    assert (await declared.ask(BREAKDOWN, ROLE, filter={"not": {"not": one}})).codes == [
        "FORBIDDEN"
    ]
    assert (await declared.ask(by_user)).data["breakdown"]["totalGroups"] == 30


async def test_events_and_users_are_not_shown(declared: Api) -> None:
    await declared.store(shipments("fast", 30))
    answered = await declared.ask(
        f"""{{ events(range: {RANGE}) {{ nodes {{ id }} }} userAnalytics(userId: "fast-1") {{ totalEvents }}
          summary(range: {RANGE}) {{ totalEvents uniqueUsers eventsByType {{ eventType count }} }} }}""",
        ROLE,
    )
    assert answered.codes == ["FORBIDDEN", "FORBIDDEN"]
    assert answered.body["data"] == {
        "events": None,
        "userAnalytics": None,
        "summary": {
            "totalEvents": 60,
            "uniqueUsers": 30,
            "eventsByType": [{"eventType": "shipment", "count": 60}],
        },
    }


@pytest.mark.parametrize(
    ("role", "own"),
    [
        ("admin", {"shipment", "payroll", "review"}),
        ("ops_viewer", {"shipment"}),
        ("business_viewer", {"review"}),
        (ROLE, {"shipment", "review"}),
    ],
)
async def test_a_declared_type_is_for_the_roles_of_its_area(
    declared: Api, role: str, own: set[str]
) -> None:
    await declared.store(shipments("fast", 30))
    listed = (await declared.ask("{ catalogue { name } }", role)).data["catalogue"]
    assert {each["name"] for each in listed} & {"shipment", "payroll", "review"} == own
    for name in ("shipment", "payroll", "review"):
        answered = await declared.ask(
            f'{{ timeseries(eventType: "{name}", range: {RANGE}) {{ meta {{ asOf }} }} }}', role
        )
        assert answered.codes == ([] if name in own else ["UNKNOWN_EVENT_TYPE"])
    found = await declared.ask(f"{{ summary(range: {RANGE}) {{ totalEvents }} }}", role)
    assert found.data["summary"]["totalEvents"] == (60 if "shipment" in own else 0)


SECTIONS = sorted(
    name.partition(".")[2]
    for name in FIELDS
    if name.startswith("DashboardSummary.") and name != "DashboardSummary.meta"
)


@pytest.mark.parametrize("role", [role.value for role in Role if role is not Role.INGEST])
@pytest.mark.parametrize("section", SECTIONS)
async def test_each_role_sees_its_own_sections_of_the_dashboard_and_no_other(
    api: Api, role: str, section: str
) -> None:
    answered = await api.ask(
        f"{{ dashboardSummary(range: {RANGE}) {{ {section} {{ __typename }} meta {{ asOf }} }} }}",
        role,
    )
    allowed = Role(role) in FIELDS[f"DashboardSummary.{section}"]
    assert answered.codes == ([] if allowed else ["FORBIDDEN"])
    assert (answered.body["data"]["dashboardSummary"][section] is None) is not allowed
    if not allowed:
        assert answered.error["path"] == ["dashboardSummary", section]
