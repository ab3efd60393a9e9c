"""Drilling down to raw events, page by page."""

from typing import Any

from tests.api.conftest import NOW, Api

ALL = {"between": {"from": "2026-03-01T00:00:00Z", "to": "2026-03-11T00:00:00Z"}}
PAGE = """query ($range: RangeInput!, $first: Int, $after: String, $type: String, $user: ID,
                 $filter: FilterInput) {
    events(range: $range, first: $first, after: $after, eventType: $type, userId: $user, filter: $filter) {
      edges { cursor node { id } }
      nodes { id eventType occurredAt receivedAt source userId durationMs statusCode errorMessage
              isError value currency properties }
      pageInfo { hasNextPage endCursor }
      meta { servedBy warnings { code message } } } }"""


def clicks(count: int, prefix: str = "c", second: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{prefix}{number:03}",
            "type": "click",
            "occurredAt": f"2026-03-09T10:{number // 4:02}:{second:02}Z",
            "userId": f"u{number % 3}",
        }
        for number in range(count)
    ]


async def all_pages(api: Api, first: int, **asked: Any) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = (await api.ask(PAGE, range=ALL, first=first, after=after, **asked)).data["events"]
        found += [node["id"] for node in page["nodes"]]
        assert len(page["nodes"]) <= first
        if not page["pageInfo"]["hasNextPage"]:
            return found
        assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
        after = page["pageInfo"]["endCursor"]


async def test_an_event_is_shown_as_it_was_sent(api: Api) -> None:
    await api.store(
        [
            {
                "id": "mine",
                "type": "order",
                "occurredAt": "2026-03-09T10:00:00.25+01:00",
                "source": "shop",
                "userId": "u1",
                "durationMs": "12.50",
                "statusCode": 402,
                "value": "10.00",
                "currency": "EUR",
                "properties": {"product": "p", "nested": {"a": [1, None]}},
            }
        ]
    )
    answered = await api.ask(PAGE, range=ALL)
    (event,) = answered.data["events"]["nodes"]
    assert event == {
        "id": "mine",
        "eventType": "order",
        "occurredAt": "2026-03-09T09:00:00.250000Z",
        "receivedAt": NOW.isoformat().replace("+00:00", "Z"),
        "source": "shop",
        "userId": "u1",
        "durationMs": event["durationMs"],
        "statusCode": 402,
        "errorMessage": None,
        "isError": True,
        "value": event["value"],
        "currency": "EUR",
        "properties": {"product": "p", "nested": {"a": [1, None]}},
    }
    assert float(event["durationMs"]) == 12.5 and float(event["value"]) == 10
    assert answered.data["events"]["meta"] == {"servedBy": ["raw"], "warnings": []}


async def test_pages_hold_every_event_once_newest_first(api: Api) -> None:
    events = clicks(50)
    await api.store(events)
    found = await all_pages(api, 7)
    assert sorted(found) == sorted(event["id"] for event in events)
    when = {event["id"]: event["occurredAt"] for event in events}
    assert [when[id] for id in found] == sorted(when.values(), reverse=True)


async def test_pages_have_no_gap_while_events_arrive(api: Api) -> None:
    await api.store(clicks(20))
    first = (await api.ask(PAGE, range=ALL, first=5)).data["events"]
    await api.store(clicks(20, "newer", second=30))
    found = [node["id"] for node in first["nodes"]]
    after = first["pageInfo"]["endCursor"]
    while after:
        page = (await api.ask(PAGE, range=ALL, first=5, after=after)).data["events"]
        found += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    assert len(found) == len(set(found))
    assert {id for id in found if id.startswith("c")} == {event["id"] for event in clicks(20)}


async def test_events_of_one_user_type_or_condition(api: Api) -> None:
    await api.store(clicks(9))
    await api.store(
        [{"id": "q", "type": "query", "occurredAt": "2026-03-09T10:00:00Z", "userId": "u1"}]
    )
    assert set(await all_pages(api, 2, user="u1")) == {"c001", "c004", "c007", "q"}
    assert await all_pages(api, 2, type="query") == ["q"]
    by_type = {"not": {"dimension": "eventType", "eq": "click"}}
    assert await all_pages(api, 2, filter=by_type) == ["q"]


async def test_a_range_behind_the_kept_events_says_so(api: Api) -> None:
    await api.store(clicks(1))
    await api.pool.execute("INSERT INTO raw_gaps VALUES ('click', '2026-03-08T00:00:00Z', now())")
    answered = await api.ask(PAGE, range=ALL, type="click")
    (warning,) = answered.data["events"]["meta"]["warnings"]
    assert warning["code"] == "RAW_EVENTS_DROPPED" and "2026-03-08T00:00:00Z" in warning["message"]
    other = await api.ask(PAGE, range=ALL, type="query")
    assert other.data["events"]["meta"]["warnings"] == []


async def test_a_cursor_or_page_size_that_is_none_is_refused(api: Api) -> None:
    for cursor in ("x", "AAAA", "é", "A" * 31, "A" * 36, "f" + "_" * 31):
        answered = await api.ask(PAGE, range=ALL, after=cursor)
        assert answered.codes == ["INVALID_CURSOR"], cursor
    too_large = await api.ask(PAGE, range=ALL, first=1001)
    assert too_large.codes == ["PAGE_TOO_LARGE"]
    assert too_large.error["extensions"]["limit"] == 1000
    assert (await api.ask(PAGE, range=ALL, first=0)).codes == ["INVALID_PAGE_SIZE"]
    assert (await api.ask(PAGE, range=ALL, first=1000)).codes == []


async def test_a_user_id_that_no_event_can_have_is_refused(api: Api) -> None:
    for user in ("a\0b", "u" * 501):
        assert (await api.ask(PAGE, range=ALL, user=user)).codes == ["INVALID_USER_ID"]
