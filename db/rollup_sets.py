"""Which dimension sets are rolled up, and which grains: the catalogue and the settings made true."""

from collections.abc import Iterable

import asyncpg

from db.pool import Connection
from db.queries import load
from domain.catalogue import Catalogue, EventType
from domain.grains import Grain

_QUERIES = load("rollup_sets")
_ROLLUPS = load("rollups")
_STATE = load("rollup_state")

FREE = ""
"""Stands for a measure that was declared once, in its slot."""


async def ensure_catalogue(
    pool: asyncpg.Pool, catalogue: Catalogue, grains: Iterable[Grain]
) -> list[str]:
    """Roll up what the catalogue declares, at these grains above the base. Safe from many processes.

    A set that is new to a type with events in the rollups, or that has a new measure, has to be built from
    raw events first. Returns the event types for which that is so. What a declared type no longer has is
    merged no more and so answers no more; declared again, it is new. Where all is as declared this waits
    for nobody, as a merge may hold the lock for seconds.
    """
    wanted = set(grains)
    async with pool.acquire() as connection:
        if await _is_declared(connection, catalogue, wanted):
            return []
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_ROLLUPS["lock"])
        changed = await _ensure_levels(connection, wanted)
        stale = []
        for event_type in catalogue.types.values():
            forgot = await _forget_undeclared(connection, event_type)
            added, needs_build = await _ensure_sets(connection, event_type)
            changed = changed or added or forgot
            if needs_build:
                stale.append(event_type.name)
        if changed:
            await connection.execute(_STATE["bump"])
    return stale


async def _is_declared(connection: Connection, catalogue: Catalogue, grains: set[Grain]) -> bool:
    if await _kept_levels(connection) != grains:
        return False
    for event_type in catalogue.types.values():
        _, _, missing = await _missing(connection, event_type)
        kept = await connection.fetch(_QUERIES["kept_of_type"], event_type.name)
        if missing or any(_is_undeclared(row, event_type) for row in kept):
            return False
    return True


async def _forget_undeclared(connection: Connection, event_type: EventType) -> bool:
    """Retire sets that are not declared; free the slots of measures that are not, for good."""
    kept = await connection.fetch(_QUERIES["kept_of_type"], event_type.name)
    wrong = [row for row in kept if _is_undeclared(row, event_type)]
    for row in wrong:
        if tuple(row["dimensions"]) not in event_type.rollups:
            await connection.execute(_QUERIES["retire"], row["id"])
        else:
            names = [name if name in event_type.measures else FREE for name in row["measures"]]
            await connection.execute(_QUERIES["rename_measures"], row["id"], names)
    return bool(wrong)


def _is_undeclared(row: asyncpg.Record, event_type: EventType) -> bool:
    """Whether the set, or one of its measures, is not what the type declares."""
    return tuple(row["dimensions"]) not in event_type.rollups or not event_type.measures.keys() | {
        FREE
    } >= set(row["measures"])


async def _kept_levels(connection: Connection) -> set[Grain]:
    return {Grain(row["grain"]) for row in await connection.fetch(_STATE["levels"])}


async def _ensure_levels(connection: Connection, grains: set[Grain]) -> bool:
    kept = await _kept_levels(connection)
    for grain in grains - kept:
        await connection.execute(_ROLLUPS["add_level"], int(grain))
    for grain in kept - grains:
        for name in ("drop_level", "drop_level_rows"):
            await connection.execute(_ROLLUPS[name], int(grain))
    return kept != grains


async def _ensure_sets(connection: Connection, event_type: EventType) -> tuple[bool, bool]:
    """Whether a set was added, and whether one has to be built."""
    rows, measures, missing = await _missing(connection, event_type)
    if not missing:
        return False, False
    if rows and await connection.fetchval(_QUERIES["has_rows"], [row["id"] for row in rows]):
        return False, True
    for dimensions in missing:
        await connection.execute(
            _QUERIES["add_active"], event_type.name, list(dimensions), measures
        )
    return True, False


async def _missing(
    connection: Connection, event_type: EventType
) -> tuple[list[asyncpg.Record], list[str], list[tuple[str, ...]]]:
    """The type's active sets, the measures that each should have, and the sets that are not so."""
    rows = await connection.fetch(_QUERIES["active_of_type"], event_type.name)
    active = {tuple(row["dimensions"]): list(row["measures"]) for row in rows}
    measures = slots(event_type, max(active.values(), key=len, default=[]))
    wrong = [dimensions for dimensions in event_type.rollups if active.get(dimensions) != measures]
    return rows, measures, wrong


async def measures_of_type(connection: Connection, event_type: EventType) -> list[str]:
    """The type's measures in the order of their slots, those that its sets have had first."""
    rows = await connection.fetch(_QUERIES["active_of_type"], event_type.name)
    return slots(event_type, max((list(row["measures"]) for row in rows), key=len, default=[]))


def slots(event_type: EventType, before: list[str]) -> list[str]:
    """The type's measures in the order of their slots: those that have one keep it, new ones follow."""
    return before + sorted(set(event_type.measures).difference(before))
