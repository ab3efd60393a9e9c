"""Where each config and group stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from db.pool import Connection
from db.queries import load
from domain.alert_evaluation import Standing
from domain.alert_records import Group, group_of
from domain.alerts import Phase, Sample, State

QUERIES = load("alert_states")


@dataclass(frozen=True, slots=True)
class Place:
    """Which config and group, and where it stands."""

    config_id: UUID
    group_key: str
    standing: Standing


async def standings(
    connection: Connection, config_ids: Sequence[UUID]
) -> dict[UUID, dict[Group, Standing]]:
    """Where the groups of these configs stand; nobody else moves them before the transaction ends."""
    found: dict[UUID, dict[Group, Standing]] = {config_id: {} for config_id in config_ids}
    for row in await connection.fetch(QUERIES["standings"], list(config_ids)):
        found[row["config_id"]][group_of(row["group_key"])] = _standing(row)
    return found


async def hold(connection: Connection, config_id: UUID) -> None:
    """Be the only one who moves the groups of a config that may have none yet, until the transaction ends."""
    await connection.execute(QUERIES["hold"], str(config_id))


async def standing_of_alert(connection: Connection, alert_id: UUID) -> Place | None:
    """Where the group of this alert stands, held; None where the alert is not open."""
    row = await connection.fetchrow(QUERIES["standing_of_alert"], alert_id)
    return None if row is None else _place(row)


async def look(pool: asyncpg.Pool, config_ids: Sequence[UUID]) -> dict[UUID, list[Place]]:
    """Where all groups of these configs stood a moment ago."""
    found: dict[UUID, list[Place]] = {config_id: [] for config_id in config_ids}
    for row in await pool.fetch(QUERIES["look"], list(config_ids)):
        found[row["config_id"]].append(_place(row))
    return found


async def save_states(connection: Connection, places: Sequence[Place]) -> None:
    """Write them all at once."""
    if places:
        columns = zip(*(_values(each) for each in places), strict=True)
        await connection.execute(QUERIES["save"], *(list(column) for column in columns))


async def forget_states(connection: Connection, gone: Sequence[tuple[UUID, str]]) -> None:
    """Drop groups that are gone."""
    if gone:
        configs, groups = zip(*gone, strict=True)
        await connection.execute(QUERIES["forget"], list(configs), list(groups))


async def forget_config(connection: Connection, config_id: UUID) -> None:
    """Drop all groups of a config."""
    await connection.execute(QUERIES["forget_config"], config_id)


def by_group(places: Sequence[Place]) -> Mapping[Group, Standing]:
    """The standings by group."""
    return {group_of(each.group_key): each.standing for each in places}


def _place(row: asyncpg.Record) -> Place:
    return Place(row["config_id"], row["group_key"], _standing(row))


def _standing(row: asyncpg.Record) -> Standing:
    state = State(
        Phase(row["phase"]),
        row["since"],
        row["breached_since"],
        row["cleared_since"],
        row["open"],
        row["told_open"],
        row["told_at"],
    )
    sample = Sample(row["value"], row["compared"], row["reason"])
    return Standing(state, row["alert_id"], row["seen_at"], sample, row["detector"])


def _values(place: Place) -> tuple[object, ...]:
    standing = place.standing
    state, sample = standing.state, standing.sample
    return (
        place.config_id,
        place.group_key,
        state.phase.value,
        state.since,
        state.breached_since,
        state.cleared_since,
        state.open,
        standing.alert_id,
        state.told_open,
        state.told_at,
        standing.seen_at,
        sample.value,
        sample.compared,
        sample.error or sample.reason,
        standing.detector,
    )
