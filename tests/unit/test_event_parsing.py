import json
import string
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.builtin import BUILTIN
from domain.catalogue import Dimension, Measure, catalogue_of, event_type
from domain.errors import InvalidInput
from domain.event_wire import MAX_PROPERTIES_BYTES, encode_mapping
from domain.events import Arrival, Event, EventRules, parse
from tests.lines import fields_of

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINTED = "00000000-0000-7000-8000-000000000000"
ARRIVAL = Arrival(NOW, "request-1", lambda: MINTED)
NESTED = event_type(
    "nested",
    "An event with attributes inside objects.",
    dimensions=(
        Dimension("inner", "properties.a.b", "Nested."),
        Dimension("errorMessage", "errorMessage", "What went wrong."),
    ),
    measures=(Measure("size", "properties.a.size", "bytes", "Nested."),),
    raw_days=30,
)
RULES = EventRules.of(catalogue_of((*BUILTIN, NESTED)))


FULL = {
    "id": "0B9F7E6A-1111-4222-8333-444455556666",
    "type": "order",
    "source": "shop",
    "userId": "ü-7",
    "deviceId": "",
    "sessionId": "s",
    "correlationId": "c",
    "durationMs": 12.50,
    "statusCode": 404,
    "errorMessage": "no such thing",
    "provider": "p",
    "value": "19.90",
    "currency": "EUR",
    "cost": 0,
    "properties": {"b": 1.0, "a": [None, "x"]},
}


def event(**fields: Any) -> dict[str, Any]:
    return {"id": "e-1", "type": "click", "occurredAt": "2026-11-23T08:00:00Z", **fields}


def parsed(body: dict[str, Any] | bytes | str) -> Event:
    raw = json.dumps(body).encode() if isinstance(body, dict) else body
    return parse(raw.encode() if isinstance(raw, str) else raw, RULES, ARRIVAL)


def properties_of(found: Event) -> Any:
    return json.loads(fields_of(found.line)["properties"] or "null")


def refused(body: dict[str, Any] | bytes | str) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        parsed(body)
    return caught.value


def with_number(text: str, name: str = "durationMs") -> str:
    return json.dumps(event())[:-1] + f', "{name}": {text}}}'


def test_every_field_is_taken_over() -> None:
    found = parsed(
        event(
            id="0B9F7E6A-1111-4222-8333-444455556666",
            type="order",
            source="shop",
            userId="ü-7",
            deviceId="",
            sessionId="s",
            correlationId="c",
            durationMs=12.50,
            statusCode=404,
            errorMessage="no\tsuch\nthing",
            provider="p",
            value="19.90",
            currency="EUR",
            cost=0,
            properties={"b": 1.0, "a": [None, "x"]},
        )
    )
    assert found.occurred_at == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert fields_of(found.line) == {
        "id": "0b9f7e6a-1111-4222-8333-444455556666",
        "client_id": None,
        "event_type": "order",
        "occurred_at": "2026-11-23 08:00:00+00:00",
        "source": "shop",
        "user_id": "ü-7",
        "device_id": "",
        "session_id": "s",
        "correlation_id": "c",
        "duration_ms": "12.5",
        "status_code": "404",
        "error_message": "no\tsuch\nthing",
        "provider": "p",
        "value": "19.9",
        "currency": "EUR",
        "cost": "0",
        "properties": '{"a":[null,"x"],"b":1}',
    }


def test_an_id_that_is_no_uuid_is_kept_and_stands_for_the_same_uuid_every_time() -> None:
    first, again, other = parsed(event(id="o-1")), parsed(event(id="o-1")), parsed(event(id="o-2"))
    assert fields_of(first.line)["client_id"] == "o-1"
    assert first.id == again.id != other.id


def test_an_event_without_an_id_or_correlation_gets_them_from_its_request() -> None:
    body = event()
    del body["id"]
    found = parsed(body)
    kept = fields_of(found.line)
    assert (found.id, kept["id"], kept["correlation_id"]) == (MINTED, MINTED, "request-1")


def test_an_event_with_a_correlation_of_its_own_keeps_it() -> None:
    for text in ("own", "", "null", 'a "b"', "a\nb"):
        assert fields_of(parsed(event(correlationId=text)).line)["correlation_id"] == text


@pytest.mark.parametrize("text", ['"', "\\", "a\nb", "null", ""])
@pytest.mark.parametrize("user", ["plain", "a\\b"])
def test_the_correlation_of_the_request_may_be_any_text(text: str, user: str) -> None:
    body = json.dumps(event(userId=user)).encode()
    found = fields_of(parse(body, RULES, Arrival(NOW, text, lambda: MINTED)).line)
    assert (found["correlation_id"], found["user_id"]) == (text, user)


def test_the_retention_of_a_type_goes_with_its_events() -> None:
    assert parsed(event(type="nested")).raw_days == 30
    assert parsed(event()).raw_days is None


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"type": "nope"}, "UNKNOWN_EVENT_TYPE", "type"),
        ({"type": "*"}, "UNKNOWN_EVENT_TYPE", "type"),
        ({"type": 7}, "WRONG_TYPE", "type"),
        ({"type": None}, "MISSING_FIELD", "type"),
        ({"user_id": "u"}, "UNKNOWN_FIELD", "user_id"),
        ({"receivedAt": "2026-11-23T08:00:00Z"}, "UNKNOWN_FIELD", "receivedAt"),
        ({"id": ""}, "INVALID_VALUE", "id"),
        ({"id": "x" * 201}, "INVALID_VALUE", "id"),
        ({"id": 5}, "WRONG_TYPE", "id"),
        ({"userId": "x" * 501}, "TOO_LONG", "userId"),
        ({"userId": "a\0b"}, "NUL_CHARACTER", "userId"),
        ({"userId": ["a"]}, "WRONG_TYPE", "userId"),
        ({"source": "\ud800"}, "INVALID_TEXT", "source"),
        ({"errorMessage": "x" * 10_001}, "TOO_LONG", "errorMessage"),
        ({"occurredAt": None}, "MISSING_FIELD", "occurredAt"),
        ({"occurredAt": "yesterday"}, "INVALID_TIME", "occurredAt"),
        ({"occurredAt": "2026-11-23T08:00:00"}, "INVALID_TIME", "occurredAt"),
        ({"occurredAt": 1700000000}, "WRONG_TYPE", "occurredAt"),
        ({"occurredAt": "1969-12-31T23:59:59.999999Z"}, "OUT_OF_RANGE", "occurredAt"),
        ({"occurredAt": "1970-01-01T00:00:00+00:01"}, "OUT_OF_RANGE", "occurredAt"),
        ({"occurredAt": "2026-11-24T09:00:00.000001Z"}, "OUT_OF_RANGE", "occurredAt"),
        ({"occurredAt": "9999-12-31T23:59:59Z"}, "OUT_OF_RANGE", "occurredAt"),
        ({"statusCode": "200"}, "WRONG_TYPE", "statusCode"),
        ({"statusCode": 200.5}, "WRONG_TYPE", "statusCode"),
        ({"statusCode": -1}, "OUT_OF_RANGE", "statusCode"),
        ({"statusCode": 10**30}, "OUT_OF_RANGE", "statusCode"),
        ({"durationMs": True}, "WRONG_TYPE", "durationMs"),
        ({"durationMs": "fast"}, "WRONG_TYPE", "durationMs"),
        ({"durationMs": "NaN"}, "NOT_FINITE", "durationMs"),
        ({"value": 1}, "MISSING_FIELD", "currency"),
        ({"value": 1, "currency": "eur"}, "INVALID_VALUE", "currency"),
        ({"currency": "EURO"}, "INVALID_VALUE", "currency"),
        ({"currency": "EUR\n"}, "INVALID_VALUE", "currency"),
        ({"properties": []}, "WRONG_TYPE", "properties"),
        ({"properties": {"path": {}}}, "WRONG_TYPE", "properties.path"),
        ({"properties": {"path": "x" * 501}}, "TOO_LONG", "properties.path"),
        ({"properties": {"x": {"y": ["\0"]}}}, "NUL_CHARACTER", "properties.x.y"),
        ({"properties": {"x": "\udc00"}}, "INVALID_TEXT", "properties.x"),
        ({"properties": {"a\0": 1}}, "NUL_CHARACTER", "properties"),
        ({"properties": {"x": "y" * MAX_PROPERTIES_BYTES}}, "TOO_LARGE", "properties"),
        ({"type": "order", "properties": {"quantity": "3"}}, "WRONG_TYPE", "properties.quantity"),
        ({"type": "order", "properties": {"quantity": True}}, "WRONG_TYPE", "properties.quantity"),
        (
            {"type": "order", "properties": {"quantity": 10**18}},
            "OUT_OF_RANGE",
            "properties.quantity",
        ),
        ({"type": "nested", "properties": {"a": {"size": []}}}, "WRONG_TYPE", "properties.a.size"),
        ({"type": "nested", "properties": {"a": {"b": [1]}}}, "WRONG_TYPE", "properties.a.b"),
        ({"type": "nested", "errorMessage": "x" * 501}, "TOO_LONG", "errorMessage"),
    ],
)
def test_a_faulty_event_is_refused_with_its_reason(
    fields: dict[str, Any], code: str, field: str
) -> None:
    problem = refused(event(**fields))
    assert (problem.code, problem.field) == (code, field)
    assert problem.message


def test_an_unknown_field_is_answered_with_the_valid_ones() -> None:
    message = refused(event(usr="x")).message
    assert "'usr'" in message and "userId" in message and "occurredAt" in message


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_know_are_refused_by_name(text: str) -> None:
    for name in ("durationMs", "value", "cost"):
        problem = refused(with_number(text, name))
        assert (problem.code, problem.field) == ("NOT_FINITE", name)
    problem = refused(json.dumps(event(properties={"a": {"b": float(text)}})))
    assert (problem.code, problem.field) == ("NOT_FINITE", "properties.a.b")


@pytest.mark.parametrize(
    "text",
    ["12345678901234567890.123456789012", "1e18", "-1e999999999", "1e-13", "0.1234567890123"],
)
def test_numbers_over_the_limits_are_refused_by_name(text: str) -> None:
    problem = refused(with_number(text))
    assert (problem.code, problem.field) == ("OUT_OF_RANGE", "durationMs")


def test_numbers_go_through_no_float() -> None:
    kept = fields_of(parsed(with_number("123456789012345678.123456789012")).line)
    assert kept["duration_ms"] == "123456789012345678.123456789012"
    found = parsed(json.dumps(event())[:-1] + ', "properties": {"n": 0.12345678901234567890123}}')
    assert fields_of(found.line)["properties"] == '{"n":0.12345678901234567890123}'


def test_a_property_that_no_database_number_holds_is_refused() -> None:
    body = json.dumps(event())[:-1] + ', "properties": {"n": 1e200000}}'
    assert refused(body).field == "properties.n"


@pytest.mark.parametrize("depth", [10, 11, 5000])
def test_properties_may_be_ten_levels_deep(depth: int) -> None:
    body = json.dumps(event())[:-1] + ', "properties": ' + '{"a":' * depth + "1" + "}" * (depth + 1)
    if depth == 10:
        assert properties_of(parsed(body)) == json.loads(body)["properties"]
    else:
        assert refused(body).code == "TOO_DEEP"


def test_attributes_may_be_any_scalar() -> None:
    for value in ("x", True, 7, 1.5, None, "é" * 500):
        assert properties_of(parsed(event(properties={"path": value}))) == {"path": value}


@pytest.mark.parametrize("value", [None, "x", "x" * 501, True, 7, ["x"], {}, {"b": None}])
def test_an_attribute_inside_something_else_than_an_object_is_missing(value: Any) -> None:
    found = parsed(event(type="nested", properties={"a": value}))
    assert properties_of(found) == {"a": value}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"type": ', "MALFORMED_JSON"),
        (b"", "MALFORMED_JSON"),
        (b"[]", "NOT_AN_OBJECT"),
        (b"null", "NOT_AN_OBJECT"),
        (b'"\xff"', "INVALID_TEXT"),
    ],
)
def test_what_is_no_object_is_refused(body: bytes, code: str) -> None:
    assert refused(body).code == code


def test_the_digest_is_of_the_body_by_value() -> None:
    one = b"""{"id":"a","type":"order","occurredAt":"2026-11-23T08:00:00Z","value":1.50,
        "currency":"EUR","userId":null,"properties":{"a":1.0,"b":{"c":[1e1,"x"]}}}"""
    same = b"""{"properties":{"b":{"c":[10,"\\u0078"]},"a":1},"currency":"EUR","value":"1.5",
        "occurredAt":"2026-11-23T09:00:00.000+01:00","type":"order","id":"a"}"""
    assert parsed(one).digest == parsed(same).digest
    assert parsed(one).digest != parsed(one.replace(b"1.50", b"1.51")).digest
    assert parsed(one).digest != parsed(one.replace(b'"x"', b'"y"')).digest
    assert parsed(one).digest != parsed(one.replace(b"null", b'""')).digest


@pytest.mark.parametrize(
    ("fields", "digest"),
    [
        ({}, -626377663887977518),
        ({"id": "0B9F7E6A-1111-4222-8333-444455556666"}, 7165620504896729453),
        ({"userId": "ü", "durationMs": 1.5, "properties": {"b": 1, "a": "x"}}, -908764836369365606),
        (FULL, -6460629162049068297),
        ({"correlationId": "request-1"}, -4468146879785444875),
        ({"correlationId": "null", "properties": {}}, -8651109935918681452),
        (
            {
                "occurredAt": "2026-11-23T09:30:00.123456+01:00",
                "properties": {"n": 1e3, "z": {"y": [True, 0.5]}},
            },
            -8815174568287181809,
        ),
        (
            {"userId": 'a "quoted" name', "properties": {"q": '"', "s": "\\"}},
            -8826247493226010695,
        ),
        (
            {"errorMessage": "tab\tline\nend\x01\x7f", "correlationId": "a\nb"},
            -5090829135481038533,
        ),
        ({"source": "漢🎉", "sessionId": "]\n[", "provider": "a,b"}, -2640879383204590721),
    ],
)
def test_the_digest_never_changes(fields: dict[str, Any], digest: int) -> None:
    assert parsed(event(**fields)).digest == digest


def test_a_correlation_id_counts_in_the_digest_only_where_the_event_has_it() -> None:
    later = Arrival(NOW + timedelta(hours=1), "request-2", lambda: MINTED)
    body = json.dumps(event()).encode()
    assert parse(body, RULES, ARRIVAL).digest == parse(body, RULES, later).digest
    assert parsed(event(correlationId="request-1")).digest != parsed(event()).digest


TEXTS = st.none() | st.text(
    st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=30
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(string.ascii_letters, min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)
PROPERTIES = st.dictionaries(
    st.text(string.ascii_uppercase, min_size=1, max_size=5), JSON_VALUES, max_size=4
)


@settings(max_examples=60, deadline=None)
@given(
    user=TEXTS, source=TEXTS, minutes=st.integers(-840, 840), properties=PROPERTIES, data=st.data()
)
def test_order_and_spelling_do_not_change_an_event(
    user: str | None,
    source: str | None,
    minutes: int,
    properties: dict[str, Any],
    data: st.DataObject,
) -> None:
    instant = datetime(2026, 11, 20, 12, tzinfo=UTC)
    body = event(occurredAt=instant.isoformat(), userId=user, source=source, properties=properties)
    shuffled = dict(data.draw(st.permutations(list(body.items()))))
    shuffled["occurredAt"] = instant.astimezone(timezone(timedelta(minutes=minutes))).isoformat()
    spelled = json.dumps(shuffled, indent=2, ensure_ascii=data.draw(st.booleans())).encode()
    assert parse(spelled, RULES, ARRIVAL) == parsed(body)


@settings(max_examples=200, deadline=None)
@given(user=TEXTS, error=TEXTS, session=TEXTS, correlation=TEXTS, properties=PROPERTIES)
def test_a_line_holds_every_text_as_it_was(
    user: str | None,
    error: str | None,
    session: str | None,
    correlation: str | None,
    properties: dict[str, Any],
) -> None:
    found = parsed(
        event(
            userId=user,
            errorMessage=error,
            sessionId=session,
            correlationId=correlation,
            properties=properties,
        )
    )
    kept = fields_of(found.line)
    texts = (kept["user_id"], kept["error_message"], kept["session_id"], kept["correlation_id"])
    assert texts == (user, error, session, "request-1" if correlation is None else correlation)
    assert properties_of(found) == properties


def test_events_that_came_as_values_are_refused_for_the_same_reasons() -> None:
    nan = encode_mapping(event(durationMs=float("nan")))
    assert refused(nan).code == "NOT_FINITE"
    assert refused(encode_mapping(event(properties={"x": float("inf")}))).field == "properties.x"
    assert refused(encode_mapping(event(userId="\ud800"))).code == "INVALID_TEXT"
