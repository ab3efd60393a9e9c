"""The command that runs everything: up."""

import asyncio
from typing import Annotated

import typer

from app.settings import read_settings
from app.up import up

cli = typer.Typer()


@cli.command("up")
def up_command(
    demo: Annotated[
        bool, typer.Option(help="Fill an empty database with generated demo events.")
    ] = True,
) -> None:
    """Run everything here: servers, migrations, the API and a worker.

    PostgreSQL and Valkey are started too unless DATABASE_URL and REDIS_URL name others; their data
    is kept in TIDEMARK_HOME. Ends with Ctrl-C. Exit code 2: something is set wrongly, 1: a part
    does not start.
    """
    settings = read_settings()
    asyncio.run(up(settings, demo=demo and settings.environment == "development"))
