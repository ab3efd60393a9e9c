"""The folder `.tidemark`: what one `tidemark up` keeps between runs, and who uses it now."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.private_file import read_private, write_private
from domain.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Home:
    """Holds `secrets.json` and `running.json` (mode 0600), `logs/` and both servers' data."""

    path: Path

    @staticmethod
    def at(path: Path) -> "Home":
        """The folder, made where missing; root's can be passed, not listed, by other users."""
        mode = 0o711 if os.getuid() == 0 else 0o700
        if not path.is_dir():
            path.mkdir(parents=True)
            path.chmod(mode)
        (path / "logs").mkdir(mode=0o700, exist_ok=True)
        return Home(path.resolve())

    def log(self, name: str) -> Path:
        """The log file of one child."""
        return self.path / "logs" / f"{name}.log"

    def secrets(self) -> dict[str, str]:
        """Passwords, ports and the development JWT secret."""
        return read_private(self.path / "secrets.json")

    def remember(self, values: dict[str, str]) -> None:
        """Add to the secrets."""
        known = self.secrets()
        if values.items() - known.items():
            write_private(self.path / "secrets.json", {**known, **values})

    def running(self) -> dict[str, str]:
        """Addresses of the servers that an `up` of this folder runs now; empty where none does."""
        if not self._is_locked():
            return {}
        return read_private(self.path / "running.json")

    def announce(self, addresses: dict[str, str]) -> None:
        """Tell other commands where the servers are."""
        write_private(self.path / "running.json", addresses)

    @contextmanager
    def only_one(self) -> Iterator[None]:
        """Hold the folder; the lock goes with the process, however that ends."""
        with self._lock_file.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise ConfigurationError(
                    f"Another `tidemark up` (process {file.read().strip() or 'unknown'}) uses"
                    f" {self.path}. Stop it, or choose another folder with TIDEMARK_HOME.",
                    field="TIDEMARK_HOME",
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    @property
    def _lock_file(self) -> Path:
        return self.path / "lock"

    def _is_locked(self) -> bool:
        try:
            with self._lock_file.open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False
