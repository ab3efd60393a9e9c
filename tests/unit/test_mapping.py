"""Rules of mappings: what they make of cells, and what they refuse."""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

import pytest

from domain.errors import ConfigurationError
from domain.mapped import Mapped, SourceFile, mapped, remember
from domain.mapping_file import parse_mapping
from domain.memory import Memory
from domain.numbered_ids import numbered_ids
from domain.records import open_records

START = """
[input]
format = "{format}"
[event]
type = "order"
occurredAt = {time}
"""


def made(
    lines: Sequence[str], rules: str = "", *, time: str = '{ column = "at" }', format: str = "csv"
) -> Mapped:
    text = START.format(format=format, time=time) + rules
    mapping = parse_mapping(text, name="m", file="m.toml")
    (batch,) = open_records(iter([f"{line}\n" for line in lines]), mapping.layout).batches(size=99)
    return mapped(batch, mapping, SourceFile("file.csv", "d1"))


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        ("Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30:00+00:00"),
        ("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00+00:00"),
        ("Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T14:45:00+00:00"),
        ("Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T22:00:00+00:00"),
        ("Asia/Kathmandu", "2026-01-01T00:00:00", "2025-12-31T18:15:00+00:00"),
        ("UTC", "2023-11-16 18:17:03.9799600", "2023-11-16T18:17:03.979960+00:00"),
        ("Europe/Berlin", "2026-01-01T00:00:00+05:30", "2025-12-31T18:30:00+00:00"),
    ],
)
def test_local_times_are_placed_as_documented(zone: str, local: str, instant: str) -> None:
    (wire,) = made(["at", local], time=f'{{ column = "at", zone = "{zone}" }}').wires
    assert wire.occurred_at.isoformat() == instant


@pytest.mark.parametrize(
    ("form", "text"),
    [("unix", "1772100000.25"), ("unix_ms", "1772100000250"), ("%s-%%", None)],
)
def test_seconds_and_milliseconds_of_unix_are_times(form: str, text: str | None) -> None:
    if text is None:
        with pytest.raises(ConfigurationError, match=r"m\.toml line 6"):
            made(["at", "1"], time=f'{{ column = "at", format = "{form}" }}')
        return
    (wire,) = made(["at", text], time=f'{{ column = "at", format = "{form}" }}').wires
    assert wire.occurred_at.timestamp() == 1772100000.25


def test_products_are_exact_decimals() -> None:
    rules = 'value = { product = ["a", "b"] }\ncurrency = "GBP"\n'
    found = made(["at,a,b", "2026-01-01,-3,0.1", "2026-01-01,2,1234567890.123456"], rules)
    assert [wire.value for wire in found.wires] == [Decimal("-0.3"), Decimal("2469135780.246912")]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1_000", "0x10", "1,5", "", "١"])
def test_what_is_no_number_is_refused_or_null(text: str) -> None:
    found = made(["at,a", f'2026-01-01,"{text}"'], 'durationMs = { column = "a" }\n')
    if text == "":
        assert found.wires[0].duration_ms is None
    else:
        assert found.problems[0].code == "BAD_NUMBER"
        assert found.problems[0].field == "durationMs"


def test_a_problem_of_one_row_leaves_the_others() -> None:
    found = made(["at", "2026-01-01", "never", "", "2026-01-02"])
    assert [wire.occurred_at.day for wire in found.wires] == [1, 2]
    assert list(found.rows) == [0, 2]
    assert {row: problem.code for row, problem in found.problems.items()} == {1: "BAD_TIME"}


def test_a_number_may_come_from_another_column_where_the_first_is_null() -> None:
    rules = """value = { column = "given", or = "dollars", times = 2 }
[event.currency]
cases = [{ column = "given", null = true, then = "USD" }]
otherwise = { column = "in" }
"""
    lines = ["at,given,in,dollars", "2026-01-01,5,EUR,6", "2026-01-01,,EUR,7", "2026-01-01,,,"]
    found = made(lines, rules)
    assert [(wire.value, wire.currency) for wire in found.wires] == [
        (10, "EUR"),
        (14, "USD"),
        (None, "USD"),
    ]


def test_the_first_of_several_records_is_told_from_the_others_over_batches_and_after_a_break() -> (
    None
):
    rules = '[event.properties]\norders = { first = "order" }\n'
    mapping = parse_mapping(
        START.format(format="csv", time='{ column = "at" }') + rules, name="m", file="m.toml"
    )
    numbers = ["7", "7", "8", "7", "", "9", "8", "7"]
    lines = ["at,order\n", *(f"2026-01-01,{number}\n" for number in numbers)]
    file, expected = SourceFile("file.csv", "d1"), [1, 0, 1, 0, None, 1, 0, 0]
    for start in range(8):
        memory = Memory()
        batches = open_records(iter(lines), mapping.layout).batches(
            size=3,
            start=start,
            skipped=partial(remember, mapping=mapping, file=file, memory=memory),
        )
        wires = [wire for batch in batches for wire in mapped(batch, mapping, file, memory).wires]
        assert [(wire.properties or {}).get("orders") for wire in wires] == expected[start:]


def test_the_cells_that_are_remembered_are_bounded() -> None:
    memory = Memory(limit=2)
    assert memory.firsts("a", ["x", "y", "x", "z", "y", "x"]) == [1, 1, 0, 1, 0, 1]


def test_a_text_that_is_too_long_is_refused_by_name() -> None:
    rules = 'userId = { column = "u" }\n'
    found = made(["at,u", f"2026-01-01,{'x' * 501}", "2026-01-01,y"], rules)
    assert [wire.user_id for wire in found.wires] == ["y"]
    assert (found.problems[0].code, found.problems[0].field) == ("TOO_LONG", "userId")


def test_json_keeps_the_kinds_of_its_values_apart() -> None:
    rules = 'rest = true\nuserId = { column = "u" }\n'
    lines = [
        '{"at": "2026-01-01", "u": 1, "flag": true, "n": 1.50, "deep": {"a": [1]}}',
        '{"at": "2026-01-01", "u": true, "flag": 1, "n": null}',
    ]
    first, second = made(lines, rules, format="ndjson").wires
    assert (first.user_id, second.user_id) == ("1", "true")
    assert first.properties == {"flag": True, "n": Decimal("1.5"), "deep": {"a": [1]}}
    assert second.properties == {"flag": 1}


def test_ids_of_lines_differ_by_file_and_number_and_sort_by_number() -> None:
    ids = numbered_ids(("m", "d1"), range(1, 1000))
    assert len(set(ids)) == 999
    assert ids == sorted(ids)
    assert not set(ids) & set(numbered_ids(("m", "d2"), range(1, 1000)))
    assert all(each[14] == "8" and each[19] in "89ab" and len(each) == 36 for each in ids)


def test_ids_of_columns_cannot_meet_by_how_they_are_joined() -> None:
    rules = 'id = { columns = ["a", "b"] }\n'
    found = made(["at,a,b", "2026-01-01,x:y,z", "2026-01-01,x,y:z", "2026-01-01,,z"], rules)
    assert len({wire.id for wire in found.wires}) == 2
    assert found.problems[2].code == "MISSING_FIELD"


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ('userId = { colum = "u" }', r"m\.toml line 7: event\.userId\.colum: is not known here"),
        ("statuscode = 1", r"line 7: event\.statuscode: is not known here"),
        ('userId = { column = "u", match = "(" }', r"line 7: event\.userId\.match"),
        ('id = { line = true, columns = ["a"] }', r"line 7: event\.id"),
        ('value = { column = "a", times = "x" }', r"line 7: event\.value\.times"),
        ("currency = 5", r"line 7: event\.currency"),
        ('value = { product = ["a", "b"], or = "c" }', r"line 7: event\.value\.or"),
        (
            '[event.properties]\na = { first = "x" }\nb = { first = "x" }',
            r"event\.properties: asks for the first of the same column twice",
        ),
        ('source = { cases = [{ column = "a", then = "b" }] }', r"line 7: event\.source\.cases\.0"),
    ],
)
def test_a_wrong_rule_is_named_with_its_line(rules: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        made(["at", "2026-01-01"], rules)
