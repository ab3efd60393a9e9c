"""How the database is, in its own words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PoolUse:
    """Connections of this process: open, idle among them, and the most it may open."""

    open: int
    idle: int
    limit: int

    @property
    def in_use(self) -> int:
        return self.open - self.idle

    @property
    def use(self) -> float:
        """The share of the limit that is in use, 0 to 1."""
        return self.in_use / self.limit


@dataclass(frozen=True, slots=True)
class Connections:
    """Connections of every process to this database, by what they do now; `limit` is the server's."""

    total: int
    active: int
    idle: int
    idle_in_transaction: int
    waiting: int
    limit: int


@dataclass(frozen=True, slots=True)
class QueryLatency:
    """How long queries take, in ms.

    `round_trip`: this very look, from this process and back. `longest_running`: of those under way.
    `mean`, `slowest_mean` and `calls`: over all statements of this database since its statistics began;
    None without pg_stat_statements.
    """

    round_trip: float
    longest_running: float | None
    mean: float | None
    slowest_mean: float | None
    calls: int | None


@dataclass(frozen=True, slots=True)
class TableSize:
    """A table with its indexes and partitions; `rows` is PostgreSQL's estimate."""

    name: str
    bytes: int
    rows: int


@dataclass(frozen=True, slots=True)
class RollupLag:
    """What is committed and not rolled up yet; `seconds` is the age of the oldest of it."""

    batches: int
    events: int
    seconds: float | None
    sealed_until: datetime | None


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """One look at it. Ratios are None where nothing was counted yet; `since`: when counting began."""

    as_of: datetime
    version: str
    pool: PoolUse
    connections: Connections
    latency: QueryLatency
    bytes: int
    cache_hit_ratio: float | None
    commits: int
    rollbacks: int
    deadlocks: int
    since: datetime | None
    tables: Sequence[TableSize]
    rollups: RollupLag
