"""A database with a history: what was sent to it, what was done to it, and what it must therefore answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import asyncpg

from db.analytics import answer
from db.events import Outcome
from db.rebuild import begin, step, sweep_retired
from db.retention import drop_raw
from db.rollup_fold import fold_overflow
from db.rollup_sets import ensure_catalogue
from db.rollup_state import StateCache
from db.rollups import roll, roll_all
from db.seal import seal
from domain.catalogue import ALL_EVENTS, Catalogue
from domain.errors import InvalidInput
from domain.grains import Grain
from domain.questions import Frame, Read
from tests.histories import CATALOGUE, GROWN, Event, events
from tests.reference import instant
from tests.stored import store

GRAINS = (Grain.HOUR, Grain.DAY, Grain.WEEK, Grain.MONTH)
RAW_DAYS = 7


@dataclass
class World:
    """One pool's database. `known` holds every accepted event by id, `dropped` the ids no longer kept raw."""

    pool: asyncpg.Pool
    random: Random
    now: datetime
    catalogue: Catalogue = CATALOGUE
    state: StateCache = field(default_factory=StateCache)
    known: dict[str, Event] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)

    async def open(self) -> None:
        await ensure_catalogue(self.pool, self.catalogue, GRAINS)

    async def do(self, work: str) -> None:
        """One of the methods below, by its name."""
        await getattr(self, work)()

    async def ask(self, reads: Sequence[Read]) -> list[Frame]:
        return await answer(self.pool, self.catalogue, reads, self.state)

    async def store(self) -> None:
        """A batch of new events, some sent before, some with a known id and another body."""
        batch = events(self.random, self.now, self.random.choice((1, 5, 40, 120)))
        known = list(self.known.values())
        again = self.random.choices(known, k=3) if known else []
        changed = (
            [{**each, "userId": "another"} for each in self.random.choices(known, k=2)]
            if known
            else []
        )
        batch += [*again, *changed, *batch[:1]]
        self.random.shuffle(batch)
        outcome = await store(self.pool, CATALOGUE, batch, now=self.now, raw_days=RAW_DAYS)
        assert outcome == self._expected(batch)
        for each in batch:
            self.known.setdefault(each["id"], each)

    async def roll(self) -> None:
        await roll(self.pool, self.catalogue, limit=self.random.choice((1, 30, 50_000)))

    async def seal(self) -> None:
        self.now += timedelta(minutes=self.random.choice((0, 7, 60, 1_500)))
        await seal(self.pool, self.now)

    async def fold(self) -> None:
        await fold_overflow(self.pool, self.catalogue)

    async def drop(self) -> None:
        """Time passes, what is merged may be dropped, and is."""
        self.now += timedelta(days=self.random.choice((0, 1, 2, 9)))
        if self.random.random() < 0.7:
            await roll_all(self.pool, self.catalogue)
        await drop_raw(self.pool, self.now)
        rows = await self.pool.fetch(
            "SELECT coalesce(client_id, id::text) AS id FROM analytics_events"
        )
        kept = {row["id"] for row in rows}
        assert kept <= self.known.keys()
        assert not self.dropped & kept
        self.dropped = self.known.keys() - kept

    async def rebuild(self) -> None:
        """Begin one of some types or of all, or go on with the one that is under way."""
        names = self.random.choice((None, ["parcel"], ["probe", "*"], ["order"]))
        try:
            await begin(self.pool, self.catalogue, names)
        except InvalidInput as problem:
            assert problem.code == "REBUILD_RUNNING"
        await self.go_on()

    async def go_on(self) -> None:
        for _ in range(self.random.randint(1, 3)):
            await step(self.pool, self.catalogue, limit=self.random.choice((1, 50, 1_000)))
        if self.random.random() < 0.3:
            await sweep_retired(self.pool)

    async def grow(self) -> None:
        """The catalogue has a new set, dimension and measures; what misses them is rebuilt."""
        self.catalogue = GROWN
        await self._declare(GRAINS)

    async def regrain(self) -> None:
        """Some levels are no longer kept, others are again."""
        await self._declare([grain for grain in GRAINS if self.random.random() < 0.5])

    async def settle(self) -> None:
        """Everything merged, sealed and rebuilt."""
        while await step(self.pool, self.catalogue):
            pass
        await roll_all(self.pool, self.catalogue)
        await seal(self.pool, self.now)

    async def _declare(self, grains: Iterable[Grain]) -> None:
        stale = await ensure_catalogue(self.pool, self.catalogue, grains)
        if stale and self.random.random() < 0.7:
            try:
                await begin(self.pool, self.catalogue, stale)
            except InvalidInput as problem:
                assert problem.code == "REBUILD_RUNNING"

    def _expected(self, batch: Sequence[Event]) -> Outcome:
        seen = dict(self.known)
        duplicates, conflicts = set(), set()
        for place, each in enumerate(batch):
            if each["id"] in seen:
                (duplicates if seen[each["id"]] == each else conflicts).add(place)
            seen.setdefault(each["id"], each)
        return Outcome(frozenset(duplicates), frozenset(conflicts))

    def kept(self) -> list[Event]:
        """The events that are still there raw."""
        return [each for id, each in self.known.items() if id not in self.dropped]

    def raw_from(self, event_type: str) -> datetime | None:
        """Since when all events of the type are there raw; None where all are."""
        gone = [
            instant(self.known[id]["occurredAt"])
            for id in self.dropped
            if event_type in (ALL_EVENTS, self.known[id]["type"])
        ]
        return max(gone, default=None)


WORK: tuple[str, ...] = (
    ("store",) * 4
    + ("roll",) * 3
    + ("seal", "seal", "fold", "fold")
    + (
        "drop",
        "drop",
        "grow",
        "rebuild",
        "go_on",
        "grow",
        "regrain",
    )
)
