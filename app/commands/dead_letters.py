"""Commands about dead letters: events that were refused, with the reason."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from typing import Annotated

import typer

from app.bell import bell_of_command
from app.catalogue_source import read_catalogue
from app.commands.setup import command_pool, command_settings
from app.mapping_source import Mappings
from app.settings import Settings
from db.dead_letters import DeadLetter, page
from db.events import EventStore
from db.partitions import EventPartitions
from domain.events import EventRules
from resolvers.dead_letters import Replay, Replayed

cli = typer.Typer()
letters = typer.Typer(no_args_is_help=True, help="List and replay refused events.")
cli.add_typer(letters, name="dead-letter")

_SHOWN = 120

CodeOption = Annotated[str | None, typer.Option(help="Only those refused with this code.")]
OriginOption = Annotated[
    str | None, typer.Option(help="Only those from here: http, graphql, import:<mapping>.")
]


@letters.command("list")
def list_command(
    code: CodeOption = None,
    origin: OriginOption = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most to show.")] = 50,
    after: Annotated[int, typer.Option(min=0, help="Only those numbered higher.")] = 0,
    replayed: Annotated[bool, typer.Option("--replayed", help="Replayed ones too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List refused events, the oldest first."""
    found = asyncio.run(_list(command_settings(), code, origin, limit, after, replayed))
    for letter in found:
        typer.echo(_json(letter) if as_json else _line(letter))
    if not found and not as_json:
        typer.echo("There are no dead letters.")
    elif len(found) == limit:
        typer.echo(f"For more: --after {found[-1].id}", err=True)


@letters.command("replay")
def replay_command(
    code: CodeOption = None,
    origin: OriginOption = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--mapping",
            "-m",
            help="The file of the mapping that records of files came through, as it is now; may be"
            " repeated. Shipped mappings are known.",
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most to replay.")] = 10_000,
) -> None:
    """Store refused events that are valid now. Exit code 1: some are still refused.

    Events are read as they came; records of files through their mapping, as an import would.
    """
    mappings = Mappings.of(mapping or ())
    tally = asyncio.run(_replay(command_settings(), mappings, code, origin, limit))
    typer.echo(
        f"{tally['accepted']} accepted, {tally['duplicate']} duplicates,"
        f" {tally['refused']} still refused."
    )
    if tally["refused"]:
        raise typer.Exit(1)


async def _list(
    settings: Settings, code: str | None, origin: str | None, limit: int, after: int, replayed: bool
) -> list[DeadLetter]:
    async with command_pool(settings) as pool, pool.acquire() as connection:
        return await page(
            connection, limit=limit, after=after, code=code, origin=origin, replayed=replayed
        )


async def _replay(
    settings: Settings, mappings: Mappings, code: str | None, origin: str | None, limit: int
) -> Counter[str]:
    tally: Counter[str] = Counter()
    async with command_pool(settings) as pool, bell_of_command(settings.redis_url) as bell:
        replay = Replay(
            pool=pool,
            store=EventStore(EventPartitions(), settings.raw_retention_days),
            rules=EventRules.of(read_catalogue(settings.catalogue_file)),
            mapping_of=mappings.named,
            ahead=settings.ingest_max_future,
        )
        async for one in replay.run(datetime.now(UTC), limit=limit, code=code, origin=origin):
            tally[_report(one)] += 1
            bell()
    return tally


def _report(one: Replayed) -> str:
    if one.problem is None:
        return "duplicate" if one.duplicate else "accepted"
    typer.echo(f"{one.letter.id}: {one.problem.code}: {one.problem.message}", err=True)
    return "refused"


def _line(letter: DeadLetter) -> str:
    body = letter.body.decode("utf-8", "replace")
    shown = body if len(body) <= _SHOWN else f"{body[:_SHOWN]}…"
    state = "  (replayed)" if letter.replayed_at else ""
    record = letter.record
    place = f"  {record.file.name}, record {record.number:,}" if record is not None else ""
    return (
        f"{letter.id}  {letter.received_at:%Y-%m-%dT%H:%M:%SZ}  {letter.origin}{place}"
        f"  {letter.code}  {letter.message}{state}\n    {shown}"
    )


def _json(letter: DeadLetter) -> str:
    return json.dumps(
        {
            "id": letter.id,
            "receivedAt": letter.received_at.isoformat(),
            "origin": letter.origin,
            "subject": letter.subject,
            "record": letter.record and letter.record.number,
            "code": letter.code,
            "field": letter.field,
            "message": letter.message,
            "body": letter.body.decode("utf-8", "replace"),
            "truncated": letter.truncated,
            "replayedAt": letter.replayed_at and letter.replayed_at.isoformat(),
        },
        ensure_ascii=False,
    )
