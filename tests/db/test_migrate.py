"""Migrations: once each, in order, by any number of processes."""

import asyncio
import sys
from dataclasses import replace

import asyncpg
import pytest

from db.migrate import Migration, migrate, pending, read_migrations
from db.pool import connect
from domain.errors import ConfigurationError

FIRST = Migration(1, "first", "CREATE TABLE first (id int)")
SECOND = Migration(2, "second", "CREATE TABLE second (id int); INSERT INTO second VALUES (7)")

_MIGRATE_IN_A_PROCESS = """
import asyncio, sys
from db.migrate import migrate
from db.pool import connect

async def main():
    connection = await connect(sys.argv[1])
    print(len(await migrate(connection)))
    await connection.close()

asyncio.run(main())
"""


async def _migrate_elsewhere(dsn: str) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _MIGRATE_IN_A_PROCESS, dsn, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return int(output)


async def test_each_migration_is_applied_once_and_in_order(empty_dsn: str) -> None:
    connection = await connect(empty_dsn)
    assert await migrate(connection, [FIRST]) == [FIRST]
    assert await pending(connection, [FIRST, SECOND]) == [SECOND]
    assert await migrate(connection, [FIRST, SECOND]) == [SECOND]
    assert await migrate(connection, [FIRST, SECOND]) == []
    assert await connection.fetchval("SELECT id FROM second") == 7
    await connection.close()


async def test_many_processes_at_once_apply_each_migration_once(empty_dsn: str) -> None:
    applied = await asyncio.gather(*(_migrate_elsewhere(empty_dsn) for _ in range(6)))
    assert sum(applied) == len(read_migrations())


async def test_a_changed_file_is_refused(empty_dsn: str) -> None:
    connection = await connect(empty_dsn)
    await migrate(connection, [FIRST])
    with pytest.raises(ConfigurationError, match="0001_first was changed") as caught:
        await migrate(connection, [replace(FIRST, sql="CREATE TABLE other (id int)")])
    assert caught.value.code == "MIGRATION_CHANGED"
    await connection.close()


async def test_a_failing_migration_leaves_nothing(empty_dsn: str) -> None:
    connection = await connect(empty_dsn)
    broken = replace(SECOND, sql="CREATE TABLE second (id int); SELECT no_such_column")
    with pytest.raises(asyncpg.UndefinedColumnError):
        await migrate(connection, [FIRST, broken])
    assert await pending(connection, [FIRST, SECOND]) == [SECOND]
    assert await connection.fetchval("SELECT to_regclass('second')") is None
    await connection.close()


async def test_versions_of_a_newer_release_are_left_alone(empty_dsn: str) -> None:
    connection = await connect(empty_dsn)
    await migrate(connection, [FIRST, SECOND])
    assert await migrate(connection, [FIRST]) == []
    await connection.close()


async def test_before_anything_is_applied_everything_is_pending(empty_dsn: str) -> None:
    connection = await connect(empty_dsn)
    assert await pending(connection, [FIRST, SECOND]) == [FIRST, SECOND]
    await connection.close()
