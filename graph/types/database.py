"""How the database is."""

from datetime import datetime

import strawberry

from graph.scalars import Long


@strawberry.type(description="Connections to the database of the process that answers.")
class PoolUse:
    open: int = strawberry.field(description="Open ones.")
    idle: int = strawberry.field(description="Open ones that nobody uses.")
    in_use: int = strawberry.field(description="Open ones that are used.")
    limit: int = strawberry.field(description="The most that the process opens.")
    use: float = strawberry.field(description="Used ones over the limit, 0 to 1.")


@strawberry.type(description="Connections of all processes to the database.")
class DatabaseConnections:
    total: int = strawberry.field(description="All of them.")
    active: int = strawberry.field(description="Those that run a query.")
    idle: int = strawberry.field(description="Those that wait for one.")
    idle_in_transaction: int = strawberry.field(
        description="Those that wait for one inside of a transaction."
    )
    waiting: int = strawberry.field(description="Active ones that wait for a lock.")
    limit: int = strawberry.field(description="The most that the server accepts.")


@strawberry.type(description="How long queries take, in ms.")
class QueryLatency:
    round_trip: float = strawberry.field(
        name="roundTripMs", description="This very look: from this process to PostgreSQL and back."
    )
    longest_running: float | None = strawberry.field(
        name="longestRunningMs",
        description="Since when the oldest running query runs; null where none does.",
    )
    mean: float | None = strawberry.field(
        name="meanMs",
        description="The mean over all statements; null without pg_stat_statements.",
    )
    slowest_mean: float | None = strawberry.field(
        name="slowestMeanMs",
        description="The mean of the slowest kind of statement; null without pg_stat_statements.",
    )
    calls: Long | None = strawberry.field(
        description="Statements that the means are over; null without pg_stat_statements."
    )


@strawberry.type(description="How large a table is.")
class TableSize:
    name: str = strawberry.field(description="The table; its partitions are counted with it.")
    bytes: Long = strawberry.field(description="With its indexes.")
    rows: Long = strawberry.field(description="About how many rows it has, as PostgreSQL knows.")


@strawberry.type(
    description="How far the rollups are behind. Answers count the rest from raw events."
)
class RollupLag:
    batches: int = strawberry.field(description="Committed batches that are not rolled up.")
    events: Long = strawberry.field(description="Their events.")
    seconds: float | None = strawberry.field(
        description="The age of the oldest of them; null where there is none."
    )
    sealed_until: datetime | None = strawberry.field(
        description="Until when hours are summed up; null where none is yet."
    )


@strawberry.type(description="How the database is now, as PostgreSQL itself says.")
class DatabaseHealth:
    as_of: datetime = strawberry.field(description="When it was looked at.")
    version: str = strawberry.field(description="PostgreSQL's version.")
    pool: PoolUse = strawberry.field(description="Connections of the process that answers.")
    connections: DatabaseConnections = strawberry.field(description="Those of all processes.")
    latency: QueryLatency = strawberry.field(description="How long queries take.")
    bytes: Long = strawberry.field(description="The database's size.")
    cache_hit_ratio: float | None = strawberry.field(
        description="The share of blocks that were found in memory, 0 to 1."
    )
    commits: Long = strawberry.field(description="Transactions that were committed.")
    rollbacks: Long = strawberry.field(description="Transactions that were rolled back.")
    deadlocks: Long = strawberry.field(description="Deadlocks that were broken.")
    since: datetime | None = strawberry.field(
        description="Since when these are counted; null: since the database was made."
    )
    tables: list[TableSize] = strawberry.field(description="The 20 largest tables.")
    rollups: RollupLag = strawberry.field(description="How far the rollups are behind.")
