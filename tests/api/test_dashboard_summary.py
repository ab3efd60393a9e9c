"""The dashboard in one request: exactly what is selected, a handful of statements, sections failing alone."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.demo_events import RANGE, demo_events, errors, grouped, mean, numbers, on_day
from tests.reference import instant

WEEK = '{ between: { from: "2026-03-04T00:00:00Z", to: "2026-03-11T00:00:00Z" } }'
SECTIONS = """
  systemHealth { overview { requests errorRate uptime latency { p95 } }
    api { byEndpoint { rows { key requests latency { p95 } } }
          byMethod { rows { key errorRate } } bySource { rows { key requests } } }
    timeseries(granularity: HOUR) { series { columns { start requests errorRate latency { p95 } } } }
    meta { servedBy } }
  mlPipelines { overview { jobs successRate cost }
    generation3d { overview { jobs duration { p95 } } } descriptions { overview { jobs } }
    assets { overview { jobs } ingestion { overview { jobs } } versioning { overview { jobs } }
      approval { overview { jobs } } }
    providers { rows { key jobs successRate cost duration { p95 } } }
    timeseries(granularity: DAY) { series { columns { start jobs cost } } } }
  business { overview { orders revenue { byCurrency { amount currency } } previous { orders } }
    collections { rows { key orders previous { orders } } }
    sales(granularity: DAY) { series { columns { revenue } } } }
  activeAlerts { nodes { id } }
  meta { asOf servedBy warnings { code } }"""


LOOKUPS = ("AS cur,", "typeinfo_tree")
"""What asyncpg asks about types, once a connection."""


def selects(api: Api) -> list[str]:
    return [
        each.query
        for each in api.statements
        if each.query.lstrip().startswith(("SELECT", "WITH", "--"))
        and not any(said in each.query for said in LOOKUPS)
    ]


async def warm(api: Api) -> None:
    """The state of the rollups is read once in a process."""
    await api.ask(f"{{ summary(range: {RANGE}) {{ totalEvents }} }}")
    api.statements.clear()
    api.reads.clear()


async def test_all_sections_with_series_breakdowns_and_comparison_take_few_statements(
    api: Api,
) -> None:
    await api.store(demo_events())
    await warm(api)
    answered = await api.ask(
        f"""{{ dashboardSummary(range: {WEEK}, timeZone: "Europe/Berlin", compareTo: {{}}) {{ {SECTIONS} }}
          summary(range: {RANGE}) {{ totalEvents eventsByType {{ eventType count }} }}
          timeseries(eventType: "order", range: {RANGE}, granularity: HOUR) {{
            series {{ columns {{ count }} }} }} }}"""
    )
    assert answered.data["dashboardSummary"]["systemHealth"]["overview"]["requests"] > 0
    assert len(selects(api)) <= 6, selects(api)


async def test_every_section_at_once_with_stock_funnel_and_a_user_takes_six_statements(
    api: Api,
) -> None:
    await api.store(demo_events())
    await warm(api)
    money = "{ byCurrency { amount currency } }"
    answered = await api.ask(
        f"""{{ dashboardSummary(range: {WEEK}, timeZone: "Asia/Kathmandu", compareTo: {{}}) {{ {SECTIONS} }}
          business(range: {WEEK}, compareTo: {{}}) {{
            products {{ rows {{ key views inventory {{ items }} previous {{ views }} }} }}
            breakdown(dimension: "country") {{ rows {{ key revenue {money} }} }}
            funnel {{ steps {{ count }} }} }}
          partners(range: {WEEK}, compareTo: {{}}) {{ statistics {{ partners paid {money} }}
            donations(granularity: DAY) {{ series {{ columns {{ paid }} }} }}
            breakdown {{ rows {{ key donations previous {{ donations }} }} }} }}
          projects(range: {WEEK}) {{ statistics {{ completionRate }} impact {{ rows {{ key beneficiaries }} }}
            beneficiaries(granularity: DAY) {{ series {{ columns {{ beneficiaries }} }} }} }}
          socialMedia(range: {WEEK}) {{ performance {{ engagements }} platforms {{ rows {{ key posts }} }}
            engagement(granularity: DAY) {{ series {{ columns {{ engagements }} }} }} }}
          notificationDelivery(range: {WEEK}) {{ statistics {{ deliveryRate }}
            channels {{ rows {{ key openRate p95DeliveryMs }} }} }}
          userAnalytics(userId: "demo-user-1") {{ totalEvents }} }}"""
    )
    assert all(answered.data[name] for name in ("partners", "projects", "socialMedia"))
    assert len(selects(api)) <= 6, selects(api)


@pytest.mark.parametrize(
    ("section", "part"),
    [
        ("business", 'products(orderBy: "fame") { totalGroups }'),
        ("partners", 'breakdown(dimension: "colour") { totalGroups }'),
        ("projects", "impact(first: 0) { totalGroups }"),
        ("socialMedia", 'platforms(orderBy: "fame") { totalGroups }'),
        ("notificationDelivery", 'channels(dimension: "colour") { totalGroups }'),
    ],
)
async def test_a_part_that_fails_leaves_the_rest_of_its_section_and_the_other_sections(
    api: Api, section: str, part: str
) -> None:
    await api.store(demo_events())
    answered = await api.ask(
        f"""{{ {section}(range: {RANGE}) {{ wrong: {part} meta {{ servedBy }} }}
          mlPipelines(range: {RANGE}) {{ overview {{ jobs }} }} }}"""
    )
    assert answered.error["path"] == [section, "wrong"]
    found = answered.body["data"]
    assert found[section]["wrong"] is None and found[section]["meta"] is not None
    assert found["mlPipelines"]["overview"]["jobs"] > 0


SECTIONS_OUTSIDE = ["business", "partners", "projects", "socialMedia", "notificationDelivery"]


@pytest.mark.parametrize("section", SECTIONS_OUTSIDE)
async def test_a_section_that_cannot_be_is_null_and_the_others_answer(
    api: Api, section: str
) -> None:
    await api.store(demo_events())
    answered = await api.ask(
        f"""{{ {section}(range: {RANGE}, timeZone: "Mars/Base") {{ meta {{ asOf }} }}
          mlPipelines(range: {RANGE}) {{ overview {{ jobs }} }} }}"""
    )
    assert answered.codes == ["UNKNOWN_TIME_ZONE"]
    assert answered.error["path"] == [section]
    assert answered.body["data"][section] is None
    assert answered.body["data"]["mlPipelines"]["overview"]["jobs"] > 0


@pytest.mark.parametrize("section", SECTIONS_OUTSIDE)
async def test_a_forbidden_section_is_null_and_reads_nothing(api: Api, section: str) -> None:
    answered = await api.ask(
        f"""{{ {section}(range: {RANGE}) {{ meta {{ asOf }} }}
          mlPipelines(range: {RANGE}) {{ overview {{ jobs }} }} }}""",
        role="ops_viewer",
    )
    assert answered.codes == ["FORBIDDEN"]
    assert answered.error["path"] == [section]
    assert answered.body["data"][section] is None
    assert answered.body["data"]["mlPipelines"]["overview"] == {"jobs": 0}
    assert {read.event_type for read in api.reads} == {"ml_job"}


async def test_what_is_not_selected_costs_nothing(api: Api) -> None:
    await api.store(demo_events())
    await warm(api)
    await api.ask(
        f"{{ dashboardSummary(range: {RANGE}) {{ mlPipelines {{ overview {{ jobs }} }} }} }}"
    )
    assert [read.event_type for read in api.reads] == ["ml_job"]
    assert len(selects(api)) == 1
    await warm(api)
    await api.ask(f"{{ dashboardSummary(range: {RANGE}) {{ activeAlerts {{ nodes {{ id }} }} }} }}")
    assert api.reads == [] and len(selects(api)) == 1


async def test_the_last_day_beside_the_last_week_by_type_is_one_request_and_statement(
    api: Api,
) -> None:
    sent = demo_events()
    await api.store(sent)
    await warm(api)
    rows = "meta { range { from to } }"
    rows += ' rows { key aggregates { count avgDurationMs: avg(of: "durationMs") } }'
    answered = await api.ask(
        f"""{{
          last24Hours: breakdown(eventType: "*", dimension: "eventType", range: {{ last: "PT24H" }},
            first: 50) {{ {rows} }}
          last7Days: breakdown(eventType: "*", dimension: "eventType", range: {{ last: "P7D" }},
            first: 50) {{ {rows} }}
          day: dashboardSummary(range: {{ last: "PT24H" }}) {{ mlPipelines {{ overview {{ jobs }} }} }}
          week: dashboardSummary(range: {{ last: "P7D" }}) {{ mlPipelines {{ overview {{ jobs }} }} }} }}"""
    )
    found = answered.data
    for name, hours in (("last24Hours", 24), ("last7Days", 168)):
        range = found[name]["meta"]["range"]
        inside = [
            each
            for each in sent
            if instant(range["from"]) <= instant(each["occurredAt"]) < instant(range["to"])
        ]
        assert instant(range["to"]) - instant(range["from"]) == timedelta(hours=hours)
        groups = grouped(inside, lambda each: each["type"])
        assert {row["key"]: row["aggregates"] for row in found[name]["rows"]} == {
            key: {"count": len(each), "avgDurationMs": _near(mean(numbers(each, "durationMs")))}
            for key, each in groups.items()
        }
        overview = found["day" if hours == 24 else "week"]["mlPipelines"]["overview"]
        assert overview["jobs"] == len(groups["ml_job"])
    assert len(selects(api)) == 1


def _near(value: float | None) -> Any:
    return None if value is None else pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("role", ["admin", "business_viewer", "ops_viewer"])
async def test_a_section_that_the_role_may_not_see_is_null_with_its_error(
    api: Api, role: str
) -> None:
    await api.store(demo_events())
    answered = await api.ask(
        f"""{{ dashboardSummary(range: {RANGE}) {{
          systemHealth {{ overview {{ requests }} }} mlPipelines {{ overview {{ jobs }} }}
          activeAlerts {{ nodes {{ id }} }} meta {{ asOf }} }} }}""",
        role=role,
    )
    found = answered.body["data"]["dashboardSummary"]
    forbidden = (
        {"systemHealth", "mlPipelines", "activeAlerts"} if role == "business_viewer" else set()
    )
    assert {name for name, section in found.items() if section is None} == forbidden
    assert sorted(error["path"][1] for error in answered.body.get("errors", [])) == sorted(
        forbidden
    )
    assert set(answered.codes) <= {"FORBIDDEN"}
    if role == "business_viewer":
        assert api.reads == []


async def test_a_section_that_fails_leaves_the_others(api: Api) -> None:
    sent = demo_events()
    await api.store(sent)
    answered = await api.ask(
        f"""{{ dashboardSummary(range: {RANGE}) {{
          systemHealth {{ api {{ byMethod(orderBy: {{ by: SUM, of: "nothing" }}) {{ totalGroups }} }} }}
          mlPipelines {{ overview {{ failed }} }} meta {{ servedBy }} }} }}"""
    )
    assert answered.codes == ["UNKNOWN_MEASURE"]
    assert answered.error["path"] == ["dashboardSummary", "systemHealth", "api", "byMethod"]
    found = answered.body["data"]["dashboardSummary"]
    assert found["mlPipelines"]["overview"]["failed"] == errors(on_day(sent, 9, "ml_job"))
    assert found["meta"]["servedBy"] == ["rollup:quarter_hour", "tail"]
