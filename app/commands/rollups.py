"""Commands about the rollups: how far they are, and rebuilding them from raw events."""

import asyncio
from typing import Annotated

import asyncpg
import typer

from app.commands.setup import command_pool, command_settings
from app.progress import Show, progress
from app.settings import Settings
from app.state import load_catalogue
from db import rebuild
from db.rollup_state import read_state
from db.rollups import pending
from domain.catalogue import Catalogue
from domain.grains import micros_text

cli = typer.Typer()
rollups = typer.Typer(no_args_is_help=True, help="Look at the rollups, or rebuild them.")
cli.add_typer(rollups, name="rollup")

_PATIENCE = 0.2

TypeOption = Annotated[
    list[str] | None, typer.Option("--type", help="Only this event type; may be repeated.")
]


@rollups.command("status")
def status_command() -> None:
    """How much waits to be merged, until when each grain is summed up, and the last rebuild."""
    for line in asyncio.run(_status(command_settings())):
        typer.echo(line)


@rollups.command("rebuild")
def rebuild_command(
    types: TypeOption = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the rebuild under way, start none.")
    ] = False,
) -> None:
    """Make the rollups anew from raw events, while everything goes on being served.

    A rebuild that is cut off goes on by itself where a worker runs, or with --resume.
    """
    done = asyncio.run(_rebuild(command_settings(), types, resume=resume))
    typer.echo(f"Rebuilt from {done:,} raw events.")


async def _status(settings: Settings) -> list[str]:
    async with command_pool(settings) as pool:
        tail = await pending(pool)
        state = await read_state(pool)
        last = await rebuild.latest(pool)
    since = f", the oldest of {tail.oldest:%Y-%m-%d %H:%M:%S}Z" if tail.oldest else ""
    lines = [f"tail: {tail.events:,} events in {tail.batches:,} batches{since}"]
    lines += [
        f"{grain.label}: summed up until {micros_text(until)}"
        for grain, until in sorted(state.sealed.items())
    ]
    lines += [
        f"raw {name}: complete from {micros_text(at)}"
        for name, at in sorted(state.raw_from.items())
    ]
    lines.append(_rebuild_line(last))
    return lines


def _rebuild_line(last: rebuild.Progress | None) -> str:
    if last is None:
        return "rebuild: never"
    if last.finished_at:
        return f"rebuild: done {last.finished_at:%Y-%m-%d %H:%M:%S}Z, {last.events_done:,} events"
    return f"rebuild: {last.events_done:,} of {last.events_total:,} events"


async def _rebuild(settings: Settings, types: list[str] | None, *, resume: bool) -> int:
    catalogue = load_catalogue(settings)
    async with command_pool(settings) as pool:
        if not resume:
            await rebuild.begin(pool, catalogue, types)
        under_way = await rebuild.latest(pool)
        total = under_way.events_total if under_way else 0
        with progress("Rebuilding", total, "events") as show:
            return await _finish(pool, catalogue, show)


async def _finish(pool: asyncpg.Pool, catalogue: Catalogue, show: Show) -> int:
    """Take part in the rebuild until it is done; a worker may do some of the runs."""
    while await rebuild.step(pool, catalogue):
        if (at := await rebuild.latest(pool)) is not None:
            show(at.events_done, at.events_done)
        await asyncio.sleep(_PATIENCE)
    at = await rebuild.latest(pool)
    return at.events_done if at else 0
