"""Connections to PostgreSQL."""

from collections.abc import Callable

import asyncpg
from asyncpg.connection import LoggedQuery
from asyncpg.pool import PoolConnectionProxy

Connection = asyncpg.Connection | PoolConnectionProxy
"""One of the pool or one of its own."""

Pool = asyncpg.Pool
"""The connections of a process, for rooms that only hand them on."""

_STATEMENTS = 256
"""Kept prepared per connection, of any length: the statement of a whole dashboard is a long one."""


async def open_pool(
    dsn: str,
    *,
    min_size: int = 1,
    max_size: int = 10,
    pgbouncer: bool = False,
    application_name: str = "tidemark",
    plan_once: bool = False,
    on_statement: Callable[[LoggedQuery], None] | None = None,
) -> asyncpg.Pool:
    """A pool whose sessions are in UTC and hand json and jsonb through as text.

    A connection goes back without the usual reset statement, which would cost every use a round
    trip: an open transaction is still rolled back, but session state (SET, LISTEN, session advisory
    locks) would leak to the next user, so nothing may set any. That is also what pgbouncer asks for
    in transaction mode; there prepared statements are off as well. `on_statement` is told of every
    statement that ended. With `plan_once` a statement is planned once per connection and not for its
    arguments: that of a dashboard takes longer to plan than to run.
    """

    async def prepare(connection: asyncpg.Connection) -> None:
        if on_statement is not None:
            connection.add_query_logger(on_statement)

    return await asyncpg.create_pool(
        dsn,
        min_size=min_size,
        max_size=max_size,
        statement_cache_size=0 if pgbouncer else _STATEMENTS,
        max_cacheable_statement_size=0,
        max_cached_statement_lifetime=0,
        init=prepare,
        reset=_keep_session,
        server_settings=_session_settings(
            application_name, pgbouncer=pgbouncer, plan_once=plan_once
        ),
    )


async def connect(
    dsn: str, *, pgbouncer: bool = False, application_name: str = "tidemark"
) -> asyncpg.Connection:
    """One connection with the same session as those of the pool."""
    return await asyncpg.connect(
        dsn,
        statement_cache_size=0 if pgbouncer else _STATEMENTS,
        max_cacheable_statement_size=0,
        server_settings=_session_settings(application_name, pgbouncer=pgbouncer),
    )


def the_row(row: asyncpg.Record | None) -> asyncpg.Record:
    """The row of a statement that always returns one."""
    assert row is not None
    return row


def _session_settings(
    application_name: str, *, pgbouncer: bool, plan_once: bool = False
) -> dict[str, str]:
    """pgbouncer refuses startup parameters that it does not track, `jit` among them."""
    tracked = {"application_name": application_name, "timezone": "UTC"}
    if pgbouncer:
        return tracked
    planned = {"plan_cache_mode": "force_generic_plan"} if plan_once else {}
    return {**tracked, "jit": "off", **planned}


async def _keep_session(connection: asyncpg.Connection) -> None:
    """Nothing to reset; see `open_pool`."""
