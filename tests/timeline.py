"""Alert timelines as tables: what happens in each minute, and where the alert then stands.

    minute | events | phase   | told
    1      | 12     | firing  | fired
    2      | 3      | ok      | resolved

Before each line's tick that many `api_request` events occur in the minute that ends with it; a minute
without a line has none and is ticked too. `told` lists the notices that left; an empty cell: none did.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from db.alert_configs import create_config
from db.alert_history import events_since, last_cursor
from db.alert_states import look
from domain.alert_documents import parse_config
from domain.alert_records import AlertEvent
from domain.catalogue import Catalogue
from tests.stored import store
from workers.alerts import Engine, evaluate_due

START = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REQUESTS: Mapping[str, Any] = {
    "name": "many requests",
    "severity": "WARNING",
    "type": "THRESHOLD_ABOVE",
    "threshold": 10,
    "window": "PT1M",
    "cooldown": "PT0S",
    "measure": {"eventType": "api_request", "aggregate": "COUNT"},
}


@dataclass
class World:
    """A database with configs, engines on it, and a clock that only the test moves."""

    pool: asyncpg.Pool
    catalogue: Catalogue
    minute: int = 0
    cursor: int = 0
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """A new worker, that knows nothing but the database."""
        self.engine = Engine(self.pool, self.catalogue)

    @property
    def now(self) -> datetime:
        return START + self.minute * MINUTE

    async def config(self, **changes: Any) -> UUID:
        """A config like REQUESTS but for the changes."""
        config = parse_config({**REQUESTS, **changes}, self.catalogue)
        async with self.pool.acquire() as connection, connection.transaction():
            made = await create_config(connection, uuid4(), config, self.now, "test")
        return made.id

    async def happen(self, events: int, **fields: Any) -> None:
        """Events in the minute that ends now."""
        at = (self.now - MINUTE / 2).isoformat()
        made = [{"type": "api_request", "occurredAt": at, **fields} for _ in range(events)]
        if made:
            await store(self.pool, self.catalogue, made, now=self.now)

    async def tick(self) -> list[AlertEvent]:
        """Evaluate what is due, as a worker a few seconds later does; returns what happened."""
        await evaluate_due(self.engine, self.now + timedelta(seconds=5))
        before, self.cursor = self.cursor, await last_cursor(self.pool)
        return await events_since(self.pool, before)

    async def phase(self, config_id: UUID) -> str:
        """Where the only group of a config stands."""
        (place,) = (await look(self.pool, [config_id]))[config_id]
        return place.standing.state.phase.value

    async def story(self, config_id: UUID, table: str) -> None:
        """Live through a table; every line of it is checked."""
        for minute, events, phase, told in _lines(table):
            while self.minute < minute - 1:
                self.minute += 1
                assert await self.tick() == [], f"minute {self.minute}"
            self.minute = minute
            await self.happen(events)
            happened = await self.tick()
            assert await self.phase(config_id) == phase, f"minute {minute}"
            assert [each.event for each in happened if each.notice == "send"] == told, (
                f"minute {minute}"
            )


def _lines(table: str) -> list[tuple[int, int, str, list[str]]]:
    _, *lines = (line for line in table.splitlines() if line.strip())
    found = []
    for line in lines:
        minute, events, phase, told = (cell.strip() for cell in f"{line}|".split("|")[:4])
        found.append((int(minute), int(events), phase, told.split()))
    return found
