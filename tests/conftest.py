"""Real servers for every test: one PostgreSQL and one Valkey per run, one fresh database per test.

The servers are children of the pytest controller and end with it in whatever way it ends; its
xdist workers get their addresses. They do not sync to disk: tests of durability start their own.
"""

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from redis.asyncio import Redis

from app.embedded import Wanted, running
from app.home import Home
from db.migrate import migrate
from db.pool import connect, open_pool

TEMPLATE = "tidemark_template"
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_ADDRESSES = pytest.StashKey[dict[str, str]]()
_CLEANUP = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        config.stash[_ADDRESSES] = config.workerinput["addresses"]
    elif not config.option.collectonly:
        config.stash[_CLEANUP] = stack = ExitStack()
        config.stash[_ADDRESSES] = _start_servers(stack)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    node.workerinput["addresses"] = node.config.stash[_ADDRESSES]  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    if _CLEANUP in config.stash:
        config.stash[_CLEANUP].close()


@pytest.fixture(scope="session")
def admin_dsn(request: pytest.FixtureRequest) -> str:
    """The server's own database, for tests that create databases themselves."""
    return request.config.stash[_ADDRESSES]["postgres"]


@pytest.fixture
async def empty_dsn(admin_dsn: str) -> AsyncIterator[str]:
    """A database without any table, dropped afterwards."""
    async for dsn in _database(admin_dsn, "template0"):
        yield dsn


@pytest.fixture
async def dsn(admin_dsn: str) -> AsyncIterator[str]:
    """A migrated database of the test's own, dropped afterwards."""
    async for dsn in _database(admin_dsn, TEMPLATE):
        yield dsn


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections to the test's own database."""
    opened = await open_pool(dsn, min_size=1, max_size=10, application_name="tidemark-test")
    yield opened
    opened.terminate()


@pytest.fixture(scope="session")
def redis_url(request: pytest.FixtureRequest) -> str:
    """A database of Valkey that belongs to this xdist worker."""
    number = getattr(request.config, "workerinput", {}).get("workerid", "gw0").removeprefix("gw")
    parts = urlsplit(request.config.stash[_ADDRESSES]["valkey"])
    return urlunsplit(parts._replace(path=f"/{int(number) + 1}"))


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client on the worker's Valkey database, emptied first."""
    client = Redis.from_url(redis_url)
    await client.flushdb()
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
def shared_data() -> Iterator[Path]:
    """The folder of real data sets beside the checkout; a test that needs it is skipped without."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no data sets at {folder}")
    yield folder


def _start_servers(stack: ExitStack) -> dict[str, str]:
    folder = Path(tempfile.mkdtemp(prefix="tidemark-tests-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    wanted = Wanted(postgres_options={**_FAST, "max_connections": "400"})
    addresses = stack.enter_context(running(Home.at(folder / "home"), wanted))
    asyncio.run(_make_template(addresses["postgres"]))
    return addresses


async def _make_template(admin_dsn: str) -> None:
    await _execute(admin_dsn, f"CREATE DATABASE {TEMPLATE}")
    connection = await connect(_named(admin_dsn, TEMPLATE))
    await migrate(connection)
    await connection.close()


async def _database(admin_dsn: str, template: str) -> AsyncIterator[str]:
    name = f"t_{uuid.uuid4().hex}"
    await _execute(admin_dsn, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _named(admin_dsn, name)
    await _execute(admin_dsn, f"DROP DATABASE {name} WITH (FORCE)")


async def _execute(dsn: str, sql: str) -> None:
    connection = await connect(dsn)
    await connection.execute(sql)
    await connection.close()


def _named(dsn: str, database: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))
