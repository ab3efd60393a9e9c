"""Alert configs: listed, made, changed, dropped, carried from one installation to another."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from db.alert_configs import (
    configs_by_id,
    create_config,
    delete_config,
    ids_by_name,
    locked_config,
    page_of_configs,
    update_config,
)
from db.alert_states import Place, look
from domain.alert_configs import AlertConfig
from domain.alert_documents import document_of, parse_config
from domain.alert_records import Group, StoredConfig, group_of
from domain.errors import InvalidInput, TidemarkError
from domain.limits import check_page
from resolvers.alert_room import uuid_of
from resolvers.alert_views import decoded_name, encoded_name
from resolvers.events import PageInfo
from resolvers.scope import Scope
from resolvers.user_errors import UserError, user_errors

Document = Mapping[str, Any]
MOST_IMPORTED = 1_000


@dataclass(frozen=True, slots=True)
class ShownState:
    """Where one group of a config stands."""

    group: Group
    phase: str
    since: datetime
    value: float | None
    reason: str
    alert_id: UUID | None


@dataclass(frozen=True, slots=True)
class ShownConfig:
    """A config as the contract shows it: its document, and what the database knows about it."""

    stored: StoredConfig
    states: Sequence[ShownState] = ()

    @property
    def id(self) -> str:
        return str(self.stored.id)

    @property
    def document(self) -> dict[str, Any]:
        """The config in the shape of its export."""
        return document_of(self.stored.config)


@dataclass(frozen=True, slots=True)
class ConfigConnection:
    """One page of configs by name."""

    nodes: Sequence[ShownConfig]
    page_info: PageInfo


@dataclass(frozen=True, slots=True)
class ConfigPayload:
    """The config after a change, or why there was none."""

    config: ShownConfig | None
    user_errors: Sequence[UserError] = ()


@dataclass(frozen=True, slots=True)
class DeletePayload:
    """The id of what is gone."""

    deleted_id: str | None
    user_errors: Sequence[UserError] = ()


@dataclass(frozen=True, slots=True)
class ImportPayload:
    """What an import made and changed; all of it or nothing."""

    created: int
    updated: int
    user_errors: Sequence[UserError] = ()


async def alert_configs(
    scope: Scope, first: int, after: str | None, *, states: bool
) -> ConfigConnection:
    """A page of configs, with where their groups stand if that is asked for."""
    check_page(first, scope.limits.page_size)
    name = None if after is None else decoded_name(after)
    found, more = await page_of_configs(scope.rooms.alerts.pool, first, name)
    shown = await _shown(scope, found, states=states)
    end = encoded_name(found[-1].config.name) if found else None
    return ConfigConnection(shown, PageInfo(more, end))


async def alert_config(scope: Scope, id: str, *, states: bool) -> ShownConfig | None:
    """One config; None where there is none."""
    config_id = uuid_of(id)
    found = await configs_by_id(scope.rooms.alerts.pool, [config_id])
    shown = await _shown(scope, list(found.values()), states=states)
    return shown[0] if shown else None


async def create_alert_config(scope: Scope, document: Document) -> ConfigPayload:
    """Keep a new config; it is evaluated at once."""
    try:
        config = parse_config(document, scope.rooms.catalogue)
        pool = scope.rooms.alerts.pool
        async with pool.acquire() as connection, connection.transaction():
            made = await create_config(connection, uuid4(), config, scope.now, scope.caller.subject)
    except TidemarkError as problem:
        return ConfigPayload(None, user_errors(problem))
    await scope.rooms.alerts.due()
    return ConfigPayload(ShownConfig(made))


async def update_alert_config(scope: Scope, id: str, changes: Document) -> ConfigPayload:
    """Change the given fields of a config; null sets a field to its default."""

    def changed(config: AlertConfig) -> AlertConfig:
        return parse_config({**document_of(config), **changes}, scope.rooms.catalogue)

    try:
        made = await _update(scope, uuid_of(id), changed)
    except TidemarkError as problem:
        return ConfigPayload(None, user_errors(problem))
    await scope.rooms.alerts.due()
    return ConfigPayload(ShownConfig(made))


async def delete_alert_config(scope: Scope, id: str) -> DeletePayload:
    """Drop a config; its open alerts end and their history stays."""
    try:
        config_id = uuid_of(id)
        pool = scope.rooms.alerts.pool
        async with pool.acquire() as connection, connection.transaction():
            before = await locked_config(connection, config_id)
            await delete_config(connection, before, scope.now, scope.caller.subject)
    except TidemarkError as problem:
        return DeletePayload(None, user_errors(problem))
    await scope.rooms.alerts.happened()
    return DeletePayload(id)


async def export_alert_configs(scope: Scope, ids: Sequence[str] | None) -> list[dict[str, Any]]:
    """The documents of these configs or of all of them, by name."""
    pool = scope.rooms.alerts.pool
    if ids is not None:
        found = await configs_by_id(pool, [uuid_of(id, field="ids") for id in ids])
        return [
            document_of(each.config) for each in sorted(found.values(), key=lambda c: c.config.name)
        ]
    documents: list[dict[str, Any]] = []
    name, more = None, True
    while more:
        page, more = await page_of_configs(pool, scope.limits.page_size, name)
        documents += [document_of(each.config) for each in page]
        name = page[-1].config.name if page else None
    return documents


async def import_alert_configs(scope: Scope, documents: object) -> ImportPayload:
    """Make the configs of an export, or change those that have the same name; all of them or none."""
    try:
        configs = _parsed(scope, documents)
        payload = await _import(scope, configs)
    except TidemarkError as problem:
        return ImportPayload(0, 0, user_errors(problem))
    await scope.rooms.alerts.due()
    return payload


async def _import(scope: Scope, configs: Sequence[AlertConfig]) -> ImportPayload:
    updated, subject = 0, scope.caller.subject
    pool = scope.rooms.alerts.pool
    async with pool.acquire() as connection, connection.transaction():
        known = await ids_by_name(connection, [config.name for config in configs])
        for config in sorted(configs, key=lambda each: each.name):
            if config.name not in known:
                await create_config(connection, uuid4(), config, scope.now, subject)
                continue
            before = await locked_config(connection, known[config.name])
            await update_config(connection, before, config, scope.now, subject)
            updated += 1
    return ImportPayload(len(configs) - updated, updated)


def _parsed(scope: Scope, documents: object) -> list[AlertConfig]:
    if not isinstance(documents, list) or len(documents) > MOST_IMPORTED:
        raise InvalidInput(
            f"configs must be a list of at most {MOST_IMPORTED:,} configs, as exportAlertConfigs"
            " gives it.",
            field="configs",
        )
    configs = [_parsed_at(scope, place, each) for place, each in enumerate(documents)]
    names = [config.name for config in configs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InvalidInput(
            f"Two of the configs are named {twice!r}; names are unique.",
            code="NAME_TAKEN",
            field="configs",
        )
    return configs


def _parsed_at(scope: Scope, place: int, document: object) -> AlertConfig:
    if not isinstance(document, Mapping):
        raise InvalidInput(f"configs.{place} is no object.", field=f"configs.{place}")
    try:
        return parse_config(document, scope.rooms.catalogue)
    except TidemarkError as problem:
        where = f"configs.{place}.{problem.field}" if problem.field else f"configs.{place}"
        raise InvalidInput(
            f"Config {place}: {problem.message}", code=problem.code, field=where
        ) from None


async def _update(
    scope: Scope, config_id: UUID, changed: Callable[[AlertConfig], AlertConfig]
) -> StoredConfig:
    pool = scope.rooms.alerts.pool
    async with pool.acquire() as connection, connection.transaction():
        before = await locked_config(connection, config_id)
        config = changed(before.config)
        return await update_config(connection, before, config, scope.now, scope.caller.subject)


async def _shown(
    scope: Scope, configs: Sequence[StoredConfig], *, states: bool
) -> list[ShownConfig]:
    found: Mapping[UUID, Iterable[Place]] = {}
    if states:
        found = await look(scope.rooms.alerts.pool, [each.id for each in configs])
    return [
        ShownConfig(each, [_state(place) for place in found.get(each.id, ())]) for each in configs
    ]


def _state(place: Place) -> ShownState:
    state = place.standing.state
    return ShownState(
        group_of(place.group_key),
        state.phase.name,
        state.since,
        place.standing.sample.value,
        place.standing.sample.reason,
        place.standing.alert_id if state.open else None,
    )
