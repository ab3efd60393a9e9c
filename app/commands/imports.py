"""Commands that bring files in: import."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from app.bell import bell_of_command
from app.catalogue_source import read_catalogue
from app.commands.setup import command_settings
from app.import_source import ImportSource, import_source, opened
from app.imports import Imported, import_file
from app.located import required
from app.mapping_source import check_type, read_mapping, shipped_mappings
from app.own_database import database, without_collector
from app.progress import Show, progress
from app.settings import Settings
from db.events import EventStore
from db.partitions import EventPartitions
from db.pool import connect
from domain.events import Arrival, EventRules
from domain.imports import Importing, Tally
from domain.mapping import ImportMapping

cli = typer.Typer()
_SHOWN = 5


@cli.command("import")
def import_command(
    files: Annotated[list[Path], typer.Argument(help="Files to import, gzipped or not.")],
    mapping: Annotated[
        str,
        typer.Option(
            "--mapping",
            "-m",
            help=f"A mapping file (.toml), or a shipped one: {', '.join(shipped_mappings())}.",
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the first events and rejects; store nothing.")
    ] = False,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Read a finished file once more, as after a change of the catalogue."
        ),
    ] = False,
) -> None:
    """Import CSV, NDJSON or access logs by a mapping (see docs/import.md).

    Goes on where it was interrupted, and adds nothing where a file was imported before. Records
    that are no events are counted by reason and kept: see `tidemark dead-letter list`.

    Exit codes: 0 done, 1 it failed, 2 the mapping, the file or a setting is wrong, 3 done and
    records were rejected.
    """
    settings = command_settings()
    found = read_mapping(mapping)
    catalogue = read_catalogue(settings.catalogue_file)
    check_type(found, catalogue)
    rules = EventRules.of(catalogue)
    sources = [import_source(path) for path in files]
    importings = [_importing(source, found, rules, settings) for source in sources]
    if dry_run:
        for source, importing in zip(sources, importings, strict=True):
            _show(source, importing)
        return
    with database(settings) as complete, without_collector():
        pairs = list(zip(sources, importings, strict=True))
        done = asyncio.run(_import_all(complete, pairs, restart=again))
    raise typer.Exit(3 if any(each.tally.rejects for each in done) else 0)


async def _import_all(
    settings: Settings, pairs: list[tuple[ImportSource, Importing]], *, restart: bool
) -> list[Imported]:
    store = EventStore(EventPartitions(), settings.raw_retention_days)
    connection = await connect(
        required(settings.database_url, "DATABASE_URL"),
        pgbouncer=settings.database_pgbouncer,
        application_name="tidemark-import",
    )
    try:
        done = []
        async with bell_of_command(settings.redis_url) as bell:
            for source, importing in pairs:
                with progress(source.path.name, source.size, "records") as show:
                    told = partial(_committed, show, bell)
                    imported = await import_file(
                        connection, store, source, importing, told, restart=restart
                    )
                done.append(imported)
                for line in _report(imported):
                    typer.echo(line)
        return done
    finally:
        await connection.close()


def _committed(show: Show, bell: Callable[[], None], tally: Tally, bytes_read: int) -> None:
    show(bytes_read, tally.position)
    bell()


def _report(imported: Imported) -> Iterator[str]:
    tally = imported.tally
    yield (
        f"{imported.name}: {imported.added:,} events added; of {tally.position:,} records"
        f" {tally.accepted:,} accepted, {tally.duplicates:,} duplicates, {tally.rejects:,} rejected"
    )
    for code, count in sorted(tally.rejected.items(), key=lambda item: -item[1]):
        yield f"  {count:>10,}  {code}"


def _importing(
    source: ImportSource, mapping: ImportMapping, rules: EventRules, settings: Settings
) -> Importing:
    return Importing(source.file, mapping, rules, partial(_arrival, mapping.name, settings))


def _arrival(name: str, settings: Settings) -> Arrival:
    """Every imported event has an id, so that none is ever minted."""
    return Arrival(datetime.now(UTC), f"import:{name}", str, settings.ingest_max_future)


def _show(source: ImportSource, importing: Importing) -> None:
    typer.echo(f"{source.path.name}: {source.size:,} bytes by the mapping {importing.mapping.name}")
    with opened(source, importing.mapping.layout) as file:
        for batch in islice(importing.batches(file.records, start=0, size=1000), 1):
            for event in batch.events[:_SHOWN]:
                typer.echo(msgspec.json.format(msgspec.json.encode(event), indent=2).decode())
            for reject in batch.rejects[:_SHOWN]:
                typer.echo(f"rejected, {reject.code}: {reject.message}\n    {reject.raw}")
            typer.echo(
                f"Of the first {batch.end:,} records {len(batch.events):,} are events,"
                f" {len(batch.rejects):,} are rejected."
            )
