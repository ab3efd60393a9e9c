"""Databases filled with the generated events, one for each contender and size."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson

from benchmarks import generate
from benchmarks.contenders import node
from benchmarks.window import POINTS, Window

ROW_COPIES = 1_000
"""Rows a call of the raw COPY that ingest is held against."""


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """One connection."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def create_database(server_dsn: str, name: str, template: str | None = None) -> None:
    """Make a database, as a copy of another one if named (which nobody may be connected to)."""
    source = f" TEMPLATE {template} STRATEGY file_copy" if template else ""
    async with connected(server_dsn) as connection:
        await connection.execute(f"CREATE DATABASE {name}{source}")


async def load_express(dsn: str, count: int, window: Window) -> float:
    """Fill the peers' tables, index and analyse them; how many seconds it took."""
    schema = node.PEERS / "express"
    began = time.perf_counter()
    async with connected(dsn) as connection:
        await connection.execute((schema / "schema.sql").read_text())
        await connection.copy_to_table(
            "events",
            source=_encoded(count, window, generate.as_user_type_time),
            columns=["user_id", "event_type", "created_at"],
        )
        await connection.copy_records_to_table(
            "events",
            records=list(_point_rows(window)),
            columns=["user_id", "event_type", "created_at"],
        )
        points = [(window.points_start + n * generate.POINT_WIDTH, 3) for n in range(POINTS)]
        await connection.copy_records_to_table("series_points", records=points)
        await connection.execute((schema / "indexes.sql").read_text())
        await connection.execute("VACUUM (ANALYZE) events")
        await connection.execute("VACUUM (ANALYZE) series_points")
    return time.perf_counter() - began


async def load_dashboard(dsn: str, count: int, window: Window) -> float:
    """Fill, index and analyse the table that peers answer the dashboard from, after `load_express`."""
    began = time.perf_counter()
    async with connected(dsn) as connection:
        for run in generate.events(count, window.end, days=window.days):
            await connection.copy_records_to_table(
                "dashboard_events",
                records=list(generate.as_dashboard_rows(run)),
                columns=generate.DASHBOARD_COLUMNS,
            )
        await connection.copy_records_to_table(
            "dashboard_events",
            records=[(*row, False) for row in _point_rows(window)],
            columns=["user_id", "event_type", "created_at", "failed"],
        )
        await connection.execute((node.PEERS / "express" / "dashboard_indexes.sql").read_text())
        await connection.execute("VACUUM (ANALYZE) dashboard_events")
    return time.perf_counter() - began


def write_ndjson(path: Path, count: int, window: Window) -> None:
    """The events of the window as a file."""
    with path.open("wb") as file:
        for run in generate.events(count, window.end, days=window.days):
            file.write(generate.as_ndjson(run))


def write_points(path: Path, window: Window) -> None:
    """The events of the long series as a file."""
    with path.open("wb") as file:
        for each in generate.point_events(POINTS, window.end):
            file.write(orjson.dumps(dict.fromkeys(generate.FIELDS) | each) + b"\n")


async def raw_copy(dsn: str, records: list[tuple[Any, ...]], connections: int) -> float:
    """COPY rows into analytics_events, `ROW_COPIES` a call, each call durable; rows a second."""
    starts = iter(range(0, len(records), ROW_COPIES))

    async def copy_all() -> None:
        async with connected(dsn) as connection:
            for first in starts:
                rows = records[first : first + ROW_COPIES]
                await connection.copy_records_to_table("analytics_events", records=rows)

    began = time.perf_counter()
    await asyncio.gather(*(copy_all() for _ in range(connections)))
    return len(records) / (time.perf_counter() - began)


async def settle(dsn: str) -> None:
    """Leave the server without dirty pages or dead rows, so that a measurement pays for itself alone."""
    async with connected(dsn) as connection:
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")


def _point_rows(window: Window) -> Iterator[tuple[str, str, datetime]]:
    for each in generate.point_events(POINTS, window.end):
        yield each["userId"], each["type"], datetime.fromisoformat(each["occurredAt"])


async def _encoded(
    count: int, window: Window, encode: Callable[[generate.Events], bytes]
) -> AsyncIterator[bytes]:
    for run in generate.events(count, window.end, days=window.days):
        yield encode(run)
