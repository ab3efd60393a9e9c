"""Named SQL: how files are read, and that those of the project are well formed."""

import pytest

from db.queries import areas, load, parse


def test_each_statement_is_found_by_name_with_its_description() -> None:
    text = "-- name: one\n-- Says one.\nSELECT 1;\n\n-- name: two\n-- Says two.\nSELECT 2;\n"
    assert parse("x", text) == {"one": "-- Says one.\nSELECT 1", "two": "-- Says two.\nSELECT 2"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("SELECT 1;\n-- name: one\nSELECT 1;", "before the first"),
        ("-- name: one\nSELECT 1;\n-- name: one\nSELECT 2;", "twice"),
        ("-- name: one\n-- Says nothing.\n", "no SQL"),
    ],
)
def test_a_malformed_file_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse("x", text)


@pytest.mark.parametrize("area", areas())
def test_each_statement_of_the_project_has_a_description(area: str) -> None:
    undescribed = [name for name, sql in load(area).items() if not sql.startswith("-- ")]
    assert undescribed == []
