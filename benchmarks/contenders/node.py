"""The peers that run on Node: Express with pg and cache-aside, and PostGraphile with aggregates."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.child import Command
from benchmarks.contenders import DASHBOARD, SERIES, SUMMARY, TIMESERIES, Contender, dashboard
from benchmarks.load import MILLIS_MARK
from benchmarks.measure import request
from benchmarks.ports import free_port
from benchmarks.servers import Process, process
from benchmarks.window import Window, iso, iso_varied

PEERS = Path(__file__).parent.parent / "peers"
INSTALL_SECONDS = 300

_POSTGRAPHILE_SUMMARY = """query ($from: Datetime!, $to: Datetime!) {
  allEvents(filter: {createdAt: {greaterThanOrEqualTo: $from, lessThan: $to}}) {
    totalCount
    aggregates { distinctCount { userId } }
    groupedAggregates(groupBy: EVENT_TYPE) { keys distinctCount { id } }
  }
}"""
_POSTGRAPHILE_TIMESERIES = """query ($from: Datetime!, $to: Datetime!) {
  allEvents(filter: {createdAt: {greaterThanOrEqualTo: $from, lessThan: $to}}) {
    groupedAggregates(groupBy: CREATED_AT_TRUNCATED_TO_DAY) { keys distinctCount { id userId } }
  }
}"""
_POSTGRAPHILE_SERIES = """query ($from: Datetime!, $to: Datetime!) {
  allSeriesPoints(filter: {bucket: {greaterThanOrEqualTo: $from, lessThan: $to}}) {
    nodes { bucket value }
  }
}"""


class NotInstalled(Exception):
    """npm could not install the packages of a peer."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A peer's folder with its packages."""

    folder: Path
    versions: dict[str, str]


def install(peer: str) -> Installed:
    """Install the packages of a peer in the user's cache folder, where they stay for the next run."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "tidemark-bench" / peer
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "server.js"):
        shutil.copy(PEERS / peer / name, folder / name)
    flags = ("--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error")
    try:
        done = subprocess.run(
            ["npm", "install", *flags],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise NotInstalled(f"npm took more than {INSTALL_SECONDS} s") from late
    if done.returncode:
        raise NotInstalled(done.stderr.strip().splitlines()[-1] if done.stderr else "npm failed")
    return Installed(folder, _versions(folder))


@contextmanager
def express(
    installed: Installed, folder: Path, database_url: str, redis_url: str, window: Window
) -> Iterator[Contender]:
    """Express. Each cold request has a range of its own, so that its cache never holds the answer."""
    with _node("express", installed, folder, database_url, redis_url) as (url, child):
        varied = f"from={iso(window.start)}&to={iso_varied(window.end, MILLIS_MARK)}"
        points = f"from={iso(window.points_start)}&to={iso(window.end)}"
        whole = dashboard.Spans.of(window).query(iso_varied(window.end, MILLIS_MARK))
        base = f"{url}/api/analytics"
        yield Contender(
            name="express",
            url=url,
            process=child,
            questions={
                SUMMARY: (request("GET", f"{base}/summary?{varied}"),),
                TIMESERIES: (request("GET", f"{base}/timeseries?{varied}"),),
                SERIES: (request("GET", f"{base}/series?{points}"),),
                DASHBOARD: (request("GET", f"{base}/dashboard?{whole}"),),
            },
        )


@contextmanager
def postgraphile(
    installed: Installed, folder: Path, database_url: str, redis_url: str, window: Window
) -> Iterator[Contender]:
    """PostGraphile. It keeps no answers, so every request is cold."""
    with _node("postgraphile", installed, folder, database_url, redis_url) as (url, child):
        whole = {"from": iso(window.start), "to": iso(window.end)}
        points = {"from": iso(window.points_start), "to": iso(window.end)}

        def ask(query: str, variables: dict[str, str]) -> tuple[bytes, ...]:
            body = json.dumps({"query": query, "variables": variables}).encode()
            return (request("POST", f"{url}/graphql", body),)

        yield Contender(
            name="postgraphile",
            url=url,
            process=child,
            questions={
                SUMMARY: ask(_POSTGRAPHILE_SUMMARY, whole),
                TIMESERIES: ask(_POSTGRAPHILE_TIMESERIES, whole),
                SERIES: ask(_POSTGRAPHILE_SERIES, points),
                DASHBOARD: ask(dashboard.POSTGRAPHILE, dashboard.Spans.of(window).variables),
            },
        )


@contextmanager
def _node(
    name: str, installed: Installed, folder: Path, database_url: str, redis_url: str
) -> Iterator[tuple[str, Process]]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = Command(
        name=name,
        argv=("node", str(installed.folder / "server.js")),
        env={
            "PORT": str(port),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "NODE_ENV": "production",
        },
        log=folder / f"{name}.log",
    )
    with process(command, f"{url}/health") as child:
        yield url, child


def _versions(folder: Path) -> dict[str, str]:
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    packages = {name: folder / "node_modules" / name / "package.json" for name in wanted}
    return {name: json.loads(path.read_text())["version"] for name, path in packages.items()}
