"""Partitions of analytics_events: one class per retention, and in it one a day (a month where kept)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from db.pool import Connection
from db.queries import load

QUERIES = load("partitions")

KEEP = 0
"""The retention class of raw events that are never dropped."""


@dataclass(frozen=True, slots=True)
class EventPartition:
    """The partition of one retention class that holds events received in [start, end)."""

    raw_days: int
    start: date
    end: date

    @classmethod
    def holding(cls, raw_days: int, day: date) -> "EventPartition":
        """The partition for events received on a day (UTC)."""
        if raw_days != KEEP:
            return cls(raw_days, day, day + timedelta(days=1))
        first = day.replace(day=1)
        return cls(raw_days, first, (first + timedelta(days=32)).replace(day=1))

    @property
    def parent(self) -> str:
        """The table of the retention class."""
        return f"analytics_events_{'keep' if self.raw_days == KEEP else f'{self.raw_days}d'}"

    @property
    def name(self) -> str:
        """The table, as analytics_events_7d_20261123 or analytics_events_keep_202611."""
        return f"{self.parent}_{self.start:{'%Y%m' if self.raw_days == KEEP else '%Y%m%d'}}"


@dataclass(slots=True)
class EventPartitions:
    """Makes partitions on demand and remembers which exist, for one process."""

    _known: set[EventPartition] = field(default_factory=set)

    async def ensure(
        self, connection: Connection, classes: Iterable[int], received_at: datetime
    ) -> None:
        """Make what is missing for events of these classes. Not inside a transaction."""
        day = received_at.astimezone(UTC).date()
        for raw_days in classes:
            wanted = EventPartition.holding(raw_days, day)
            if wanted not in self._known:
                await create_partition(connection, wanted)
                self._known.add(wanted)

    def forget(self) -> None:
        """Look again from now on: a partition was dropped by someone else."""
        self._known.clear()


async def ensure_event_partitions(
    connection: Connection, classes: Iterable[int], days: Iterable[date]
) -> None:
    """Make the partitions of these retention classes for these days of receipt (UTC).

    To be called ahead of midnight, so that no batch has to wait for it.
    """
    chosen = tuple(classes)
    for day in days:
        for raw_days in chosen:
            await create_partition(connection, EventPartition.holding(raw_days, day))


async def create_partition(connection: Connection, wanted: EventPartition) -> None:
    """Make one partition, and its class before it, unless it is there.

    The table is made apart and then attached, which lets reads and writes of the other partitions
    go on; an advisory lock keeps two makers apart.
    """
    if await connection.fetchval(QUERIES["table_exists"], wanted.name):
        return
    async with connection.transaction():
        await connection.execute(QUERIES["lock_event_partitions"])
        if not await connection.fetchval(QUERIES["table_exists"], wanted.parent):
            await connection.execute(_class_sql(wanted))
        if not await connection.fetchval(QUERIES["table_exists"], wanted.name):
            await connection.execute(_partition_sql(wanted))


def _class_sql(wanted: EventPartition) -> str:
    return (
        f"CREATE TABLE {wanted.parent} (LIKE analytics_events INCLUDING ALL)"
        " PARTITION BY RANGE (received_at);"
        f" ALTER TABLE analytics_events ATTACH PARTITION {wanted.parent}"
        f" FOR VALUES IN ({wanted.raw_days})"
    )


def _partition_sql(wanted: EventPartition) -> str:
    return (
        f"CREATE TABLE {wanted.name} (LIKE {wanted.parent} INCLUDING ALL);"
        f" ALTER TABLE {wanted.parent} ATTACH PARTITION {wanted.name}"
        f" FOR VALUES FROM ('{wanted.start}T00:00:00Z') TO ('{wanted.end}T00:00:00Z')"
    )
