"""The command that runs one API process: serve."""

import typer
import uvloop

from app.commands.setup import command_settings
from app.serve import serve

cli = typer.Typer()


@cli.command("serve")
def serve_command() -> None:
    """Run one API process on HOST and PORT.

    Any number may share the same servers. SIGTERM and Ctrl-C let what is under way end first.
    """
    uvloop.run(serve(command_settings()))
