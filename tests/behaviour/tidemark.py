"""`tidemark up` for tests: the real command in a folder of its own, and what may be done to it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from app.home import Home

PATIENCE = 60.0
_LOOK_AGAIN = 0.05


@dataclass
class Running:
    """A `tidemark up` that answers."""

    process: "subprocess.Popen[str]"
    port: int
    folder: Path

    @property
    def home(self) -> Home:
        return Home.at(self.folder / ".tidemark")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/ready", trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def children(self) -> dict[str, psutil.Process]:
        """The direct children by what they are."""
        living = psutil.Process(self.process.pid).children()
        named = {_name(child): child for child in living}
        return {name: child for name, child in named.items() if name is not None}

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


def _name(process: psutil.Process) -> str | None:
    """postgres, valkey-server, serve, worker; None for one that has ended."""
    try:
        words = " ".join(process.cmdline()).split()
    except (psutil.ZombieProcess, psutil.NoSuchProcess):
        return None
    if not words:
        return None
    return words[3] if words[1:3] == ["-m", "app.cli"] else Path(words[0]).name


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(
    folder: Path,
    port: int,
    before: tuple[str, ...] = (),
    what: tuple[str, ...] = ("up", "--no-demo"),
    **settings: str,
) -> "subprocess.Popen[str]":
    """Start the command, with words before it; settings of this process are not passed on."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.Popen(
        [*before, sys.executable, "-m", "app.cli", *what],
        cwd=folder,
        env={**kept, "PORT": str(port), **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def until(holds: Callable[[], bool], what: str) -> None:
    """Return as soon as it holds; a test fails that would wait for ever."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"never came true: {what}"
        time.sleep(_LOOK_AGAIN)


def gone(processes: list[psutil.Process]) -> bool:
    return not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)


@contextmanager
def running(folder: Path, before: tuple[str, ...] = (), **settings: str) -> Iterator[Running]:
    """A ready `tidemark up`, ended afterwards however the test left it."""
    port = free_port()
    process = start(folder, port, before, **settings)
    found = Running(process, port, folder)
    family: list[psutil.Process] = []
    try:
        until(lambda: process.poll() is not None or found.ready(), "ready")
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        yield found
    finally:
        if process.poll() is None:
            family = found.family()
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
        until(lambda: gone(family), "every child ended")
