"""Every named statement is prepared against the real tables."""

import asyncpg
import pytest

from db.queries import areas, load

STATEMENTS = [(area, name) for area in areas() for name in load(area)]


@pytest.fixture(scope="module", autouse=True)
def _statements_are_found() -> None:
    assert len(STATEMENTS) > 50


async def test_each_named_statement_fits_the_tables(pool: asyncpg.Pool) -> None:
    wrong = {}
    async with pool.acquire() as connection:
        for area, name in STATEMENTS:
            try:
                await connection.prepare(load(area)[name])
            except asyncpg.PostgresError as error:
                wrong[f"{area}.{name}"] = str(error)
    assert wrong == {}
