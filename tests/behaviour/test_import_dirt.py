"""What `tidemark import` does with files that are dirty, cut short, or not what they should be."""

import gzip
import signal
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from db.doorbell import ROLLUPS, wait
from domain.events import CONFLICT
from tests.behaviour.importing import REJECTED, Importer

MAPPING = """
[input]
format = "csv"

[event]
type = "order"
id = { line = true }
occurredAt = { column = "day", format = "%d/%m/%Y %H:%M", zone = "Europe/Berlin" }
value = { column = "amount", thousands = ",", decimal = "." }
currency = "EUR"

[event.properties]
product = { column = "product" }
"""
HEADER = "day,amount,product\n"


@pytest.fixture
def importer(dsn: str, tmp_path: Path) -> Importer:
    (tmp_path / "shop.toml").write_text(MAPPING)
    return Importer(dsn, tmp_path)


def written(importer: Importer, text: str | bytes, name: str = "shop.csv") -> Path:
    path = importer.folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def imported(importer: Importer, path: Path, code: int = 0, *options: str) -> str:
    return importer.run("import", path, "-m", importer.folder / "shop.toml", *options, code=code)


async def test_every_bad_record_is_counted_by_reason_and_kept(
    importer: Importer, pool: asyncpg.Pool
) -> None:
    text = HEADER + (
        '01/02/2026 10:00,"1,234.50",rose\n'
        "01/02/2026 10:01,many,rose\n"
        "31/02/2026 10:00,1,rose\n"
        "01/02/2026 10:02,1\n"
        '01/02/2026 10:03,2,"rose\nof two lines"\n'
        '01/02/2026 10:04,3,"rose"x\n'
        "01/02/2099 10:04,3,later\n"
        "01/02/2026 10:05,4,last"
    )
    body = text.encode() + b"\n01/02/2026 10:06,5,\xff\xfe"
    said = imported(importer, written(importer, body), REJECTED)
    assert "3 events added; of 9 records 3 accepted, 0 duplicates, 6 rejected" in said
    letters = await pool.fetch("SELECT code, field, body, origin FROM dead_letters ORDER BY code")
    assert [(each["code"], each["field"]) for each in letters] == [
        ("BAD_ENCODING", None),
        ("BAD_NUMBER", "value"),
        ("BAD_TIME", "occurredAt"),
        ("MALFORMED_CSV", None),
        ("OUT_OF_RANGE", "occurredAt"),
        ("WRONG_COLUMN_COUNT", None),
    ]
    assert letters[0]["body"] == b"01/02/2026 10:06,5,\xff\xfe"
    assert {each["origin"] for each in letters} == {"import:shop"}
    rows = await pool.fetch(
        "SELECT value, properties::json->>'product' AS product FROM analytics_events"
    )
    assert {(str(row["value"]), row["product"]) for row in rows} == {
        ("1234.5", "rose"),
        ("2", "rose\nof two lines"),
        ("4", "last"),
    }


async def test_a_second_run_adds_nothing_packed_or_not(
    importer: Importer, pool: asyncpg.Pool
) -> None:
    text = HEADER + "".join(f"01/02/2026 10:{minute:02},1,rose\n" for minute in range(60))
    plain = written(importer, text)
    packed = written(importer, gzip.compress(text.encode()), "copy.csv.gz")
    assert "60 events added" in imported(importer, plain)
    assert "0 events added" in imported(importer, plain)
    assert "0 events added" in imported(importer, packed)
    said = imported(importer, plain, 0, "--again")
    assert "0 events added; of 60 records 0 accepted, 60 duplicates" in said
    assert await pool.fetchval("SELECT count(*) FROM analytics_events") == 60


async def test_equal_lines_are_events_of_their_own(importer: Importer, pool: asyncpg.Pool) -> None:
    said = imported(importer, written(importer, HEADER + "01/02/2026 10:00,1,rose\n" * 3))
    assert "3 events added" in said


async def test_a_killed_import_goes_on_where_it_was_committed(
    importer: Importer, pool: asyncpg.Pool
) -> None:
    count = 90_000
    text = HEADER + "".join(
        f"01/02/2026 {line // 60 % 24:02}:{line % 60:02},{line},rose\n" for line in range(count)
    )
    path = written(importer, text)
    process = importer.start("import", path, "-m", importer.folder / "shop.toml")
    async with pool.acquire() as connection:
        position = 0
        while position == 0:
            assert process.poll() is None, process.communicate()
            position = await connection.fetchval("SELECT max(position) FROM imports") or 0
    process.send_signal(signal.SIGKILL)
    process.communicate()
    stored = await pool.fetchval("SELECT count(*) FROM analytics_events")
    assert 0 < stored < count
    said = imported(importer, path)
    assert f"of {count:,} records {count:,} accepted, 0 duplicates, 0 rejected" in said
    row = await pool.fetchrow("SELECT count(*), sum(value) FROM analytics_events")
    assert row is not None
    assert tuple(row) == (count, sum(range(count)))


async def test_a_file_without_a_column_is_refused_before_anything_is_stored(
    importer: Importer, pool: asyncpg.Pool
) -> None:
    path = written(importer, "date,amount,product\n01/02/2026 10:00,1,rose\n")
    said = imported(importer, path, 2)
    assert "no column 'day'" in said
    assert "Present: date, amount, product." in said
    assert await pool.fetchval("SELECT count(*) FROM event_ids") == 0


def test_a_type_that_is_not_declared_is_refused_naming_the_setting(importer: Importer) -> None:
    (importer.folder / "shop.toml").write_text(MAPPING.replace('"order"', '"shipment"'))
    said = imported(importer, written(importer, HEADER), 2)
    assert "'shipment'" in said
    assert "CATALOGUE_FILE" in said


def test_a_wrong_mapping_is_refused_with_its_line(importer: Importer) -> None:
    (importer.folder / "shop.toml").write_text(MAPPING.replace("%d/%m/%Y %H:%M", "dd/mm"))
    said = imported(importer, written(importer, HEADER), 2)
    assert "shop.toml line 8: event.occurredAt.format: 'dd/mm'" in said


def test_a_damaged_archive_is_refused(importer: Importer) -> None:
    packed = gzip.compress(HEADER.encode() * 1000)
    said = imported(importer, written(importer, packed[:-20], "shop.csv.gz"), 2)
    assert "is damaged" in said


async def test_a_dry_run_shows_events_and_rejects_and_stores_nothing(
    importer: Importer, pool: asyncpg.Pool
) -> None:
    path = written(importer, HEADER + "01/02/2026 10:00,1,rose\n01/02/2026 10:00,x,rose\n")
    said = imported(importer, path, 0, "--dry-run")
    assert '"occurred_at": "2026-02-01T09:00:00Z"' in said
    assert "rejected, BAD_NUMBER" in said
    assert await pool.fetchval("SELECT count(*) FROM event_ids") == 0


async def test_the_demo_is_the_same_every_time(importer: Importer, pool: asyncpg.Pool) -> None:
    first = importer.run("demo", "--events", "2000", "--days", "5")
    assert "demo events added" in first
    stored = await pool.fetchval("SELECT count(*) FROM analytics_events")
    assert "There are events already" in importer.run("demo", code=2)
    importer.run("demo", "--events", "2000", "--days", "5", "--force")
    after = await pool.fetchval(
        "SELECT count(*) FROM analytics_events"
        " WHERE occurred_at <= (SELECT max(occurred_at) FROM analytics_events"
        " WHERE received_at = (SELECT min(received_at) FROM analytics_events))"
    )
    assert after == stored
    unmarked = await pool.fetchval(
        "SELECT count(*) FROM analytics_events"
        " WHERE source NOT LIKE 'demo-%' OR NOT (properties->>'demo')::boolean"
    )
    assert unmarked == 0


async def test_what_was_committed_rings_for_the_worker(
    importer: Importer, redis: Redis, redis_url: str
) -> None:
    path = written(importer, HEADER + "01/02/2026 10:00,1,rose\n")
    importer.run("import", path, "-m", importer.folder / "shop.toml", REDIS_URL=redis_url)
    assert await wait(redis, ROLLUPS, 0.01)
    importer.run("demo", "--force", "--events", "90", "--days", "9", REDIS_URL=redis_url)
    assert await wait(redis, ROLLUPS, 0.01)


async def test_the_same_id_with_another_body_is_a_conflict_as_on_every_way_in(
    importer: Importer, pool: asyncpg.Pool
) -> None:
    (importer.folder / "shop.toml").write_text(
        MAPPING.replace("{ line = true }", '{ columns = ["product"] }')
    )
    text = HEADER + "01/02/2026 10:00,1,rose\n01/02/2026 10:00,2,rose\n"
    said = imported(importer, written(importer, text), REJECTED)
    assert "ID_CONFLICT" in said
    (letter,) = await pool.fetch("SELECT code, field, message FROM dead_letters")
    assert tuple(letter) == ("ID_CONFLICT", "id", CONFLICT)
