import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.event_slices import of_array, of_lines

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=6), st.sampled_from([None, 2]))
def test_each_element_is_cut_out_whatever_it_holds(values: list[Any], indent: int | None) -> None:
    body = json.dumps(values, indent=indent).encode()
    cut = of_array(body)
    assert [json.dumps(json.loads(each)) for each in cut] == [json.dumps(each) for each in values]


@given(st.lists(VALUES.filter(lambda value: value == value), max_size=6))
def test_each_line_is_cut_out(values: list[Any]) -> None:
    lines = [json.dumps(each).encode() for each in values]
    assert of_lines(b"\r\n\n  \n".join(lines) + b"\n") == [
        *(line + b"\r" for line in lines[:-1]),
        *lines[-1:],
    ]


def test_bytes_that_are_no_utf8_stay_with_their_element() -> None:
    assert of_array(b'[{"a":"\xff"}, NaN, 1]') == [b'{"a":"\xff"}', b"NaN", b"1"]


@pytest.mark.parametrize(
    ("body", "position"),
    [
        (b"", None),
        (b"7", None),
        (b'[{"a":1}', None),
        (b'[{"a":1},]', 9),
        (b'[{"a":1} {"b":2}]', 9),
        (b'[{"a":}]', 6),
        (b"[1] x", 4),
        ('["é", x]'.encode(), 7),
    ],
)
def test_an_element_without_an_end_is_an_error_with_its_position(
    body: bytes, position: int | None
) -> None:
    with pytest.raises(InvalidInput) as caught:
        of_array(body)
    assert caught.value.code == "MALFORMED_JSON"
    if position is not None:
        assert caught.value.details["position"] == position


def test_endless_nesting_is_refused() -> None:
    with pytest.raises(InvalidInput, match="deep"):
        of_array(b"[" * 200_000)
