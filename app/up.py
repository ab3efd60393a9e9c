"""All in one: embedded servers where none are set, migrations, API and workers under one supervisor."""

import asyncio
import contextlib
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager

import asyncpg
import httpx
import structlog

from app.banner import banner
from app.catching_up import catching_up
from app.child import ChildFailed, Command, spawn, terminate
from app.embedded import (
    STOP_PATIENCE,
    Server,
    Wanted,
    embedded_servers,
    last_words,
    start,
)
from app.home import Home
from app.located import development_secret, required
from app.log_files import bounded_logs
from app.logs import configure_logs
from app.ports import check_port
from app.settings import Settings
from app.supervisor import Child, ended, supervise
from db.migrate import migrate
from db.pool import connect
from db.probes import is_empty

_API_PATIENCE = 30.0
_ASK_AGAIN = 0.05

log = structlog.get_logger("tidemark.up")


async def up(settings: Settings, *, demo: bool) -> None:
    """Run everything until SIGINT or SIGTERM."""
    configure_logs(settings.model_copy(update={"log_format": "console"}), "up")
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    home = Home.at(settings.tidemark_home)
    with home.only_one() as lock, ExitStack() as stack:
        check_port(settings.host, settings.port)
        wanted = Wanted(settings.database_url is None, settings.redis_url is None)
        servers = [_started(server, lock, stack) for server in embedded_servers(home, wanted)]
        complete = _completed(settings, home, {name: url for name, url, _ in servers})
        await _migrate(complete)
        await _run(complete, home, lock, [child for *_, child in servers], stop, demo=demo)


def _started(server: Server, lock: int, stack: ExitStack) -> tuple[str, str, Child]:
    """A running server; the stack ends it where something fails before the supervisor has it."""
    server.prepare()
    child = Child(server.command, (lock,), start(server, (lock,)))

    def end() -> None:
        if child.process is not None:
            terminate(child.process, server.command().stop, STOP_PATIENCE)

    stack.callback(end)
    return server.name, server.url, child


def _completed(settings: Settings, home: Home, urls: Mapping[str, str]) -> Settings:
    """The settings with the embedded servers' addresses and, in development, a secret of their own."""
    if "jwt_secret" not in home.secrets():
        home.remember({"jwt_secret": secrets.token_urlsafe(32)})
    found = development_secret(settings, home.secrets()["jwt_secret"])
    addresses = {
        "database_url": settings.database_url or urls["postgres"],
        "redis_url": settings.redis_url or urls["valkey"],
    }
    home.announce(addresses)
    return settings.model_copy(
        update={**addresses, "jwt_secret": settings.jwt_secret or found},
    )


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(
        required(settings.database_url, "DATABASE_URL"), pgbouncer=settings.database_pgbouncer
    )
    try:
        yield connection
    finally:
        await connection.close()


async def _migrate(settings: Settings) -> None:
    async with _connected(settings) as connection:
        for migration in await migrate(connection):
            log.info("migrated", migration=migration.label)


async def _run(
    settings: Settings,
    home: Home,
    lock: int,
    servers: list[Child],
    stop: asyncio.Event,
    *,
    demo: bool,
) -> None:
    """The supervised part. The servers end last, as the others need them to end well."""
    parts = [
        Child(lambda name=name, part=part: _own(name, part, settings, home), (lock,))  # type: ignore[misc]
        for name, part in (("api", "serve"), ("worker", "worker"))
    ]
    stop_servers = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervise(servers, stop_servers))
        tasks.create_task(bounded_logs(home.logs, stop_servers))
        try:
            async with asyncio.TaskGroup() as own:
                own.create_task(supervise(parts, stop))
                own.create_task(_welcome(settings, home, stop, demo=demo))
        finally:
            stop_servers.set()


def _own(name: str, part: str, settings: Settings, home: Home) -> Command:
    return Command(
        name=name,
        argv=(sys.executable, "-m", "app.cli", part),
        env=_environment(settings),
        log=home.log(name),
    )


def _environment(settings: Settings) -> dict[str, str]:
    """What the children cannot read for themselves."""
    secret = settings.jwt_secret
    return {
        "DATABASE_URL": settings.database_url or "",
        "REDIS_URL": settings.redis_url or "",
        "JWT_SECRET": secret.get_secret_value() if secret is not None else "",
    }


async def _welcome(settings: Settings, home: Home, stop: asyncio.Event, *, demo: bool) -> None:
    """Wait for the API, fill an empty database, and say that all is ready.

    What is filled in is in every answer at once; that it is still rolled up is shown below.
    """
    filled = False
    try:
        await _answering(settings, home, stop)
        if demo and (_half_filled(home) or await _is_empty(settings)):
            await _fill(settings, home, stop)
            filled = True
    except ChildFailed:
        stop.set()
        raise
    if not stop.is_set():
        print(banner(settings), flush=True)
    if filled:
        await _catch_up(settings, stop)


async def _answering(settings: Settings, home: Home, stop: asyncio.Event) -> None:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    deadline = asyncio.get_running_loop().time() + _API_PATIENCE
    async with httpx.AsyncClient(trust_env=False) as client:
        while not stop.is_set():
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(f"http://{host}:{settings.port}/health")).is_success:
                    return
            if asyncio.get_running_loop().time() > deadline:
                raise ChildFailed(f"The API does not answer: {last_words(home.log('api'))}")
            await asyncio.sleep(_ASK_AGAIN)


async def _is_empty(settings: Settings) -> bool:
    async with _connected(settings) as connection:
        return await is_empty(connection)


async def _catch_up(settings: Settings, stop: asyncio.Event) -> None:
    with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        async with _connected(settings) as connection:
            await catching_up(connection, stop)


def _half_filled(home: Home) -> bool:
    """Whether the demo was cut off before; it goes on where it was left."""
    return home.secrets().get("demo") == "filling"


async def _fill(settings: Settings, home: Home, stop: asyncio.Event) -> None:
    """Run `tidemark demo`, which shows its own progress."""
    home.remember({"demo": "filling"})
    command = Command(
        name="demo",
        argv=(sys.executable, "-m", "app.cli", "demo", "--force"),
        env=_environment(settings),
    )
    child = spawn(command)
    if await ended(child, stop):
        home.remember({"demo": "done"})
    terminate(child, command.stop, STOP_PATIENCE)
    if child.returncode and not stop.is_set():
        log.warning("the demo data is not complete: `tidemark demo --force` goes on with it")
