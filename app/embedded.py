"""The embedded PostgreSQL and Valkey of one folder: passwords, ports, start and stop."""

import secrets
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from app.child import ChildFailed, Command, spawn, terminate
from app.home import Home
from app.postgres_server import PostgresServer, postgres_binaries
from app.valkey_server import ValkeyServer, valkey_binary

START_PATIENCE = 30.0
STOP_PATIENCE = 10.0
_ASK_AGAIN = 0.02
_RETRY = 0.25


class Server(Protocol):
    """What both servers have in common."""

    @property
    def name(self) -> str:
        """What logs call it."""

    @property
    def url(self) -> str:
        """Where to connect."""

    def prepare(self) -> None:
        """Make what the server needs before its first start; harmless later."""

    def command(self) -> Command:
        """How to run it."""

    def answers(self, process: "subprocess.Popen[bytes]") -> bool:
        """Whether this very process answers."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which servers to run here; `postgres_options` are server settings."""

    postgres: bool = True
    valkey: bool = True
    postgres_options: Mapping[str, str] = field(default_factory=dict)


def embedded_servers(home: Home, wanted: Wanted) -> list[Server]:
    """The servers of a folder, on the ports they had before where those are still free."""
    known = home.secrets()
    servers: list[Server] = []
    if wanted.postgres:
        servers.append(
            PostgresServer(
                binaries=postgres_binaries(),
                data=home.path / "postgres",
                log=home.log("postgres"),
                port=_port(known.get("postgres_port")),
                password=known.get("postgres_password") or secrets.token_urlsafe(24),
                options=wanted.postgres_options,
            )
        )
    if wanted.valkey:
        servers.append(
            ValkeyServer(
                binary=valkey_binary(),
                data=home.path / "valkey",
                log=home.log("valkey"),
                port=_port(known.get("valkey_port")),
                password=known.get("valkey_password") or secrets.token_urlsafe(24),
            )
        )
    home.remember(_facts(servers))
    return servers


def start(server: Server, inherit: tuple[int, ...] = ()) -> "subprocess.Popen[bytes]":
    """Start a server and return once that very process answers.

    A server that ends at once is started again until `START_PATIENCE` is over: one that was killed
    can leave a pid file or a process that is still going down.
    """
    deadline = time.monotonic() + START_PATIENCE
    while True:
        process = spawn(server.command(), inherit)
        if _came_up(server, process, deadline):
            return process
        if time.monotonic() >= deadline:
            process.kill()
            process.wait()
            raise ChildFailed(f"{server.name} did not start: {last_words(server.command().log)}")
        time.sleep(_RETRY)


@contextmanager
def running(home: Home, wanted: Wanted) -> Iterator[dict[str, str]]:
    """Both servers while a `with` block lasts, without restarts; yields URL by server name."""
    with ExitStack() as stack:
        urls: dict[str, str] = {}
        for server in embedded_servers(home, wanted):
            server.prepare()
            process = start(server)
            stack.callback(terminate, process, server.command().stop, STOP_PATIENCE)
            urls[server.name] = server.url
        yield urls


def _came_up(server: Server, process: "subprocess.Popen[bytes]", deadline: float) -> bool:
    while process.poll() is None and time.monotonic() < deadline:
        if server.answers(process):
            return True
        time.sleep(_ASK_AGAIN)
    return False


def _facts(servers: list[Server]) -> dict[str, str]:
    facts: dict[str, str] = {}
    for server in servers:
        if isinstance(server, PostgresServer | ValkeyServer):
            facts[f"{server.name}_port"] = str(server.port)
            facts[f"{server.name}_password"] = server.password
    return facts


def _port(before: str | None) -> int:
    """The port used before where it is free, else any free one."""
    if before is not None and _free(int(before)):
        return int(before)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def last_words(log: Path | None) -> str:
    """The last lines of a log, as one."""
    if log is None or not log.exists():
        return "it wrote nothing"
    return " | ".join(log.read_text("utf-8", "replace").splitlines()[-3:])
