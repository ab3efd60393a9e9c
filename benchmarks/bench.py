"""One run: databases filled, contenders started, scenarios in turn, everything stopped again."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks import loading
from benchmarks.contenders import Contender, node
from benchmarks.contenders.limits import limits
from benchmarks.contenders.tidemark import Installation
from benchmarks.options import APART, SIZES, Options
from benchmarks.report import Report
from benchmarks.scenarios import (
    alerts,
    anomaly,
    bulk,
    cached,
    dashboard,
    ingest,
    keep_up,
    memory,
    notifications,
    questions,
    streams,
)
from benchmarks.scenarios.progress import say
from benchmarks.servers import Servers, node_version
from benchmarks.window import Window, last_days

ROLL_PATIENCE = 7_200.0


@dataclass(frozen=True, slots=True)
class Running:
    """The contenders of one size, all up."""

    own: Contender
    limit: Contender
    peers: list[Contender]

    @property
    def all(self) -> list[Contender]:
        """Every one, in the order of the tables."""
        return [self.own, self.limit, *self.peers]

    @property
    def express(self) -> Contender | None:
        """The peer that also takes events."""
        return next((each for each in self.peers if each.name == "express"), None)


@dataclass(slots=True)
class Bench:
    """The servers of a run and what it found so far."""

    folder: Path
    servers: Servers
    options: Options
    window: Window = field(default_factory=lambda: last_days(datetime.now(UTC)))
    report: Report = field(default_factory=Report)
    answers: dict[str, questions.Answers] = field(default_factory=dict)
    dashboards: dict[str, dashboard.Answers] = field(default_factory=dict)
    installed: dict[str, node.Installed] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    @property
    def peer_versions(self) -> dict[str, str]:
        """The packages of the peers."""
        return {k: v for each in self.installed.values() for k, v in each.versions.items()}

    async def run(self) -> None:
        """Everything that was asked for, size by size."""
        if "anomaly" in self.options.scenarios:
            anomaly.measure(self.options, self.report)
        if "notifications" in self.options.scenarios:
            await notifications.measure(await self._apart("notifications"), self.report)
        if "alerts" in self.options.scenarios:
            await alerts.measure(await self._apart("alerts"), self.report)
        if "streams" in self.options.scenarios:
            await streams.measure(await self._apart("streams"), self.report)
        if not {*self.options.scenarios} - {*APART}:
            return
        self._install_peers()
        for size in self.options.sizes:
            await self._measure(size)
        ends = self.options.sizes[0], self.options.sizes[-1]
        if len(self.answers) > 1:
            pair = (self.answers[ends[0]], self.answers[ends[1]])
            questions.promise_growth(self.report, *pair, ends)
        if len(self.dashboards) > 1:
            shown = (self.dashboards[ends[0]], self.dashboards[ends[1]])
            dashboard.promise_growth(self.report, *shown, ends)

    async def _measure(self, size: str) -> None:
        installation = self._installation(size)
        await self._fill(size, installation)
        with self._running(size, installation) as running:
            if "questions" in self.options.scenarios:
                await self._ask(size, running)
            if "dashboard" in self.options.scenarios:
                self.dashboards[size] = await dashboard.measure(
                    running.all, self.options, self.absent, self.report, size
                )
            if "cached" in self.options.scenarios and size == self.options.sizes[0]:
                with installation.api(self.window, keeping=True) as own:
                    peers = running.peers
                    await cached.measure(own, running.limit, peers, self.options, self.report)
        if size == self.options.sizes[0] and {"ingest", "keep-up"} & {*self.options.scenarios}:
            await self._ingest(size, installation)
        if size == self.options.sizes[-1] and "memory" in self.options.scenarios:
            await self._memory(size, installation)

    async def _apart(self, scenario: str) -> Installation:
        """An installation of its own for a scenario that needs none of the events."""
        name = f"tidemark_{scenario}"
        await loading.create_database(self.servers.postgres_url, name)
        return notifications.migrated(
            self.folder / name, self.servers.database(name), self.servers.redis_url
        )

    def _install_peers(self) -> None:
        why = self._why_no_peers()
        for peer in ("express", "postgraphile"):
            if why is not None:
                self.absent[peer] = why
                continue
            try:
                self.installed[peer] = node.install(peer)
            except node.NotInstalled as failure:
                self.absent[peer] = str(failure)

    def _why_no_peers(self) -> str | None:
        if not self.options.peers:
            return "left out"
        return "no node" if node_version() is None else None

    def _installation(self, size: str) -> Installation:
        folder = self.folder / size
        folder.mkdir()
        database = self.servers.database(f"tidemark_{size.lower()}")
        return Installation(folder, database, self.servers.redis_url)

    async def _fill(self, size: str, installation: Installation) -> None:
        """The same events into Tidemark (by its import, measured) and into the peers' table."""
        count = SIZES[size]
        await loading.create_database(self.servers.postgres_url, f"tidemark_{size.lower()}")
        installation.call("migrate")
        await bulk.measure(installation, count, self.window, self.options, self.report, size)
        say(f"  rolling up {size} events")
        with installation.worker():
            took = await keep_up.rolled(installation.database_url, ROLL_PATIENCE)
            say(f"  rolled up in {took} s")
            took = await keep_up.sealed(installation.database_url, ROLL_PATIENCE)
            say(f"  summed up into coarser grains {took} s later")
        if self.installed:
            name = f"peers_{size.lower()}"
            await loading.create_database(self.servers.postgres_url, name)
            took = await loading.load_express(self.servers.database(name), count, self.window)
            if {"dashboard", "cached"} & {*self.options.scenarios}:
                dsn = self.servers.database(name)
                took += await loading.load_dashboard(dsn, count, self.window)
            say(f"  peers' table filled in {took:.0f} s")
        await loading.settle(installation.database_url)

    @contextmanager
    def _running(self, size: str, installation: Installation) -> Iterator[Running]:
        with ExitStack() as stack:
            peers = [stack.enter_context(each) for each in self._peers(size, installation.folder)]
            limit = stack.enter_context(
                limits(installation.folder, installation.database_url, self.window)
            )
            own = stack.enter_context(installation.api(self.window))
            yield Running(own, limit, peers)

    def _peers(self, size: str, folder: Path):
        dsn = self.servers.database(f"peers_{size.lower()}")
        starters = {"express": node.express, "postgraphile": node.postgraphile}
        for name, installed in self.installed.items():
            yield starters[name](installed, folder, dsn, self.servers.redis_url, self.window)

    async def _ask(self, size: str, running: Running) -> None:
        await questions.check(running.all, SIZES[size] + self.window.points_inside)
        found = await questions.measure(running.all, self.options, self.absent, self.report, size)
        self.answers[size] = found
        questions.promise(self.report, size, found)

    async def _ingest(self, size: str, installation: Installation) -> None:
        """Ingest, first without the worker; then the worker catches up; then both together."""
        source = f"tidemark_{size.lower()}"
        await loading.create_database(self.servers.postgres_url, "copied", source)
        token, dsn = installation.token(), installation.database_url
        settle = partial(loading.settle, dsn)
        with self._running(size, installation) as running:
            own = running.own
            targets = ingest.targets(running.express, own, token)
            copied = self.servers.database("copied")
            found = await ingest.measure(targets, copied, settle, self.options, self.report)
            if "keep-up" not in self.options.scenarios:
                return
            lean = ingest.tidemark_target(own, token, lean=True)
            streams = (
                keep_up.Stream("lean events", lean, found.highest),
                await keep_up.full_stream(own, token, settle, self.options),
            )
            with installation.worker():
                for stream in streams:
                    caught_up = await keep_up.rolled(dsn, ROLL_PATIENCE)
                    say(f"  caught up in {caught_up} s")
                    await keep_up.measure(own, stream, dsn, self.options, self.report)

    async def _memory(self, size: str, installation: Installation) -> None:
        token = installation.token()
        with installation.api(self.window) as own, installation.worker() as worker:
            target = ingest.tidemark_target(own, token, lean=False)
            await memory.mixed(own, worker, target, self.options, self.report)
            await memory.rebuild(own, worker, installation, size, self.report)
