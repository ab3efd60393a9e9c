"""The command that looks whether all is well: doctor."""

import asyncio

import typer

from app.commands.setup import command_settings
from app.doctor import examine

cli = typer.Typer()
_SIGNS = {"ok": "ok  ", "warning": "warn", "failure": "FAIL"}


@cli.command("doctor")
def doctor_command() -> None:
    """Check settings, servers, disk and clock, and say what to do.

    Exit code 1: something is broken; 2: a setting is wrong.
    """
    findings = asyncio.run(examine(command_settings()))
    for finding in findings:
        typer.echo(f"{_SIGNS[finding.verdict]}  {finding.subject}: {finding.text}")
        if finding.advice:
            typer.echo(f"      → {finding.advice}")
    raise typer.Exit(1 if any(finding.verdict == "failure" for finding in findings) else 0)
