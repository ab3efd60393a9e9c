"""The command that runs one worker process: worker."""

import typer
import uvloop

from app.commands.setup import command_settings
from app.worker import work

cli = typer.Typer()


@cli.command("worker")
def worker_command() -> None:
    """Run one worker process: rollups, retention and jobs at set times.

    Any number may share the same servers. What one leaves undone, another does.
    """
    uvloop.run(work(command_settings()))
