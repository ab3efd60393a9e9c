"""Events into a test's database as ingest puts them there."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson

from db.events import EventStore, Outcome
from db.partitions import EventPartitions
from domain.catalogue import Catalogue
from domain.events import Arrival, EventRules, parse


def _plain(value: object) -> object:
    return orjson.Fragment(str(value))


async def store(
    pool: asyncpg.Pool,
    catalogue: Catalogue,
    events: Iterable[Mapping[str, Any]],
    *,
    now: datetime | None = None,
    raw_days: int = 7,
) -> Outcome:
    """Commit these events as one batch received `now`."""
    received = now or datetime.now(UTC)
    arrival = Arrival(received, "test", lambda: str(uuid.uuid4()))
    rules = EventRules.of(catalogue)
    parsed = [parse(orjson.dumps(each, default=_plain), rules, arrival) for each in events]
    async with pool.acquire() as connection:
        return await EventStore(EventPartitions(), raw_days).commit(connection, parsed, received)
