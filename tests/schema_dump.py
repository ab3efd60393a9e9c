"""The tables of a migrated database as SQL: `python -m tests.schema_dump > db/schema.sql`."""

import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from app.embedded import Wanted, running
from app.home import Home
from app.postgres_server import postgres_binaries
from db.migrate import migrate
from db.pool import connect

_NOISE = re.compile(
    r"^(--.*|SET .*;|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*)\n", re.MULTILINE
)


def dump(dsn: str) -> str:
    """What pg_dump says of the schema, without what differs from one run or machine to the next."""
    found = subprocess.run(
        [postgres_binaries() / "pg_dump", "--schema-only", "--no-owner", "--no-privileges", dsn],
        capture_output=True,
        text=True,
        check=True,
    )
    return re.sub(r"\n{2,}", "\n\n", _NOISE.sub("", found.stdout)).strip() + "\n"


async def _migrated(dsn: str) -> None:
    connection = await connect(dsn)
    await migrate(connection)
    await connection.close()


def main() -> None:
    """Print the schema of a database that was just migrated."""
    with (
        tempfile.TemporaryDirectory(prefix="tidemark-schema-") as folder,
        running(Home.at(Path(folder) / "home"), Wanted(valkey=False)) as urls,
    ):
        asyncio.run(_migrated(urls["postgres"]))
        sys.stdout.write(dump(urls["postgres"]))


if __name__ == "__main__":
    main()
