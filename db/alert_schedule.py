"""When alert configs are due, and the claim that makes an evaluation the only one of its slot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from db.pool import Connection, the_row
from db.queries import load

QUERIES = load("alert_schedule")


@dataclass(frozen=True, slots=True)
class Due:
    """A config that is due, as this transaction holds it. `definition` is the JSON text."""

    config_id: UUID
    version: int
    definition: str
    due_at: datetime
    fed_until: datetime | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Advance:
    """How an evaluation went and when the next is. `evaluated_at` is its slot."""

    config_id: UUID
    due_at: datetime
    fed_until: datetime | None
    problem: str | None
    evaluated_at: datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a transaction holds, and whether more was due."""

    due: list[Due]
    left: bool


async def claim(connection: Connection, now: datetime, configs: int, states: int) -> Claimed:
    """Take configs that are due; nobody else gets them before the transaction ends.

    At most so many configs, and so many states of them and their groups together; but one in any case.
    """
    rows = await connection.fetch(QUERIES["claim"], now, configs, states)
    due = [
        Due(
            row["config_id"],
            row["version"],
            row["definition"],
            row["due_at"],
            row["fed_until"],
            row["problem"],
        )
        for row in rows
    ]
    return Claimed(due, left=bool(rows) and (len(rows) < rows[0]["found"] or len(rows) == configs))


async def record_evaluations(
    connection: Connection, claims: Sequence[tuple[datetime, UUID, int]]
) -> frozenset[UUID]:
    """Claim (slot, config, missed slots before); returns the configs that were not claimed before."""
    slots, configs, missed = zip(*claims, strict=True)
    rows = await connection.fetch(
        QUERIES["record_evaluations"], list(slots), list(configs), list(missed)
    )
    return frozenset(row["config_id"] for row in rows)


async def advance(connection: Connection, advances: Sequence[Advance]) -> None:
    """Say when each is due again."""
    await connection.execute(
        QUERIES["advance"],
        [each.config_id for each in advances],
        [each.due_at for each in advances],
        [each.fed_until for each in advances],
        [each.problem for each in advances],
        [each.evaluated_at for each in advances],
    )


async def put(connection: Connection, config_id: UUID, now: datetime, *, anew: bool) -> None:
    """Make a config due now. `anew`: what its anomaly detector learnt no longer holds."""
    await connection.execute(QUERIES["put"], config_id, anew, now)


async def drop(connection: Connection, config_id: UUID) -> None:
    """Take a config out of the schedule; waits for an evaluation that is under way."""
    await connection.execute(QUERIES["drop"], config_id)


async def missed(pool: asyncpg.Pool, since: datetime, due_before: datetime) -> tuple[int, int]:
    """How many evaluations were missed since then, and how many configs are overdue now."""
    row = the_row(await pool.fetchrow(QUERIES["missed"], since, due_before))
    return row["missed"], row["overdue"]


async def forget(pool: asyncpg.Pool, before: datetime, limit: int) -> bool:
    """Drop old claims; whether there may be more of them."""
    status: str = await pool.execute(QUERIES["forget"], before, limit)
    return int(status.rpartition(" ")[2]) == limit
