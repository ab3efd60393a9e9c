"""The same answers from the PostgreSQL of the distribution, and through pgbouncer in transaction mode."""

import random
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.child import Command, run_as, spawn, terminate
from app.embedded import start
from app.identity import take_over, unprivileged
from app.postgres_server import PostgresServer
from db.analytics import answer
from db.migrate import migrate
from db.pool import connect, open_pool
from db.rebuild import begin, step
from db.rollup_sets import ensure_catalogue
from db.rollup_state import StateCache
from db.rollups import roll_all
from db.seal import seal
from domain.builtin import BUILTIN
from domain.catalogue import catalogue_of
from domain.grains import Grain
from domain.questions import COUNT, ERRORS, USERS, MeasureKey, Read
from tests.behaviour.tidemark import free_port, until
from tests.reference import agrees, expect
from tests.stored import store

CATALOGUE = catalogue_of(BUILTIN)
NOW = datetime(2026, 3, 30, 10, 7, tzinfo=UTC)
FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


class DistributionPostgres(PostgresServer):
    """A server older than the embedded one, which knows no built-in locales."""

    def prepare(self) -> None:
        identity = unprivileged(self.binaries / "postgres", self.data)
        self.data.mkdir(parents=True)
        take_over(self.data, identity)
        self.data.chmod(0o700)
        run_as(
            identity,
            (
                str(self.binaries / "initdb"),
                f"--pgdata={self.data}",
                f"--username={self.url.split('/')[2].split(':')[0]}",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ),
            {},
        )


@pytest.fixture(scope="module", params=FOUND, ids=lambda path: f"postgres-{path.parts[-3]}")
def other_dsn(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    folder = Path("/tmp") / f"tidemark-other-{uuid.uuid4().hex}"
    folder.mkdir(mode=0o755)
    server = DistributionPostgres(
        binaries=request.param.parent,
        data=folder / "data",
        log=tmp_path_factory.mktemp("log") / "postgres.log",
        port=free_port(),
        password="unused",
        options={"fsync": "off"},
    )
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server.prepare()
        process = start(server)
        stack.callback(terminate, process, server.command().stop, 10.0)
        yield server.url


@pytest.fixture
def bouncer_dsn(other_dsn: str, tmp_path: Path) -> Iterator[str]:
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    port = free_port()
    host = other_dsn.split("@")[1].split("/")[0].split(":")
    user = other_dsn.split("/")[2].split(":")[0]
    settings = tmp_path / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\npostgres = host={host[0]} port={host[1]} user={user}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        "auth_type = any\npool_mode = transaction\n"
    )
    tmp_path.chmod(0o755)
    identity = unprivileged(Path(program), settings)
    process = spawn(Command("pgbouncer", (program, str(settings)), identity=identity))
    try:
        until(lambda: _listens(port), "pgbouncer listens")
        yield f"postgresql://{user}@127.0.0.1:{port}/postgres"
    finally:
        terminate(process, Command("", ()).stop, 10.0)


@pytest.mark.skipif(not FOUND, reason="no PostgreSQL of the distribution in /usr/lib/postgresql")
async def test_the_distributions_postgres_answers_alike(other_dsn: str) -> None:
    await _live_through_it(other_dsn, pgbouncer=False)


@pytest.mark.skipif(not FOUND, reason="no PostgreSQL of the distribution in /usr/lib/postgresql")
async def test_answers_are_the_same_behind_pgbouncer(bouncer_dsn: str) -> None:
    await _live_through_it(bouncer_dsn, pgbouncer=True)


async def _live_through_it(dsn: str, *, pgbouncer: bool) -> None:
    connection = await connect(dsn, pgbouncer=pgbouncer)
    await migrate(connection)
    await connection.close()
    pool = await open_pool(dsn, max_size=3, pgbouncer=pgbouncer)
    try:
        await ensure_catalogue(pool, CATALOGUE, list(Grain)[1:])
        events = _events(900)
        await store(pool, CATALOGUE, events[:300], now=NOW)
        await roll_all(pool, CATALOGUE)
        await seal(pool, NOW)
        await store(pool, CATALOGUE, events[300:600], now=NOW)
        await roll_all(pool, CATALOGUE)
        await store(pool, CATALOGUE, events[600:], now=NOW)
        await _judge(pool, events)
        await begin(pool, CATALOGUE)
        while await step(pool, CATALOGUE):
            pass
        await _judge(pool, events)
    finally:
        for table in ("analytics_events", "event_ids", "pending_batches", "rollups", "rollup_sets"):
            await pool.execute(f"TRUNCATE {table} CASCADE")
        await pool.close()


async def _judge(pool: Any, events: list[Mapping[str, Any]]) -> None:
    edges = tuple(NOW - timedelta(days=days, minutes=3) for days in range(20, -1, -5))
    measures = frozenset(
        {COUNT, ERRORS, USERS, MeasureKey("sum", "durationMs"), MeasureKey("max", "durationMs")}
    )
    reads = [
        Read("api_request", edges, measures, ("endpoint",)),
        Read("*", (edges[0], edges[-1]), frozenset({COUNT, USERS}), ("eventType",)),
    ]
    for read, frame in zip(reads, await answer(pool, CATALOGUE, reads, StateCache()), strict=True):
        wanted = expect(events, CATALOGUE.types[read.event_type], read)
        assert set(wanted) == set(frame.groups)
        for key, columns in wanted.items():
            for measure, values in columns.values.items():
                found = frame.groups[key].values[measure]
                for expected, actual in zip(values, found, strict=True):
                    assert agrees(measure, expected, actual, None), (key, measure)


def _events(count: int) -> list[Mapping[str, Any]]:
    chance = random.Random(15)
    return [
        {
            "id": str(uuid.UUID(int=chance.getrandbits(128))),
            "type": "api_request",
            "occurredAt": (NOW - timedelta(seconds=chance.randrange(20 * 86_400))).isoformat(),
            "userId": f"u{chance.randrange(40)}",
            "statusCode": chance.choice([200, 200, 503]),
            "durationMs": Decimal(chance.randrange(1, 10**7)) / 1000,
            "properties": {"endpoint": chance.choice(["/orders", "/orders/{id}"])},
        }
        for _ in range(count)
    ]


def _listens(port: int) -> bool:
    probe = ("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port}")
    return subprocess.run(probe, check=False, stderr=subprocess.DEVNULL).returncode == 0
