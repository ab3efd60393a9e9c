"""Tidemark itself, by its own command line: one API process, and a worker where a scenario wants one."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app.child import Command
from benchmarks.contenders import (
    DASHBOARD,
    LIVE,
    SERIES,
    SUMMARY,
    TIMESERIES,
    Contender,
    dashboard,
)
from benchmarks.generate import POINT_TYPE
from benchmarks.measure import request
from benchmarks.ports import free_port
from benchmarks.servers import Process, process
from benchmarks.window import POINTS, Window, iso

MAPPING = Path(__file__).parent.parent / "events.toml"
NAME = "tidemark"

_PLENTY = {"RATE_LIMIT_CAPACITY": "1000000000", "RATE_LIMIT_PER_SECOND": "100000000"}
"""Points for every request of a run: they are counted as ever, and do not run out."""

_SUMMARY = """query Summary($from: DateTime!, $to: DateTime!) {
  summary(range: {between: {from: $from, to: $to}}) {
    totalEvents uniqueUsers eventsByType { eventType count }
  }
}"""
_LIVE = """{
  summary(range: {last: "PT24H"}) { totalEvents uniqueUsers eventsByType { eventType count } }
}"""
_TIMESERIES = """query Days($from: DateTime!, $to: DateTime!) {
  timeseries(eventType: "*", range: {between: {from: $from, to: $to}}, granularity: DAY) {
    series { columns { start count uniqueUsers } }
  }
}"""
_SERIES = """query Points($type: String!, $from: DateTime!, $to: DateTime!, $points: Int!) {
  timeseries(
    eventType: $type, range: {between: {from: $from, to: $to}}
    granularity: QUARTER_HOUR, maxPoints: $points
  ) {
    series { columns { start count } }
  }
}"""


@dataclass(frozen=True, slots=True)
class Installation:
    """Tidemark with its database and settings."""

    folder: Path
    database_url: str
    redis_url: str
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def env(self) -> Mapping[str, str]:
        """The settings of every command."""
        return {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "JWT_SECRET": self.secret,
            "ENVIRONMENT": "production",
            "LOG_LEVEL": "warning",
            "TIDEMARK_HOME": str(self.folder / "home"),
        }

    def call(self, *arguments: str) -> str:
        """Run a command to its end; what it printed."""
        done = subprocess.run(
            [_program(), *arguments],
            env={**os.environ, **self.env},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"tidemark {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def bulk_import(self, file: Path) -> float:
        """Import a file of events; how many seconds it took."""
        began = time.perf_counter()
        self.call("import", str(file), "--mapping", str(MAPPING))
        return time.perf_counter() - began

    def token(self, role: str = "admin") -> str:
        """A token of a role."""
        return self.call("token", "--role", role).strip().splitlines()[-1]

    def command(self, name: str, *arguments: str, env: Mapping[str, str] | None = None) -> Command:
        """A command that stays."""
        return Command(
            name=name,
            argv=(_program(), *arguments),
            env={**self.env, **(env or {})},
            log=self.folder / f"{name}.log",
        )

    @contextmanager
    def worker(self, env: Mapping[str, str] | None = None) -> Iterator[Process]:
        """The worker, with more settings where they are given."""
        with process(self.command("tidemark-worker", "worker", env=env)) as child:
            yield child

    @contextmanager
    def api(self, window: Window, *, keeping: bool = False) -> Iterator[Contender]:
        """The API. Cold questions are measured without `keeping` answers."""
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        env = {"PORT": str(port), "CACHE_ENABLED": str(keeping).lower(), **_PLENTY}
        command = self.command("tidemark-api", "serve", env=env)
        with process(command, f"{url}/health") as child:
            yield Contender(NAME, url, child, _questions(url, self.token(), window))


def _program() -> str:
    return str(Path(sys.executable).parent / "tidemark")


def _questions(url: str, token: str, window: Window) -> dict[str, tuple[bytes, ...]]:
    whole = {"from": iso(window.start), "to": iso(window.end)}
    points = {
        "from": iso(window.points_start),
        "to": iso(window.end),
        "type": POINT_TYPE,
        "points": POINTS,
    }

    def ask(query: str, variables: Mapping[str, object]) -> tuple[bytes, ...]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        return (request("POST", f"{url}/graphql", body, bearer(token)),)

    return {
        SUMMARY: ask(_SUMMARY, whole),
        LIVE: ask(_LIVE, {}),
        TIMESERIES: ask(_TIMESERIES, whole),
        SERIES: ask(_SERIES, points),
        DASHBOARD: ask(dashboard.TIDEMARK, dashboard.Spans.of(window).variables),
    }


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}
