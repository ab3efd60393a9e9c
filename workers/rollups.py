"""What keeps the rollups: merging, sealing, rebuilding, retention. Every run finds its own work."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import structlog

from db.partitions import ensure_event_partitions
from db.rebuild import begin, latest, step, sweep_retired
from db.retention import drop_raw, drop_rollups
from db.rollup_fold import fold_overflow
from db.rollup_sets import ensure_catalogue
from db.rollups import roll
from db.seal import seal
from domain.catalogue import Catalogue
from domain.grains import Grain

GATHER = timedelta(seconds=4)
"""For how long a few events wait to be merged with others: less than the loop waits for its doorbell."""

log = structlog.get_logger("tidemark.worker")


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept: rollup grains above the base, and days of raw events, of rollups and of alerts."""

    grains: frozenset[Grain]
    raw_days: int
    rollup_days: int
    alert_days: int


async def merge_pending(pool: asyncpg.Pool, catalogue: Catalogue) -> bool:
    """Merge what is pending, one run, once it is worth one. Returns whether a whole run is left."""
    return (await roll(pool, catalogue, young_since=datetime.now(UTC) - GATHER)).left


async def seal_finished(pool: asyncpg.Pool, catalogue: Catalogue) -> bool:
    """Sum finished buckets up into coarser grains and fold keys beyond the limit."""
    moved = await seal(pool, datetime.now(UTC))
    for grain, until in moved.items():
        log.info("sealed", grain=grain.label, until=until.isoformat())
    if moved:
        await fold_overflow(pool, catalogue)
    return False


async def go_on_rebuilding(pool: asyncpg.Pool, catalogue: Catalogue) -> bool:
    """The next run of a rebuild, if one is under way. Returns whether it goes on."""
    return await step(pool, catalogue)


async def build_missing(pool: asyncpg.Pool, catalogue: Catalogue, keeping: Keeping) -> None:
    """Start a rebuild of the types whose rollups miss what the catalogue declares."""
    stale = await ensure_catalogue(pool, catalogue, keeping.grains)
    under_way = await latest(pool)
    if stale and (under_way is None or under_way.finished_at is not None):
        log.info("rebuilding", types=stale)
        await begin(pool, catalogue, stale)


async def keep_house(pool: asyncpg.Pool, catalogue: Catalogue, keeping: Keeping) -> bool:
    """Make partitions ahead, drop what is past its time, remove retired rows."""
    now = datetime.now(UTC)
    async with pool.acquire() as connection:
        await ensure_event_partitions(
            connection, _classes(catalogue, keeping), (now.date(), (now + timedelta(days=1)).date())
        )
    dropped = await drop_raw(pool, now) + await drop_rollups(pool, now, days=keeping.rollup_days)
    for name in dropped:
        log.info("dropped", partition=name)
    await sweep_retired(pool)
    await build_missing(pool, catalogue, keeping)
    return False


def _classes(catalogue: Catalogue, keeping: Keeping) -> Iterable[int]:
    """The retention classes that events can arrive in."""
    own = {each.raw_days for each in catalogue.types.values()}
    return sorted({keeping.raw_days if days is None else days for days in own})
