"""Holds docs/import.md to what the code does."""

import re
from pathlib import Path

from app.mapping_source import read_mapping, shipped_mappings
from domain.builtin import BUILTIN
from domain.catalogue_file import parse_catalogue
from domain.mapped import SourceFile, mapped
from domain.mapping import FIELDS
from domain.mapping_file import parse_mapping
from domain.records import ACCESS_LOG_COLUMNS, open_records

PAGE = (Path(__file__).parents[2] / "docs" / "import.md").read_text("utf-8")
TILL, CATALOGUE, SENSORS = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)


def test_every_shipped_mapping_is_listed_with_its_type() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .+ \| `(\w+)` \|$", PAGE, flags=re.MULTILINE)
    assert rows == [(name, read_mapping(name).constant_type) for name in shipped_mappings()]


def test_the_example_of_a_till_does_what_its_comments_say() -> None:
    lines = [
        "Till 7\n",
        "\n",
        "receipt;line;date;time;customer;pieces;price;article;land\n",
        "4711;2;03.02.2026;10:30;C-77;2;1.234,50;rose;DE\n",
        "S12;1;03.02.2026;10:31;n/a;-1;2;rose;IT\n",
        "12;1;03.02.2026;10:32;-;1;-;rose;FR\n",
    ]
    mapping = parse_mapping(TILL, name="till", file="till.toml")
    (batch,) = open_records(iter(lines), mapping.layout).batches(size=10)
    found = mapped(batch, mapping, SourceFile("till.csv", "00"))
    assert not found.problems
    sold, cancelled, gift = found.wires
    assert (sold.id, sold.user_id, str(sold.value)) == ("till:4711:2", "77", "2469")
    assert sold.occurred_at.isoformat() == "2026-02-03T09:30:00+00:00"
    assert [(each.properties or {})["status"] for each in found.wires] == [
        "completed",
        "cancelled",
        "gift",
    ]
    assert [(each.properties or {})["country"] for each in found.wires] == [
        "Germany",
        "elsewhere",
        "France",
    ]
    assert (cancelled.user_id, gift.value) == (None, None)


def test_the_example_of_a_type_of_your_own_works() -> None:
    (line,) = re.findall(r"lines as `(.+?)`", PAGE)
    mapping = parse_mapping(SENSORS, name="sensors", file="sensors.toml")
    assert mapping.constant_type in parse_catalogue(CATALOGUE, BUILTIN).recordable
    (batch,) = open_records(iter([line]), mapping.layout).batches(size=10)
    (wire,) = mapped(batch, mapping, SourceFile("sensors.ndjson", "00")).wires
    assert wire.id == "sensors:1772100000:attic"
    assert {name: str(value) for name, value in (wire.properties or {}).items()} == {
        "room": "attic",
        "celsius": "18.25",
    }


def test_every_field_and_column_is_named() -> None:
    assert all(f"`{name}`" in PAGE for name in FIELDS)
    text = " ".join(PAGE.split())
    assert f"are {', '.join(ACCESS_LOG_COLUMNS[:-1])} and {ACCESS_LOG_COLUMNS[-1]}." in text
