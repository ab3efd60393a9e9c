"""Commands that run the system: up, serve, worker, migrate."""

import asyncio
from typing import Annotated

import typer
import uvloop

from app.commands.setup import command_settings
from app.serve import serve
from app.settings import Settings, read_settings
from app.state import required
from app.up import up
from app.worker import work
from db.migrate import migrate, pending
from db.pool import connect

cli = typer.Typer()


@cli.command("up")
def up_command(
    demo: Annotated[
        bool, typer.Option(help="Fill an empty database with generated demo events.")
    ] = True,
) -> None:
    """Run everything here: PostgreSQL and Valkey (unless DATABASE_URL and REDIS_URL name others),
    migrations, the API and a worker. Ends with Ctrl-C; exit code 2: something is set wrongly.
    """
    settings = read_settings()
    asyncio.run(up(settings, demo=demo and settings.environment == "development"))


@cli.command("serve")
def serve_command() -> None:
    """Run one API process on HOST and PORT. Any number may share the same servers."""
    uvloop.run(serve(command_settings()))


@cli.command("worker")
def worker_command() -> None:
    """Run one worker process. Any number may share the same servers."""
    uvloop.run(work(command_settings()))


@cli.command("migrate")
def migrate_command(
    check: Annotated[
        bool, typer.Option("--check", help="Only say what is missing; exit code 1 where any is.")
    ] = False,
) -> None:
    """Bring the database's tables up to date. Safe to run from many places at once."""
    missing = asyncio.run(_migrate(command_settings(), check=check))
    for label in missing:
        typer.echo(f"{'missing' if check else 'applied'}: {label}")
    if not missing:
        typer.echo("The database is up to date.")
    raise typer.Exit(1 if check and missing else 0)


async def _migrate(settings: Settings, *, check: bool) -> list[str]:
    connection = await connect(
        required(settings.database_url, "DATABASE_URL"), pgbouncer=settings.database_pgbouncer
    )
    try:
        done = await (pending if check else migrate)(connection)
        return [migration.label for migration in done]
    finally:
        await connection.close()
