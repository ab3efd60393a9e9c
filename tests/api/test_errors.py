"""What goes wrong is said with a stable code, at its path, with what is valid."""

from typing import Any

import pytest

from domain.questions import Frame
from tests.api.conftest import CORRELATION, Api

DAY = {"between": {"from": "2026-03-09T00:00:00Z", "to": "2026-03-10T00:00:00Z"}}
SUMMARY = "query ($range: RangeInput!) { summary(range: $range) { totalEvents } }"
SERIES = """query ($range: RangeInput = { last: "P7D" }, $type: String = "click", $zone: TimeZone,
        $granularity: Granularity, $maxPoints: Int, $by: [String!], $filter: FilterInput) {
    timeseries(eventType: $type, range: $range, timeZone: $zone, granularity: $granularity,
               maxPoints: $maxPoints, groupBy: $by, filter: $filter) { series { columns { count } } } }"""


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        (
            {"range": {"between": {"from": "2026-03-10T00:00:00Z", "to": "2026-03-10T00:00:00Z"}}},
            "INVALID_RANGE",
            "range",
        ),
        ({"range": {"last": "PT0H"}}, "INVALID_DURATION", "range.last"),
        ({"range": {"last": "a week"}}, "INVALID_DURATION", "range.last"),
        ({"zone": "Mars/Olympus"}, "UNKNOWN_TIME_ZONE", "timeZone"),
        ({"type": "clack"}, "UNKNOWN_EVENT_TYPE", "eventType"),
        ({"by": ["colour"]}, "UNKNOWN_DIMENSION", "groupBy"),
        ({"by": ["path", "path"]}, "REPEATED_DIMENSION", "groupBy"),
        ({"by": ["path"] * 5}, "TOO_MANY_DIMENSIONS", "groupBy"),
        ({"filter": {"dimension": "colour", "eq": "red"}}, "UNKNOWN_DIMENSION", "filter"),
        ({"filter": {"dimension": "path", "eq": "a", "in": ["b"]}}, "INVALID_FILTER", "filter"),
        ({"filter": {"dimension": "path", "in": []}}, "INVALID_FILTER", "filter"),
        ({"filter": {"and": []}}, "INVALID_FILTER", "filter"),
        ({"filter": {}}, "INVALID_FILTER", "filter"),
        (
            {"granularity": "QUARTER_HOUR", "range": {"last": "P1Y"}},
            "TOO_MANY_POINTS",
            "granularity",
        ),
        ({"granularity": "HOUR", "maxPoints": 10}, "TOO_MANY_POINTS", "granularity"),
        ({"maxPoints": 0}, "INVALID_MAX_POINTS", "maxPoints"),
        ({"maxPoints": 10_001}, "INVALID_MAX_POINTS", "maxPoints"),
    ],
)
async def test_a_wrong_question_is_named(
    api: Api, asked: dict[str, Any], code: str, field: str
) -> None:
    answered = await api.ask(SERIES, **asked)
    assert answered.codes == [code]
    assert answered.error["path"] == ["timeseries"]
    assert answered.error["extensions"]["field"] == field
    assert answered.error["extensions"]["correlationId"] == CORRELATION
    assert answered.body["data"] == {"timeseries": None}
    assert api.reads == []


async def test_a_series_of_too_many_numbers_is_refused_before_it_is_read(api: Api) -> None:
    click = {"type": "click", "occurredAt": "2026-03-09T10:00:00Z"}
    await api.store({**click, "id": f"{n}", "properties": {"path": f"/{n}"}} for n in range(50))
    query = """query ($range: RangeInput!, $points: Boolean!) {
        timeseries(eventType: "click", range: $range, granularity: HOUR, groupBy: "path") {
          series { columns { count uniqueUsers errorCount }
                   points @include(if: $points) { start } } } }"""
    for last, points, code in (
        ("P8D", False, []),
        ("P60D", False, ["TOO_MANY_POINTS"]),
        ("P5D", True, []),
        ("P10D", True, ["TOO_MANY_POINTS"]),
    ):
        api.reads.clear()
        answered = await api.ask(query, range={"last": last}, points=points)
        assert answered.codes == code
        assert len(api.reads) == (1 if code else 2)


@pytest.mark.parametrize("levels", [11, 200, 900])
async def test_a_filter_that_is_too_deep_is_refused(api: Api, levels: int) -> None:
    filter: dict[str, Any] = {"dimension": "path", "eq": "/"}
    for _ in range(levels):
        filter = {"not": filter}
    answered = await api.ask(SERIES, filter=filter)
    assert len(answered.codes) == 1 and answered.codes[0] != "INTERNAL"


async def test_unknown_names_list_the_valid_ones(api: Api) -> None:
    answered = await api.ask(SERIES, by=["colour"])
    assert answered.error["extensions"]["valid"] == ["element", "path", "source"]
    assert "element, path, source" in answered.error["message"]


@pytest.mark.parametrize(
    ("measure", "code"),
    [
        ('sum(of: "weight")', "UNKNOWN_MEASURE"),
        ('quantile(of: "durationMs", q: 1.5)', "INVALID_QUANTILE"),
        ('estimate(of: "weight") { value }', "UNKNOWN_MEASURE"),
    ],
)
async def test_a_measure_is_checked_before_anything_is_read(
    api: Api, measure: str, code: str
) -> None:
    answered = await api.ask(
        f"query ($range: RangeInput!) {{ summary(range: $range) {{ totals {{ {measure} }} }} }}",
        range=DAY,
    )
    assert answered.codes == [code] and api.reads == []
    if code == "UNKNOWN_MEASURE":
        assert answered.error["extensions"]["valid"] == ["durationMs"]


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"by": "SUM"}, "INVALID_ORDER"),
        ({"by": "COUNT", "of": "durationMs"}, "INVALID_ORDER"),
        ({"by": "QUANTILE", "of": "durationMs"}, "INVALID_ORDER"),
        ({"by": "AVG", "of": "weight"}, "UNKNOWN_MEASURE"),
    ],
)
async def test_an_order_is_checked(api: Api, order: dict[str, Any], code: str) -> None:
    answered = await api.ask(
        """query ($order: OrderInput, $range: RangeInput!) {
             breakdown(eventType: "query", dimension: "source", range: $range, orderBy: $order) {
               totalGroups } }""",
        range=DAY,
        order=order,
    )
    assert answered.codes == [code]


async def test_breakdown_checks_its_dimension_and_size(api: Api) -> None:
    query = """query ($dimension: String!, $first: Int, $range: RangeInput!) {
        breakdown(eventType: "query", dimension: $dimension, first: $first, range: $range) {
          totalGroups } }"""
    assert (await api.ask(query, range=DAY, dimension="x")).codes == ["UNKNOWN_DIMENSION"]
    over = await api.ask(query, range=DAY, dimension="source", first=1001)
    assert over.codes == ["PAGE_TOO_LARGE"]


async def test_event_types_of_a_summary_are_checked(api: Api) -> None:
    query = """query ($types: [String!], $range: RangeInput!) {
        summary(range: $range, eventTypes: $types) { totalEvents } }"""
    assert (await api.ask(query, range=DAY, types=["clack"])).codes == ["UNKNOWN_EVENT_TYPE"]
    assert (await api.ask(query, range=DAY, types=[])).codes == ["INVALID_FILTER"]


@pytest.mark.parametrize(
    ("range", "code"),
    [
        ({"between": {"from": "2026-03-09", "to": "2026-03-10T00:00:00Z"}}, "INVALID_DATE_TIME"),
        ({"between": {"from": "yesterday", "to": "2026-03-10T00:00:00Z"}}, "INVALID_DATE_TIME"),
        (
            {"between": {"from": "0001-01-01T00:00:00+14:00", "to": "2026-03-10T00:00:00Z"}},
            "INVALID_DATE_TIME",
        ),
        ({"last": "P7D", "preset": "TODAY"}, "GRAPHQL_VALIDATION_FAILED"),
        ({}, "GRAPHQL_VALIDATION_FAILED"),
        ({"preset": "TOMORROW"}, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_variables_that_do_not_fit_are_refused(
    api: Api, range: dict[str, Any], code: str
) -> None:
    answered = await api.ask(SUMMARY, range=range)
    assert answered.codes == [code]
    assert "data" not in answered.body


async def test_a_batch_of_too_many_events_says_the_limit(api: Api) -> None:
    answered = await api.ask(
        "mutation ($e: [EventInput!]!) { recordEvents(input: { events: $e }) { accepted } }",
        e=[{"type": "click"}] * 1001,
    )
    assert answered.codes == ["TOO_MANY_EVENTS"]
    assert answered.error["extensions"]["limit"] == 1000


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ viewer { subject }", "GRAPHQL_PARSE_FAILED"),
        ("{ viewer { subjekt } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ " + "".join(f"a{n}: __typename " for n in range(101)) + "}", "TOO_MANY_ALIASES"),
        ("{ viewer " + "@include(if: true) " * 51 + "{ subject } }", "TOO_MANY_DIRECTIVES"),
        (
            "{ " + "".join(f"a{n}: viewer {{ subject }} " for n in range(51)) + "}",
            "TOO_MANY_ROOT_FIELDS",
        ),
        ("{ viewer { " + "subject " * 22 + "} }", "TOO_MANY_REPEATS"),
        ("{ viewer { subject } } #" + "x" * 15_000, "DOCUMENT_TOO_LONG"),
        ("{ viewer " + "{ a " * 16 + "}" * 16 + "}", "TOO_DEEP"),
        ("{ ...A } fragment A on Query { viewer { subject } ...A }", "TOO_MANY_FIELDS"),
        ("{ viewer { subject } " + "# x\n" + "a " * 6000 + "}", "TOO_MANY_TOKENS"),
    ],
)
async def test_a_document_that_is_wrong_or_too_heavy_is_refused(
    api: Api, query: str, code: str
) -> None:
    answered = await api.ask(query)
    assert answered.codes == [code]
    assert "data" not in answered.body


async def test_many_mistakes_are_not_all_listed(api: Api) -> None:
    answered = await api.ask("{ __typename " + " ".join(f"@d{n}" for n in range(10)) + " }")
    assert len(answered.codes) <= 6
    assert set(answered.codes) == {"GRAPHQL_VALIDATION_FAILED"}


async def test_what_is_not_expected_is_masked_and_carries_the_correlation_id(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(reads: Any) -> list[Frame]:
        raise RuntimeError("password=hunter2 at /srv/db.py")

    object.__setattr__(api.rooms, "answer", broken)
    answered = await api.ask(SUMMARY, range=DAY)
    assert answered.codes == ["INTERNAL"]
    assert "hunter2" not in answered.response.text and "RuntimeError" not in answered.response.text
    assert CORRELATION in answered.error["message"]
    assert answered.body["data"] == {"summary": None}


async def test_a_database_that_is_away_is_said_to_be(api: Api) -> None:
    asked = """query ($range: RangeInput!) { viewer { subject }
        summary(range: $range) { totalEvents } events(range: $range) { nodes { id } } }"""
    await api.ask(asked, range=DAY)
    api.counted.terminate()
    answered = await api.ask(asked, range=DAY)
    assert answered.codes == ["UNAVAILABLE", "UNAVAILABLE"]
    assert answered.body["data"]["viewer"] == {"subject": "test-admin"}
    assert all(error["extensions"]["retryAfter"] for error in answered.body["errors"])
