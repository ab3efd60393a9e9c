"""`tidemark dead-letter`: the real command on the test's own database."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from db.dead_letters import Refused, keep

ROOT = Path(__file__).resolve().parents[2]


async def tidemark(dsn: str, folder: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and standard output of the command, run in an empty folder."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.cli",
        *arguments,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": dsn},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_letters_are_listed_and_replayed(
    dsn: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    good = b'{"id":"a","type":"click","occurredAt":"2026-01-22T08:00:00Z"}'
    letters = [Refused("OLD", None, "why", good), Refused("BAD", "id", "why not", b"{")]
    await keep(pool, letters, origin="http", subject="s", received_at=datetime.now(UTC))

    code, output = await tidemark(dsn, tmp_path, "dead-letter", "list", "--json", "--code", "BAD")
    (listed,) = map(json.loads, output.splitlines())
    assert (code, listed["code"], listed["body"]) == (0, "BAD", "{")

    code, output = await tidemark(dsn, tmp_path, "dead-letter", "replay")
    assert (code, output) == (1, "1 accepted, 0 duplicates, 1 still refused.\n")
    assert await pool.fetchval("SELECT count(*) FROM analytics_events") == 1

    code, output = await tidemark(dsn, tmp_path, "dead-letter", "list", "--origin", "graphql")
    assert (code, output) == (0, "There are no dead letters.\n")
