"""The demo's events into the database, through the same commits as any others."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from db.events import EventStore
from db.pool import Connection
from domain.demo import Demo
from domain.errors import TidemarkError
from domain.events import Arrival, Event, EventRules, parse_all

_BATCH = 20_000

Report = Callable[[int, int], None]
"""Called after each commit with the days that are done and the events stored."""


async def load_demo(
    connection: Connection, store: EventStore, demo: Demo, rules: EventRules, report: Report
) -> int:
    """Store what is not there yet of the demo, oldest first; returns how many events that was."""
    batches = _batches(demo, rules)
    added = days = 0
    upcoming = asyncio.create_task(asyncio.to_thread(next, batches, None))
    try:
        while (batch := await upcoming) is not None:
            events, days = batch
            upcoming = asyncio.create_task(asyncio.to_thread(next, batches, None))
            outcome = await store.commit(connection, events, datetime.now(UTC))
            added += len(events) - len(outcome.duplicates) - len(outcome.conflicts)
            report(days, added)
    finally:
        await asyncio.wait([upcoming])
    return added


def _batches(demo: Demo, rules: EventRules) -> Iterator[tuple[list[Event], int]]:
    arrival = Arrival(demo.now, "demo", str, timedelta(0))
    gathered: list[Event] = []
    for days, wires in enumerate(demo.batches(), start=1):
        events, _, rejected = parse_all(wires, rules, arrival)
        if rejected:
            raise TidemarkError(f"The catalogue refuses a demo event: {rejected[0].message}")
        gathered += events
        if len(gathered) >= _BATCH or days == demo.days:
            yield gathered, days
            gathered = []
