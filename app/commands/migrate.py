"""The command that brings the tables up to date: migrate."""

import asyncio
from typing import Annotated

import typer

from app.commands.setup import command_settings
from app.located import required
from app.settings import Settings
from db.migrate import migrate, pending
from db.pool import connect

cli = typer.Typer()


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
