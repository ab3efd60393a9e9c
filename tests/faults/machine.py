"""Everything that `tidemark up` runs, each part of it to be killed and started again by a test."""

import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx

from app.child import Command, spawn
from app.embedded import Server, Wanted, embedded_servers, start
from app.home import Home
from app.settings import Settings
from db.migrate import migrate
from db.pool import connect
from domain.callers import Role
from tests.behaviour.tidemark import PATIENCE, free_port
from tests.tokens import token_of

SERVERS = ("postgres", "valkey")
PROGRAMS = ("serve", "worker")


@dataclass
class Machine:
    """Two servers that sync to disk, an API and a worker, by name."""

    home: Home
    servers: dict[str, Server]
    port: int
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def dsn(self) -> str:
        return self.servers["postgres"].url

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str) -> None:
        """Servers answer when this returns; a program may not yet."""
        if name in self.servers:
            self.processes[name] = start(self.servers[name])
        else:
            self.processes[name] = spawn(self._program(name))

    def kill(self, name: str) -> None:
        """kill -9, of PostgreSQL the postmaster alone, as its children would go on for a moment."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def token(self, role: Role) -> str:
        settings = Settings(jwt_secret=self.secret)  # type: ignore[arg-type]
        return token_of(settings, role, subject="faults", ttl=timedelta(hours=3))

    def last_words(self) -> str:
        """The ends of all logs."""
        logs = sorted((self.home.path / "logs").glob("*.log"))
        return "\n".join(
            f"== {each.name}\n" + "\n".join(each.read_text("utf-8", "replace").splitlines()[-15:])
            for each in logs
        )

    def _program(self, name: str) -> Command:
        return Command(
            name=name,
            argv=(sys.executable, "-m", "app.cli", name),
            env={
                "DATABASE_URL": self.dsn,
                "REDIS_URL": self.servers["valkey"].url,
                "JWT_SECRET": self.secret,
                "PORT": str(self.port),
                "TIDEMARK_HOME": str(self.home.path),
            },
            log=self.home.log(name),
        )


@contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    """All of it up to the servers, which are ended with all else afterwards."""
    home = Home.at(folder / "home")
    built = Machine(
        home, {each.name: each for each in embedded_servers(home, Wanted())}, free_port()
    )
    try:
        for name, server in built.servers.items():
            server.prepare()
            built.start(name)
        yield built
    finally:
        for name in (*PROGRAMS, *SERVERS):
            if name in built.processes:
                built.kill(name)


async def migrated(built: Machine) -> None:
    """Its tables are made and both programs run."""
    connection = await connect(built.dsn)
    await migrate(connection)
    await connection.close()
    for name in PROGRAMS:
        built.start(name)
    deadline = time.monotonic() + PATIENCE
    while not built.ready():
        ended = any(each.poll() is not None for each in built.processes.values())
        assert not ended and time.monotonic() < deadline, built.last_words()
