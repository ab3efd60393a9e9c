"""Refused records of files once more: by replaying their dead letters, or by reading the file again."""

import json
from pathlib import Path

import asyncpg
import pytest

from tests.behaviour.importing import REJECTED, Importer

MAPPING = """
[input]
format = "{format}"

[event]
type = "order"
occurredAt = {{ column = "day", format = {times} }}
value = {{ column = "amount" }}
currency = "EUR"

[event.properties]
product = {{ column = "product" }}
file = {{ column = "$file" }}
"""
STRICT = '"%d/%m/%Y"'
MENDED = '["%d/%m/%Y", "%Y-%m-%d"]'
CSV = 'day,amount,product\n01/02/2026,1,rose\n2026-02-03,2,"a ""red"" rose,\ncut"\nnever,3,x\n'
LINES = "".join(
    json.dumps({"day": day, "amount": amount, "product": "rose"}) + "\n"
    for day, amount in (("01/02/2026", 1), ("2026-02-03", 2), ("never", 3))
)


@pytest.fixture
def importer(dsn: str, tmp_path: Path) -> Importer:
    return Importer(dsn, tmp_path)


def mapped(importer: Importer, layout: str, times: str) -> Path:
    path = importer.folder / "shop.toml"
    path.write_text(MAPPING.format(format=layout, times=times))
    return path


async def stored(pool: asyncpg.Pool) -> dict[str, str]:
    rows = await pool.fetch(
        "SELECT value, properties::json->>'product' AS product FROM analytics_events"
    )
    return {str(row["value"]): row["product"] for row in rows}


@pytest.mark.parametrize(("layout", "text"), [("csv", CSV), ("ndjson", LINES)])
async def test_a_record_is_replayed_through_its_mended_mapping_and_counts_once(
    importer: Importer, pool: asyncpg.Pool, layout: str, text: str
) -> None:
    path = importer.folder / f"shop.{layout}"
    path.write_text(text)
    importer.run("import", path, "-m", mapped(importer, layout, STRICT), code=REJECTED)
    said = importer.run("dead-letter", "list")
    assert f"shop.{layout}, record 2  BAD_TIME" in said

    said = importer.run("dead-letter", "replay", code=1)
    assert "MAPPING_NEEDED" in said and "--mapping shop.toml" in said
    mended = mapped(importer, layout, MENDED)
    said = importer.run("dead-letter", "replay", "--mapping", mended, code=1)
    assert "1 accepted, 0 duplicates, 1 still refused." in said
    assert (await stored(pool))["2"] == ('a "red" rose,\ncut' if layout == "csv" else "rose")

    said = importer.run("import", path, "-m", mended, code=REJECTED)
    assert "0 events added; of 3 records 0 accepted, 2 duplicates, 1 rejected" in said


async def test_reading_a_file_again_renews_its_letters(
    importer: Importer, pool: asyncpg.Pool
) -> None:
    path = importer.folder / "shop.csv"
    path.write_text(CSV)
    strict = mapped(importer, "csv", STRICT)
    importer.run("import", path, "-m", strict, code=REJECTED)
    importer.run("import", path, "-m", strict, "--again", code=REJECTED)
    opened = "SELECT array_agg(record ORDER BY record) FROM dead_letters WHERE replayed_at IS NULL"
    assert await pool.fetchval(opened) == [2, 3]
    said = importer.run("import", path, "-m", mapped(importer, "csv", MENDED), code=REJECTED)
    assert "1 events added" in said
    assert await pool.fetchval(opened) == [3]


async def test_a_mapping_that_needs_the_records_before_asks_for_the_file(
    importer: Importer, pool: asyncpg.Pool
) -> None:
    path = importer.folder / "shop.csv"
    path.write_text(CSV)
    mapping = mapped(importer, "csv", STRICT)
    mapping.write_text(mapping.read_text() + 'orders = { first = "product" }\n')
    importer.run("import", path, "-m", mapping, code=REJECTED)
    said = importer.run("dead-letter", "replay", "-m", mapping, code=1)
    assert "FILE_NEEDED" in said and "import shop.csv once more, with --again" in said
    assert "1" in await stored(pool)
