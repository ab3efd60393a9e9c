"""Alert configs: kept, changed and dropped, each change with its audit row and what it means for alerts."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from db.alert_responses import close_config
from db.alert_schedule import drop, put
from db.audit import record
from db.pool import Connection
from db.queries import load
from domain.alert_configs import AlertConfig
from domain.alert_documents import document_of, parse_config
from domain.alert_records import StoredConfig
from domain.audit import Change
from domain.errors import InvalidInput, NotFound

QUERIES = load("alert_configs")


async def create_config(
    connection: Connection, config_id: UUID, config: AlertConfig, now: datetime, subject: str
) -> StoredConfig:
    """Keep a new config, due at once. Raises NAME_TAKEN."""
    row = await connection.fetchrow(QUERIES["insert"], config_id, *_values(config), now, subject)
    if row is None:
        raise name_taken(config.name)
    if config.enabled:
        await put(connection, config_id, now, anew=True)
    await _audit(connection, subject, "create", config_id, None, config)
    return _stored(row)


async def update_config(
    connection: Connection, before: StoredConfig, config: AlertConfig, now: datetime, subject: str
) -> StoredConfig:
    """Change a config that `locked_config` gave. Where it now watches something else, or nothing, its
    alerts end and its groups start anew.
    """
    if await connection.fetchval(QUERIES["name_taken"], config.name, before.id):
        raise name_taken(config.name)
    row = await connection.fetchrow(QUERIES["update"], before.id, *_values(config), now, subject)
    assert row is not None
    anew = before.config.watches != config.watches
    if config.enabled:
        await put(connection, before.id, now, anew=anew)
    else:
        await drop(connection, before.id)
    await _audit(connection, subject, "update", before.id, before.config, config)
    if anew or not config.enabled:
        reason = "the config was changed" if config.enabled else "the config was disabled"
        await close_config(connection, before.id, before.config, now, subject, reason)
    return _stored(row)


async def delete_config(
    connection: Connection, before: StoredConfig, now: datetime, subject: str
) -> None:
    """Drop a config that `locked_config` gave; its alerts end, their history stays."""
    await connection.execute(QUERIES["delete"], before.id)
    await _audit(connection, subject, "delete", before.id, before.config, None)
    reason = "the config was deleted"
    await close_config(connection, before.id, before.config, now, subject, reason)


async def locked_config(connection: Connection, config_id: UUID) -> StoredConfig:
    """The config, as nobody else changes it before the transaction ends. Raises ALERT_CONFIG_NOT_FOUND."""
    row = await connection.fetchrow(QUERIES["lock"], config_id)
    if row is None:
        raise no_config(config_id)
    return _stored(row)


async def configs_by_id(pool: asyncpg.Pool, ids: Sequence[UUID]) -> dict[UUID, StoredConfig]:
    """Those of these configs that there are."""
    return {row["id"]: _stored(row) for row in await pool.fetch(QUERIES["by_ids"], list(ids))}


async def ids_by_name(connection: Connection, names: Sequence[str]) -> dict[str, UUID]:
    """The configs that have these names."""
    rows = await connection.fetch(QUERIES["by_names"], list(names))
    return {row["name"]: row["id"] for row in rows}


async def page_of_configs(
    pool: asyncpg.Pool, first: int, after: str | None
) -> tuple[list[StoredConfig], bool]:
    """Configs by name after a name, and whether there are more."""
    rows = await pool.fetch(QUERIES["page"], after, first + 1)
    return [_stored(row) for row in rows[:first]], len(rows) > first


def no_config(config_id: object) -> NotFound:
    """The error of an id that no config has."""
    return NotFound(
        f"There is no alert config {config_id}.", code="ALERT_CONFIG_NOT_FOUND", field="id"
    )


def name_taken(name: str) -> InvalidInput:
    """The error of a name that another config has."""
    return InvalidInput(
        f"There is an alert config {name!r} already; names are unique.",
        code="NAME_TAKEN",
        field="name",
    )


async def _audit(
    connection: Connection,
    subject: str,
    action: str,
    config_id: UUID,
    before: AlertConfig | None,
    after: AlertConfig | None,
) -> None:
    change = Change(
        subject,
        action,
        "alert_config",
        str(config_id),
        document_of(before) if before else None,
        document_of(after) if after else None,
    )
    await record(connection, change)


def _values(config: AlertConfig) -> tuple[object, ...]:
    definition = orjson.dumps(document_of(config)).decode()
    return config.name, config.severity.value, config.enabled, definition


def _stored(row: asyncpg.Record) -> StoredConfig:
    evaluation = (row["evaluated_at"], row["problem"]) if "problem" in row else (None, None)
    return StoredConfig(
        row["id"],
        parse_config(orjson.loads(row["definition"]), None),
        row["version"],
        row["created_at"],
        row["created_by"],
        row["updated_at"],
        row["updated_by"],
        *evaluation,
    )
