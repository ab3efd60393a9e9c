"""The commands that look and mend, run for real on the test's own database."""

from pathlib import Path

import asyncpg
import pytest

from app.catalogue_source import read_catalogue
from db.rollups import pending, roll_all
from tests.behaviour.importing import SECRET, Importer, asking
from tests.stored import store

CATALOGUE = read_catalogue(None)
EVENTS = [
    {"id": str(number), "type": "click", "occurredAt": f"2026-03-01T{number:02}:00:00Z"}
    for number in range(24)
]
RANGE = '{between: {from: "2026-03-01T00:00:00Z", to: "2026-03-02T00:00:00Z"}}'
COUNT = f"{{ summary(range: {RANGE}) {{ totalEvents }} }}"


@pytest.fixture
def command(dsn: str, tmp_path: Path) -> Importer:
    return Importer(dsn, tmp_path)


async def test_rollups_are_rebuilt_by_command_and_answer_the_same(
    command: Importer, pool: asyncpg.Pool, dsn: str, redis_url: str
) -> None:
    async with asking(dsn, redis_url) as asker:
        await store(pool, CATALOGUE, EVENTS)
        assert "tail: 24 events in 1 batches" in command.run("rollup", "status")
        said = command.run("rollup", "rebuild", "--type", "click")
        assert "Rebuilt from 24 raw events." in said
        said = command.run("rollup", "status")
        assert "rebuild: done" in said and "24 events" in said
        assert (await asker.ask(COUNT))["summary"]["totalEvents"] == 24


def test_a_type_that_is_not_known_cannot_be_rebuilt(command: Importer) -> None:
    said = command.run("rollup", "rebuild", "--type", "nope", code=2)
    assert "Unknown event type 'nope'. Valid: " in said


async def test_aggregate_rolls_up_all_that_was_committed_before(
    dsn: str, redis_url: str, pool: asyncpg.Pool
) -> None:
    async with asking(dsn, redis_url) as asker:
        await store(pool, CATALOGUE, EVENTS)
        found = await asker.ask("mutation { aggregate(input: {}) { batches events } }")
        assert found["aggregate"] == {"batches": 1, "events": 24}
        assert (await pending(pool)).batches == 0
        assert (await asker.ask(COUNT))["summary"]["totalEvents"] == 24


async def test_a_long_range_is_answered_by_rollups_alone(
    dsn: str, redis_url: str, pool: asyncpg.Pool
) -> None:
    async with asking(dsn, redis_url) as asker:
        await store(pool, CATALOGUE, EVENTS)
        await roll_all(pool, CATALOGUE)
        await pool.execute("DELETE FROM analytics_events")
        asked = (
            'query ($range: RangeInput!) { timeseries(eventType: "click", range: $range)'
            " { series { columns { count } } meta { servedBy } } }"
        )
        days = {"between": {"from": "2026-02-01T00:00:00Z", "to": "2026-03-08T00:00:00Z"}}
        found = (await asker.ask(asked, range=days))["timeseries"]
        assert sum(found["series"][0]["columns"]["count"]) == 24
        assert all(each.startswith("rollup:") for each in found["meta"]["servedBy"])


async def test_keys_are_made_listed_and_revoked(command: Importer) -> None:
    said = command.run("key", "create", "--role", "ingest", "--name", "till", "--ttl", "1h")
    assert "tk_" in said
    number = said.split("Made key ")[1].split()[0]
    assert f"{number}  tk_" in command.run("key", "list")
    assert "Revoked key" in command.run("key", "revoke", number)
    assert "revoked" in command.run("key", "list")
    assert "no key" in command.run("key", "revoke", number, code=1)


def test_a_token_is_made_of_the_secret_and_without_one_refused(command: Importer) -> None:
    assert command.run("token", "--role", "admin", JWT_SECRET=SECRET).count(".") == 2
    assert "JWT_SECRET is not set" in command.run("token", "--role", "admin", code=2)
    said = command.run("token", "--role", "admin", "--ttl", "soon", code=2, JWT_SECRET=SECRET)
    assert "as 12h" in said


def test_the_doctor_says_what_to_do(command: Importer, redis_url: str) -> None:
    assert "REDIS_URL" in command.run("doctor", code=1)
    said = command.run("doctor", REDIS_URL=redis_url)
    assert "ok    migrations: up to date" in said
    said = command.run("doctor", code=1, DATABASE_URL="postgresql://x:y@127.0.0.1:1/z")
    assert "FAIL  postgresql" in said and "x:***@" in said


def test_migrate_says_what_is_missing_before_it_does_it(command: Importer, empty_dsn: str) -> None:
    said = command.run("migrate", "--check", code=1, DATABASE_URL=empty_dsn)
    assert "missing: 0001_foundation" in said
    assert "applied: 0001_foundation" in command.run("migrate", DATABASE_URL=empty_dsn)
    assert "up to date" in command.run("migrate", "--check", DATABASE_URL=empty_dsn)
