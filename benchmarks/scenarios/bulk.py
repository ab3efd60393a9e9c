"""Bulk import of a file, held against raw COPY of the same rows into the same table."""

from datetime import UTC, datetime
from itertools import islice

from benchmarks import generate, loading
from benchmarks.contenders.tidemark import Installation
from benchmarks.options import Options
from benchmarks.report import Report, number
from benchmarks.scenarios.progress import say
from benchmarks.window import Window

COPIED_ROWS = 100_000


async def measure(
    installation: Installation,
    count: int,
    window: Window,
    options: Options,
    report: Report,
    size: str,
) -> None:
    """Import the events of the window, which also fills the database for what follows."""
    file, points = installation.folder / "events.ndjson", installation.folder / "points.ndjson"
    loading.write_points(points, window)
    installation.bulk_import(points)
    loading.write_ndjson(file, count, window)
    say(f"  importing {size} events")
    imported = count / installation.bulk_import(file)
    file.unlink()
    say(f"    {imported:,.0f} events/s")
    if "import" in options.scenarios:
        copied = await _copied(installation, min(count, COPIED_ROWS), window)
        _write(report, size, imported, copied)


async def _copied(installation: Installation, count: int, window: Window) -> float:
    """Raw COPY of as many rows into the same table, then taken out again; rows a second."""
    now = datetime.now(UTC)
    events = (
        each
        for run in generate.events(count, window.end, days=window.days, seed=2)
        for each in generate.as_dicts(run)
    )
    records = [generate.as_record(each, 0, now) for each in islice(events, count)]
    await loading.settle(installation.database_url)
    rate = await loading.raw_copy(installation.database_url, records, 1)
    async with loading.connected(installation.database_url) as connection:
        await connection.execute("DELETE FROM analytics_events WHERE batch_id = 0")
    return rate


def _write(report: Report, size: str, imported: float, copied: float) -> None:
    report.section(f"Bulk import of {size} events", "NDJSON, by `tidemark import`; full events.")
    rows = [
        ["import", number(imported, "events/s")],
        [f"raw COPY, {loading.ROW_COPIES} rows a call, 1 connection", number(copied, "rows/s")],
    ]
    report.table(("", "measured"), rows)
    report.at_least(f"Bulk import of {size}: of raw COPY", imported / copied, 0.5)
