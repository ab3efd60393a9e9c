"""Questions over HTTP against a real database."""

from collections.abc import Callable
from datetime import datetime

import pytest

from domain.questions import COUNT, USERS
from tests.api.conftest import Api

DAY = {"between": {"from": "2026-03-09T00:00:00Z", "to": "2026-03-10T00:00:00Z"}}


def request_events(moment: Callable[[int], str]) -> list[dict[str, object]]:
    return [
        {
            "id": f"r{index}",
            "type": "api_request",
            "occurredAt": moment(index * 20),
            "source": "shop" if index % 3 else "blog",
            "userId": f"u{index % 5}",
            "durationMs": index * 10,
            "statusCode": 500 if index % 10 == 0 else 200,
            "properties": {"endpoint": f"/e{index % 4}", "method": "GET"},
        }
        for index in range(60)
    ]


def orders(moment: Callable[[int], str]) -> list[dict[str, object]]:
    return [
        {
            "id": f"o{index}",
            "type": "order",
            "occurredAt": moment(index * 60),
            "userId": f"u{index + 3}",
            "value": "19.99",
            "currency": "USD" if index % 2 else "EUR",
            "properties": {"product": "p1"},
        }
        for index in range(10)
    ]


async def test_summary_counts_events_users_and_types(
    api: Api, moment: Callable[[int], str]
) -> None:
    await api.store([*request_events(moment), *orders(moment)])
    answered = await api.ask(
        """query ($range: RangeInput!) { summary(range: $range) {
             totalEvents uniqueUsers eventsByType { eventType count }
             totals { count errorCount errorRate successRate avg(of: "durationMs") }
             previous { count } change { count }
             meta { cached asOf servedBy range { from to timeZone granularity } warnings { code } } } }""",
        range=DAY,
    )
    found = answered.data["summary"]
    assert found["totalEvents"] == 70
    assert found["uniqueUsers"] == 13
    assert found["eventsByType"] == [
        {"eventType": "api_request", "count": 60},
        {"eventType": "order", "count": 10},
    ]
    assert found["totals"] == {
        "count": 70,
        "errorCount": 6,
        "errorRate": 6 / 70,
        "successRate": 64 / 70,
        "avg": 295.0,
    }
    assert found["previous"] is None and found["change"] is None
    assert found["meta"]["range"] == {
        "from": "2026-03-09T00:00:00Z",
        "to": "2026-03-10T00:00:00Z",
        "timeZone": "UTC",
        "granularity": None,
    }
    assert found["meta"]["servedBy"] == ["rollup:quarter_hour", "tail"]


async def test_summary_computes_only_what_is_selected(
    api: Api, moment: Callable[[int], str]
) -> None:
    await api.store(request_events(moment))
    query = """query ($range: RangeInput!, $more: Boolean!) { summary(range: $range) {
        ...Counted totals @include(if: $more) { uniqueUsers } } }
        fragment Counted on Summary { all: totalEvents ... @skip(if: true) { uniqueUsers } }"""
    less = await api.ask(query, range=DAY, more=False)
    assert less.data == {"summary": {"all": 60}}
    assert [read.measures for read in api.reads] == [{COUNT}]
    more = await api.ask(query, range=DAY, more=True)
    assert more.data == {"summary": {"all": 60, "totals": {"uniqueUsers": 5}}}
    assert [read.measures for read in api.reads] == [{COUNT}, {COUNT, USERS}]


async def test_summary_of_some_types_leaves_out_the_others(
    api: Api, moment: Callable[[int], str]
) -> None:
    await api.store([*request_events(moment), *orders(moment)])
    query = """query ($types: [String!], $filter: FilterInput, $range: RangeInput!) {
        summary(range: $range, eventTypes: $types, filter: $filter) {
        totalEvents eventsByType { eventType count } } }"""
    answered = await api.ask(query, range=DAY, types=["order", "click"])
    assert answered.data["summary"] == {
        "totalEvents": 10,
        "eventsByType": [{"eventType": "order", "count": 10}],
    }
    blog = {"dimension": "source", "eq": "blog"}
    answered = await api.ask(query, range=DAY, types=["api_request"], filter=blog)
    assert answered.data["summary"]["totalEvents"] == 20


async def test_summary_compares_with_the_day_before(api: Api) -> None:
    now = [
        {"id": f"n{i}", "type": "click", "occurredAt": f"2026-03-09T0{i}:00:00Z"} for i in range(6)
    ]
    then = [
        {"id": f"t{i}", "type": "click", "occurredAt": f"2026-03-08T0{i}:00:00Z"} for i in range(4)
    ]
    await api.store([*now, *then])
    answered = await api.ask(
        """query ($range: RangeInput!) { summary(range: $range, compareTo: {}) {
             totalEvents previous { count errorRate } change { count errorCount } } }""",
        range=DAY,
    )
    assert answered.data["summary"] == {
        "totalEvents": 6,
        "previous": {"count": 4, "errorRate": 0.0},
        "change": {"count": 1.5, "errorCount": None},
    }


async def test_timeseries_gives_columns_and_points_of_the_same_buckets(
    api: Api, moment: Callable[[int], str]
) -> None:
    await api.store(request_events(moment))
    answered = await api.ask(
        """query ($range: RangeInput!) {
             timeseries(eventType: "api_request", range: $range, granularity: HOUR) {
               series { key { value }
                 columns { start end complete count errorCount errorRate uniqueUsers
                   sum(of: "durationMs") p50: quantile(of: "durationMs", q: 0.5) }
                 points { start complete aggregates { count errorCount sumExact(of: "durationMs") } } }
               previous { key { value } }
               meta { range { granularity } servedBy } } }""",
        range={"between": {"from": "2026-03-09T22:00:00Z", "to": "2026-03-10T13:00:00Z"}},
    )
    found = answered.data["timeseries"]
    (series,) = found["series"]
    columns = series["columns"]
    assert columns["start"][:2] == ["2026-03-09T22:00:00Z", "2026-03-09T23:00:00Z"]
    assert columns["end"][-1] == "2026-03-10T13:00:00Z"
    assert columns["count"] == [0] * 15
    assert columns["complete"] == [True] * 14 + [False]
    assert columns["sum"] == [None] * 15
    assert columns["errorRate"] == [None] * 15
    assert [point["start"] for point in series["points"]] == columns["start"]
    assert found["previous"] is None
    assert found["meta"]["range"]["granularity"] == "HOUR"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("1970-01-01T00:00:00Z", "1971-03-04T05:06:07.000008Z"),
        ("2026-01-31T23:59:59.999999Z", "2026-03-10T00:00:00+05:45"),
        ("9997-12-01T00:00:00Z", "9999-12-31T00:00:00Z"),
    ],
)
async def test_columns_and_points_write_the_same_instants(api: Api, start: str, end: str) -> None:
    query = """query ($range: RangeInput!) {
      timeseries(eventType: "*", range: $range, granularity: MONTH) {
        series { columns { start end } points { start end } }
      }
    }"""
    answered = await api.ask(query, range={"between": {"from": start, "to": end}})
    (series,) = answered.data["timeseries"]["series"]
    for name in ("start", "end"):
        assert series["columns"][name] == [point[name] for point in series["points"]]
    assert datetime.fromisoformat(series["columns"]["start"][0]) == datetime.fromisoformat(start)
    assert datetime.fromisoformat(series["columns"]["end"][-1]) == datetime.fromisoformat(end)


async def test_timeseries_adds_up_to_the_summary(api: Api, moment: Callable[[int], str]) -> None:
    await api.store(request_events(moment))
    answered = await api.ask(
        """query ($range: RangeInput!) {
             whole: summary(range: $range) { totalEvents totals { errorCount sum(of: "durationMs") } }
             timeseries(eventType: "api_request", range: $range, timeZone: "Asia/Kathmandu",
                        granularity: HOUR) {
               series { columns { count errorCount sum(of: "durationMs") } } } }""",
        range=DAY,
    )
    whole, columns = answered.data["whole"], answered.data["timeseries"]["series"][0]["columns"]
    assert len(columns["count"]) == 25
    assert sum(columns["count"]) == whole["totalEvents"] == 60
    assert sum(columns["errorCount"]) == whole["totals"]["errorCount"]
    assert sum(each or 0 for each in columns["sum"]) == whole["totals"]["sum"]


async def test_timeseries_by_group_puts_the_largest_first(
    api: Api, moment: Callable[[int], str]
) -> None:
    await api.store(request_events(moment))
    query = """query ($by: [String!], $range: RangeInput!) {
        timeseries(eventType: "api_request", range: $range, groupBy: $by, granularity: DAY) {
          series { key { dimension value } columns { count } } meta { warnings { code } } } }"""
    answered = await api.ask(query, range=DAY, by=["source"])
    assert answered.data["timeseries"] == {
        "series": [
            {"key": [{"dimension": "source", "value": "shop"}], "columns": {"count": [40]}},
            {"key": [{"dimension": "source", "value": "blog"}], "columns": {"count": [20]}},
        ],
        "meta": {"warnings": []},
    }
    pairs = await api.ask(query, range=DAY, by=["source", "endpoint"])
    counts = [each["columns"]["count"][0] for each in pairs.data["timeseries"]["series"]]
    assert counts == sorted(counts, reverse=True) and sum(counts) == 60 and len(counts) == 8


async def test_timeseries_shows_the_largest_groups_and_says_that_there_are_more(
    api: Api, moment: Callable[[int], str]
) -> None:
    groups = 60
    await api.store(
        {
            "id": f"{group}-{number}",
            "type": "click",
            "occurredAt": moment(number),
            "properties": {"path": f"/p{group:02}"},
        }
        for group in range(groups)
        for number in range(1 + group)
    )
    answered = await api.ask(
        """query ($range: RangeInput!) {
             timeseries(eventType: "click", range: $range, groupBy: "path", granularity: DAY) {
               series { key { value } columns { count } } meta { warnings { code } } } }""",
        range=DAY,
    )
    found = answered.data["timeseries"]
    assert [each["columns"]["count"] for each in found["series"]] == [[60 - n] for n in range(50)]
    assert found["series"][0]["key"] == [{"value": "/p59"}]
    assert found["meta"]["warnings"] == [{"code": "GROUPS_TRUNCATED"}]


async def test_timeseries_lines_the_earlier_period_up(api: Api) -> None:
    await api.store(
        {"id": f"{day}-{n}", "type": "click", "occurredAt": f"2026-03-0{day}T10:00:00Z"}
        for day in range(1, 10)
        for n in range(day)
    )
    answered = await api.ask(
        """query ($range: RangeInput!) {
             timeseries(eventType: "click", range: $range, granularity: DAY, compareTo: {}) {
               series { columns { start count } }
               previous { columns { start count } points { start aggregates { count } } } } }""",
        range={"between": {"from": "2026-03-07T00:00:00Z", "to": "2026-03-10T00:00:00Z"}},
    )
    found = answered.data["timeseries"]
    assert found["series"][0]["columns"]["count"] == [7, 8, 9]
    assert found["previous"][0]["columns"] == {
        "start": ["2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z", "2026-03-06T00:00:00Z"],
        "count": [4, 5, 6],
    }
    assert [p["aggregates"]["count"] for p in found["previous"][0]["points"]] == [4, 5, 6]


async def test_fill_says_what_empty_buckets_hold(api: Api) -> None:
    await api.store(
        {
            "id": f"e{hour}",
            "type": "query",
            "occurredAt": f"2026-03-09T0{hour}:30:00Z",
            "durationMs": hour,
        }
        for hour in (1, 4)
    )
    query = """query ($fill: Fill, $range: RangeInput!) {
        timeseries(eventType: "query", range: $range, granularity: HOUR, fill: $fill) {
          series { columns { start count avg(of: "durationMs") } } } }"""
    range = {"between": {"from": "2026-03-09T00:00:00Z", "to": "2026-03-09T06:00:00Z"}}

    async def columns(fill: str | None) -> dict[str, list[object]]:
        answered = await api.ask(query, range=range, fill=fill)
        return answered.data["timeseries"]["series"][0]["columns"]

    assert (await columns(None))["count"] == [0, 1, 0, 0, 1, 0]
    assert (await columns("NULL"))["count"] == [None, 1, None, None, 1, None]
    assert (await columns("ZERO"))["avg"] == [0, 1, 0, 0, 4, 0]
    assert (await columns("PREVIOUS"))["avg"] == [None, 1, 1, 1, 4, 4]
    assert (await columns("LINEAR"))["avg"] == [None, 1, 2, 3, 4, None]
    assert await columns("NONE") == {
        "start": ["2026-03-09T01:00:00Z", "2026-03-09T04:00:00Z"],
        "count": [1, 1],
        "avg": [1, 4],
    }


async def test_breakdown_gives_the_first_groups_and_the_rest(
    api: Api, moment: Callable[[int], str]
) -> None:
    await api.store(request_events(moment))
    query = """query ($order: OrderInput, $first: Int, $range: RangeInput!) {
        breakdown(eventType: "api_request", dimension: "endpoint", range: $range,
                  orderBy: $order, first: $first) {
          rows { key aggregates { count max(of: "durationMs") } } other { count } totalGroups } }"""
    by_count = await api.ask(query, range=DAY, first=2)
    assert by_count.data["breakdown"] == {
        "rows": [
            {"key": "/e0", "aggregates": {"count": 15, "max": 560.0}},
            {"key": "/e1", "aggregates": {"count": 15, "max": 570.0}},
        ],
        "other": {"count": 30},
        "totalGroups": 4,
    }
    order = {"by": "MAX", "of": "durationMs", "direction": "ASC"}
    by_max = await api.ask(query, range=DAY, order=order)
    assert [row["key"] for row in by_max.data["breakdown"]["rows"]] == ["/e0", "/e1", "/e2", "/e3"]
    assert by_max.data["breakdown"]["other"] is None


async def test_breakdown_compares_each_group_with_its_earlier_self(api: Api) -> None:
    await api.store(
        {
            "id": f"{day}{path}{n}",
            "type": "click",
            "occurredAt": f"2026-03-0{day}T10:00:00Z",
            "properties": {"path": path},
        }
        for day, path, count in ((9, "/a", 4), (9, "/new", 1), (8, "/a", 2), (8, "/gone", 3))
        for n in range(count)
    )
    answered = await api.ask(
        """query ($range: RangeInput!) {
             breakdown(eventType: "click", dimension: "path", range: $range, compareTo: {}) {
               rows { key aggregates { count } previous { count } change { count } } } }""",
        range=DAY,
    )
    assert answered.data["breakdown"]["rows"] == [
        {
            "key": "/a",
            "aggregates": {"count": 4},
            "previous": {"count": 2},
            "change": {"count": 2.0},
        },
        {
            "key": "/new",
            "aggregates": {"count": 1},
            "previous": {"count": 0},
            "change": {"count": None},
        },
    ]


async def test_filters_combine_and_or_not(api: Api, moment: Callable[[int], str]) -> None:
    events = request_events(moment)
    await api.store(events)
    query = """query ($filter: FilterInput, $range: RangeInput!) {
        breakdown(eventType: "api_request", dimension: "source", range: $range, filter: $filter) {
          rows { aggregates { count } } } }"""

    async def count(filter: dict[str, object]) -> int:
        answered = await api.ask(query, range=DAY, filter=filter)
        return sum(row["aggregates"]["count"] for row in answered.data["breakdown"]["rows"])

    e0 = {"dimension": "endpoint", "eq": "/e0"}
    shop = {"dimension": "source", "in": ["shop"]}
    held = [(e["properties"]["endpoint"] == "/e0", e["source"] == "shop") for e in events]  # type: ignore[index]
    assert await count({"and": [e0, shop]}) == sum(a and b for a, b in held)
    assert await count({"or": [e0, shop]}) == sum(a or b for a, b in held)
    assert await count({"and": [{"not": e0}, shop]}) == sum(b and not a for a, b in held)
    assert await count({"dimension": "endpoint", "isNull": True}) == 0
    assert await count({"dimension": "endpoint", "isNull": False}) == 60


async def test_money_of_several_currencies_is_never_added(
    api: Api, moment: Callable[[int], str]
) -> None:
    await api.store(orders(moment))
    query = """query ($filter: FilterInput, $range: RangeInput!) {
        breakdown(eventType: "order", dimension: "product", range: $range, filter: $filter) {
          rows { aggregates { sumExact(of: "value") estimate(of: "value") { value exact } } }
          meta { warnings { code } } } }"""
    mixed = (await api.ask(query, range=DAY)).data["breakdown"]
    assert mixed["rows"][0]["aggregates"] == {"sumExact": None, "estimate": None}
    assert mixed["meta"]["warnings"] == [{"code": "MIXED_CURRENCIES"}]
    euros = {"dimension": "currency", "eq": "EUR"}
    single = (await api.ask(query, range=DAY, filter=euros)).data["breakdown"]
    assert single["rows"][0]["aggregates"] == {
        "sumExact": "99.95",
        "estimate": {"value": 99.95, "exact": True},
    }
    assert single["meta"]["warnings"] == []


async def test_estimates_hold_the_true_number(api: Api, moment: Callable[[int], str]) -> None:
    await api.store(request_events(moment))
    answered = await api.ask(
        """query ($range: RangeInput!) { summary(range: $range) { totals {
             users: estimate(of: "uniqueUsers") { value lower upper exact }
             p50: estimate(of: "durationMs", q: 0.5) { value lower upper exact } } } }""",
        range=DAY,
    )
    users, p50 = (answered.data["summary"]["totals"][name] for name in ("users", "p50"))
    assert users["lower"] <= 5 <= users["upper"]
    assert p50["lower"] <= 290 <= p50["upper"]


async def test_a_dashboard_takes_a_small_constant_number_of_statements(
    api: Api, moment: Callable[[int], str]
) -> None:
    await api.store([*request_events(moment), *orders(moment)])
    warm = "query ($range: RangeInput!) { summary(range: $range) { totalEvents } }"
    await api.ask(warm, range=DAY)
    series = " ".join(
        f"""s{n}: timeseries(eventType: "api_request", range: $range, granularity: {grain},
              groupBy: {by}, compareTo: {{}}) {{ series {{ columns {{ count uniqueUsers }} }} }}"""
        for n, (grain, by) in enumerate([("HOUR", "[]"), ("DAY", '["source"]'), ("AUTO", "[]")])
    )
    tops = " ".join(
        f"""b{n}: breakdown(eventType: "api_request", dimension: "{name}", range: $range,
              compareTo: {{}}) {{ rows {{ aggregates {{ count }} change {{ count }} }} }}"""
        for n, name in enumerate(["endpoint", "source", "method", "statusCode"])
    )
    api.statements.clear()
    answered = await api.ask(
        f"""query ($range: RangeInput!) {{ summary(range: $range, compareTo: {{}}) {{
              totalEvents uniqueUsers eventsByType {{ count }} previous {{ count }} }} {series} {tops} }}""",
        range=DAY,
    )
    assert len(answered.data) == 8
    asked = [
        each.query for each in api.statements if each.query.lstrip().startswith(("SELECT", "WITH"))
    ]
    assert 1 <= len(asked) <= 2


async def test_a_question_that_cannot_be_answered_fails_alone(
    api: Api, moment: Callable[[int], str]
) -> None:
    await api.store(request_events(moment))
    await api.pool.execute(
        "INSERT INTO raw_gaps VALUES ('api_request', '2026-03-10T00:00:00Z', now())"
    )
    await api.pool.execute("UPDATE rollup_state SET version = version + 1")
    answered = await api.ask(
        """query ($range: RangeInput!) {
             good: breakdown(eventType: "api_request", dimension: "source", range: $range) { totalGroups }
             bad: timeseries(eventType: "api_request", range: $range, groupBy: ["method", "statusCode"]) {
               series { columns { count } } } }""",
        range=DAY,
    )
    assert answered.codes == ["NOT_ROLLED_UP"]
    assert answered.error["path"] == ["bad"]
    assert answered.body["data"] == {"good": {"totalGroups": 2}, "bad": None}


async def test_an_event_is_in_the_answer_after_its_receipt_and_after_rolling_up(api: Api) -> None:
    record = """mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) {
        accepted duplicates rejected { index code field message } } }"""
    count = (
        "query ($range: RangeInput!) { summary(range: $range) { totalEvents meta { servedBy } } }"
    )
    event = {"id": "a", "type": "click", "occurredAt": "2026-03-09T10:00:00+01:00"}
    bad = {"type": "click", "occurredAt": "yesterday"}
    receipt = await api.ask(record, role="ingest", events=[event, bad])
    assert receipt.data["recordEvents"]["accepted"] == 1
    (rejected,) = receipt.data["recordEvents"]["rejected"]
    assert rejected["index"] == 1 and rejected["field"] == "occurredAt" and rejected["message"]
    again = await api.ask(record, role="ingest", events=[event])
    assert again.data["recordEvents"]["duplicates"] == 1
    before = (await api.ask(count, range=DAY)).data["summary"]
    assert before["totalEvents"] == 1 and "tail" in before["meta"]["servedBy"]
    rolled = await api.ask(
        "mutation { aggregate(input: {}) { batches events sealed userErrors { code } } }"
    )
    assert rolled.data["aggregate"]["batches"] == 1 and rolled.data["aggregate"]["events"] == 1
    assert rolled.data["aggregate"]["sealed"] >= 1
    after = (await api.ask(count, range=DAY)).data["summary"]
    assert after["totalEvents"] == 1 and "tail" not in after["meta"]["servedBy"]


async def test_numbers_of_a_mutation_keep_all_their_digits(api: Api) -> None:
    literal = await api.ask(
        """mutation { recordEvents(input: { events: [
             { id: "l", type: "order", occurredAt: "2026-03-09T10:00:00Z", value: 1234567890123.123456789,
               currency: "EUR", statusCode: 200, properties: { quantity: 2 } },
             { id: "v", type: "order", occurredAt: "2026-03-09T10:00:00Z", value: "0.000000000001",
               currency: "EUR" } ] }) { accepted rejected { code message } } }"""
    )
    assert literal.data["recordEvents"] == {"accepted": 2, "rejected": []}
    answered = await api.ask(
        """query ($range: RangeInput!) {
             breakdown(eventType: "order", dimension: "currency", range: $range) {
               rows { aggregates { sumExact(of: "value") items: sum(of: "quantity") } } } }""",
        range=DAY,
    )
    assert answered.data["breakdown"]["rows"][0]["aggregates"] == {
        "sumExact": "1234567890123.123456789001",
        "items": 2.0,
    }
