"""What the rollups can answer, kept per process and read anew when an answer saw another version."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

import asyncpg

from db.queries import load
from db.scan_sql import Statement
from domain.gaps import BEGINNING
from domain.grains import Grain, micros
from domain.plan import Plan, RollupSet, RollupState
from domain.questions import Read

_QUERIES = load("rollup_state")


Prepared = tuple[list[Plan], Statement]
"""How some questions are answered, while the rollups stay as they were."""

_KEPT = 128
_KEPT_EDGES = 1_000
"""Of the reads of one operation together, so that what is kept stays within some megabytes."""


class StateCache:
    """The last state read. Staleness is harmless: every answer checks the version it was planned for."""

    def __init__(self) -> None:
        self._state: RollupState | None = None
        self._prepared: dict[tuple[int, tuple[Read, ...]], Prepared] = {}
        self._reading = asyncio.Lock()

    async def get(self, pool: asyncpg.Pool) -> RollupState:
        """The state, read once for all who wait for it."""
        if self._state is None:
            async with self._reading:
                if self._state is None:
                    self._state = await read_state(pool)
        return self._state

    def prepared(
        self, known: RollupState, reads: tuple[Read, ...], prepare: Callable[[], Prepared]
    ) -> Prepared:
        """What was prepared for the same reads in the same state; `prepare` makes it where nothing was."""
        if sum(len(read.edges) for read in reads) > _KEPT_EDGES:
            return prepare()
        key = (known.version, reads)
        if key not in self._prepared:
            if len(self._prepared) >= _KEPT:
                self._prepared.clear()
            self._prepared[key] = prepare()
        return self._prepared[key]

    def forget(self) -> None:
        """Read the state anew at the next question."""
        self._state = None
        self._prepared.clear()


async def read_state(pool: asyncpg.Pool) -> RollupState:
    """The state now, from one snapshot."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        version = await connection.fetchval(_QUERIES["version"])
        sets = await connection.fetch(_QUERIES["active_sets"])
        later = await connection.fetch(_QUERIES["measure_gaps"])
        levels = await connection.fetch(_QUERIES["levels"])
        gaps = await connection.fetch(_QUERIES["raw_gaps"])
        dropped = await connection.fetch(_QUERIES["dropped_months"])
    measure_from = {(row["set_id"], row["measure"]): row["complete_from"] for row in later}
    return RollupState(
        version=version,
        sets=tuple(_set(row, measure_from) for row in sets),
        sealed={Grain(row["grain"]): _micros(row["sealed_until"]) for row in levels},
        raw_from={row["event_type"]: _micros(row["raw_from"]) for row in gaps},
        dropped=tuple((_micros(row["start"]), _micros(row["end"])) for row in dropped),
    )


def _set(row: asyncpg.Record, measure_from: Mapping[tuple[int, str], datetime]) -> RollupSet:
    complete_from = _micros(row["complete_from"])
    later = (measure_from.get((row["id"], name)) for name in row["measures"])
    return RollupSet(
        id=row["id"],
        event_type=row["event_type"],
        dimensions=tuple(row["dimensions"]),
        measures=tuple(row["measures"]),
        complete_from=complete_from,
        measures_from=tuple(
            max(complete_from, _micros(at)) if at else complete_from for at in later
        ),
    )


def _micros(at: datetime) -> int:
    return BEGINNING if at.year < 1970 else int(micros([at])[0])
