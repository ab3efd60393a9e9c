"""Migrations: plain SQL files, each applied once, in order, in a transaction of its own."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from db.pool import Connection
from db.queries import load
from domain.errors import ConfigurationError

MIGRATIONS_DIR = Path(__file__).parent / "migrations"
QUERIES = load("migrate")

_FILE_NAME = re.compile(r"(?P<version>\d{4})_(?P<name>[a-z0-9_]+)\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One file `NNNN_name.sql`. `checksum` is the SHA-256 of its text, in hexadecimal."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """What `schema_migrations` keeps, to notice a file that changed after it was applied."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def label(self) -> str:
        """The file's name without its ending."""
        return f"{self.version:04d}_{self.name}"


def read_migrations(folder: Path = MIGRATIONS_DIR) -> list[Migration]:
    """The migrations of a folder in order. Two files of one version are an error."""
    found = sorted(
        (_read(path) for path in folder.glob("*.sql")), key=lambda migration: migration.version
    )
    for before, after in pairwise(found):
        if before.version == after.version:
            raise ConfigurationError(
                f"Migrations {before.label} and {after.label} have the same number.",
                code="MIGRATION_NUMBER_TWICE",
            )
    return found


async def migrate(
    connection: Connection, migrations: Sequence[Migration] | None = None
) -> list[Migration]:
    """Apply what is missing and return it.

    Any number of processes may do this at once: each step takes the same advisory lock for its
    transaction (which also holds behind pgbouncer) and looks again at what is applied. Versions
    that this code does not know are left alone, so that old processes run on beside new ones.
    """
    wanted = read_migrations() if migrations is None else migrations
    await _in_turn(connection, QUERIES["create_schema_migrations"])
    return [migration for migration in wanted if await _apply(connection, migration)]


async def pending(
    connection: Connection, migrations: Iterable[Migration] | None = None
) -> list[Migration]:
    """What `migrate` would apply now."""
    wanted = read_migrations() if migrations is None else migrations
    if not await connection.fetchval(QUERIES["has_schema_migrations"]):
        return list(wanted)
    applied = {row["version"] for row in await connection.fetch(QUERIES["applied_versions"])}
    return [migration for migration in wanted if migration.version not in applied]


async def _in_turn(connection: Connection, sql: str) -> None:
    async with connection.transaction():
        await connection.execute(QUERIES["lock_migrations"])
        await connection.execute(sql)


async def _apply(connection: Connection, migration: Migration) -> bool:
    async with connection.transaction():
        await connection.execute(QUERIES["lock_migrations"])
        applied = await connection.fetchval(QUERIES["applied_checksum"], migration.version)
        if applied is None:
            await connection.execute(migration.sql)
            await connection.execute(
                QUERIES["record_migration"], migration.version, migration.name, migration.checksum
            )
            return True
    if applied != migration.checksum:
        raise ConfigurationError(
            f"Migration {migration.label} was changed after it was applied to this database."
            " Restore the file and put the change into a new migration.",
            code="MIGRATION_CHANGED",
        )
    return False


def _read(path: Path) -> Migration:
    match = _FILE_NAME.fullmatch(path.name)
    if match is None:
        raise ConfigurationError(
            f"Migration file {path.name!r} is not named like 0001_what_it_does.sql.",
            code="MIGRATION_NAME",
        )
    return Migration(int(match["version"]), match["name"], path.read_text("utf-8"))
