"""The servers and processes of a run: on loopback, started by it and stopped with it."""

import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from app.child import ChildFailed, Command, spawn, terminate
from app.embedded import Wanted, running
from app.home import Home

POSTGRES_SETTINGS: Mapping[str, str] = {
    "shared_buffers": "1GB",
    "effective_cache_size": "4GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "max_connections": "200",
    "jit": "off",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}
"""The same for every contender, and nothing that makes a commit less durable."""

START_SECONDS = 60.0
STOP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Servers:
    """Where PostgreSQL and Valkey of this run answer."""

    postgres_url: str
    redis_url: str

    def database(self, name: str) -> str:
        """The URL of one database of the server."""
        return urlsplit(self.postgres_url)._replace(path=f"/{name}").geturl()


@dataclass(frozen=True, slots=True)
class Process:
    """A contender's process."""

    name: str
    popen: "subprocess.Popen[bytes]"
    log: Path

    def rss_mb(self) -> float:
        """Resident memory of it and all its children, in MiB."""
        root = psutil.Process(self.popen.pid)
        family = [root, *root.children(recursive=True)]
        return sum(each.memory_info().rss for each in family) / 2**20

    def cpu_seconds(self) -> float:
        """Processor time of it and all its living children, in seconds."""
        root = psutil.Process(self.popen.pid)
        times = [each.cpu_times() for each in (root, *root.children(recursive=True))]
        return float(sum(each.user + each.system for each in times))

    def tail(self) -> str:
        """The end of what it printed."""
        return self.log.read_bytes()[-3000:].decode(errors="replace")


@contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """A PostgreSQL and a Valkey with their data in `folder`."""
    with running(Home(folder), Wanted(postgres_options=POSTGRES_SETTINGS)) as urls:
        yield Servers(urls["postgres"], urls["valkey"])


@contextmanager
def process(command: Command, ready_url: str | None = None) -> Iterator[Process]:
    """A child for the length of a `with` block; entered once `ready_url` answers. It needs a log."""
    if command.log is None:
        raise ValueError(f"{command.name} has no log")
    child = Process(command.name, spawn(command), command.log)
    try:
        if ready_url is not None:
            _wait_until_it_answers(child, ready_url)
        yield child
    finally:
        terminate(child.popen, command.stop, STOP_SECONDS)


def node_version() -> str | None:
    """The version of Node on the path; None where there is none, or no npm."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return None
    return subprocess.check_output(["node", "--version"], text=True).strip()


def _wait_until_it_answers(child: Process, url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(url):
        if child.popen.poll() is not None or time.monotonic() > deadline:
            raise ChildFailed(f"{child.name} did not start:\n{child.tail()}")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return int(response.status) < 500
    except urllib.error.HTTPError as refused:
        return refused.code < 500
    except OSError:
        return False
