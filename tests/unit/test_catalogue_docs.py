"""Holds docs/catalogue.md to what the code says."""

import re
from pathlib import Path

from domain.builtin import BUILTIN
from domain.catalogue import NUMBER_COLUMNS, TEXT_COLUMNS, EventType
from domain.catalogue_file import parse_catalogue

PAGE = (Path(__file__).parents[2] / "docs" / "catalogue.md").read_text()


def row(each: EventType) -> str:
    named = [
        " + ".join(chosen)
        for chosen in each.rollups
        if len(chosen) > 1 and not money_only(each, chosen)
    ]
    cells = (
        f"`{each.name}`",
        each.description,
        ", ".join(each.dimensions),
        ", ".join(f"{measure.name} ({measure.unit})" for measure in each.measures.values()),
        ", ".join(named),
    )
    return "| " + " | ".join(cells) + " |"


def money_only(each: EventType, chosen: tuple[str, ...]) -> bool:
    return each.has_money and len(chosen) == 2 and "currency" in chosen


def test_the_built_in_types_are_listed_as_they_are() -> None:
    table = PAGE.split("## Built-in types")[1]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert rows == [row(each) for each in BUILTIN]


def test_the_examples_are_good_catalogues() -> None:
    examples = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(examples) == 2
    shipment = parse_catalogue(examples[0], BUILTIN).event_type("shipment")
    assert shipment.raw_days == 30
    assert "channel" in parse_catalogue(examples[1], BUILTIN).event_type("order").dimensions


def test_the_sources_are_listed_as_they_are() -> None:
    assert f"or {', '.join(TEXT_COLUMNS)} |" in PAGE
    assert f"or {', '.join(NUMBER_COLUMNS)} |" in PAGE
