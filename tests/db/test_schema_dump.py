"""The checked-in schema is what the migrations make."""

from pathlib import Path

import asyncpg

from db.pool import connect
from tests.schema_dump import dump

SCHEMA = Path(__file__).resolve().parents[2] / "db" / "schema.sql"


def test_migrating_an_empty_database_makes_the_checked_in_schema(dsn: str) -> None:
    assert dump(dsn) == SCHEMA.read_text("utf-8"), "db/schema.sql is out of date: make schema"


async def test_the_checked_in_schema_can_be_loaded_and_is_the_same_again(empty_dsn: str) -> None:
    connection: asyncpg.Connection = await connect(empty_dsn)
    await connection.execute(SCHEMA.read_text("utf-8"))
    await connection.close()
    assert dump(empty_dsn) == SCHEMA.read_text("utf-8")
