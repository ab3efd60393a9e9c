"""The folder `.tidemark`: what one `tidemark up` keeps between runs, and who uses it now."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from app.private_file import read_private, write_private
from domain.errors import ConfigurationError

_LEFTOVERS_PATIENCE = 20.0
_ASK_AGAIN = 0.05


@dataclass(frozen=True, slots=True)
class Home:
    """Holds `secrets.json` and `running.json` (mode 0600), `logs/` and both servers' data."""

    path: Path

    @staticmethod
    def at(path: Path) -> "Home":
        """The folder, made where missing; root's can be passed, not listed, by other users.

        Raises ConfigurationError where it cannot be made.
        """
        try:
            if not path.is_dir():
                path.mkdir(parents=True)
                path.chmod(0o711 if os.getuid() == 0 else 0o700)
            (path / "logs").mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(
                f"TIDEMARK_HOME={str(path)!r}: no folder can be made there ({error.strerror})."
                " Name one that this user may write to.",
                field="TIDEMARK_HOME",
            ) from error
        return Home(path.resolve())

    @property
    def logs(self) -> Path:
        """Where the log files of all children are."""
        return self.path / "logs"

    def log(self, name: str) -> Path:
        """The log file of one child."""
        return self.logs / f"{name}.log"

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
    def only_one(self) -> Iterator[int]:
        """Hold the folder, and yield the lock's file descriptor for children to inherit.

        The lock goes with the last process that has it, however those end: so what a killed `up` left
        behind is gone before the next one starts.
        """
        with self._lock_file.open("a+") as file:
            self._wait_for_lock(file)
            file.seek(0)
            file.truncate()
            file.write(str(os.getpid()))
            file.flush()
            yield file.fileno()

    def _wait_for_lock(self, file: TextIO) -> None:
        deadline = time.monotonic() + _LEFTOVERS_PATIENCE
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                holder = self._lock_file.read_text().strip()
                if _lives(holder):
                    raise self._in_use(f"Another `tidemark up` (process {holder}) uses") from None
                if time.monotonic() > deadline:
                    raise self._in_use("What an ended `tidemark up` left running uses") from None
            time.sleep(_ASK_AGAIN)

    def _in_use(self, what: str) -> ConfigurationError:
        return ConfigurationError(
            f"{what} {self.path}. Stop it, or choose another folder with TIDEMARK_HOME.",
            field="TIDEMARK_HOME",
        )

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


def _lives(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
