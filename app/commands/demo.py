"""The command that makes up data: demo."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer

from app.bell import bell_of_command
from app.catalogue_source import read_catalogue
from app.commands.setup import command_settings
from app.demo import load_demo
from app.located import required
from app.own_database import database, without_collector
from app.progress import Show, progress
from app.settings import Settings
from db.events import EventStore
from db.partitions import EventPartitions
from db.pool import connect
from db.probes import is_empty
from domain.demo import DAYS, EVENTS, Demo
from domain.errors import InvalidInput
from domain.events import EventRules

cli = typer.Typer()


@cli.command("demo")
def demo_command(
    events: Annotated[
        int, typer.Option(min=DAYS, max=10_000_000, help="About how many events to make.")
    ] = EVENTS,
    days: Annotated[int, typer.Option(min=1, max=1000, help="How many days up to now.")] = DAYS,
    seed: Annotated[int, typer.Option(help="Another seed makes another story.")] = 1,
    force: Annotated[
        bool, typer.Option("--force", help="Also where there are events already.")
    ] = False,
) -> None:
    """Fill an empty database with generated events of every built-in type, marked as demo.

    The same seed makes the same events: a second run with --force adds only the time since.
    Exit code 2: the database is not empty.
    """
    demo = Demo(datetime.now(UTC), seed=seed, days=days, events=events)
    with database(command_settings()) as settings, without_collector():
        added = asyncio.run(_fill(settings, demo, force=force))
    typer.echo(f"{added:,} demo events added, of {days} days up to now; their sources are demo-…")


async def _fill(settings: Settings, demo: Demo, *, force: bool) -> int:
    rules = EventRules.of(read_catalogue(settings.catalogue_file))
    store = EventStore(EventPartitions(), settings.raw_retention_days)
    connection = await connect(
        required(settings.database_url, "DATABASE_URL"),
        pgbouncer=settings.database_pgbouncer,
        application_name="tidemark-demo",
    )
    try:
        if not force and not await is_empty(connection):
            raise InvalidInput("There are events already; --force adds the demo to them.")
        async with bell_of_command(settings.redis_url) as bell:
            with progress("demo", demo.days, "events") as show:
                return await load_demo(
                    connection, store, demo, rules, partial(_committed, show, bell)
                )
    finally:
        await connection.close()


def _committed(show: Show, bell: Callable[[], None], days: int, added: int) -> None:
    show(days, added)
    bell()
