"""Feeds: one reader for all, nothing missed and nothing twice, whatever happens around them."""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial

from domain.errors import Unavailable
from resolvers.feeds import PAGE, Feed

PATIENCE = 20.0


@dataclass(frozen=True)
class Row:
    id: int


@dataclass
class Table:
    """Rows in memory; counts how often they are read."""

    rows: list[Row] = field(default_factory=list)
    reads: int = 0
    failures: int = 0

    def add(self, number: int = 1) -> None:
        newest = self.rows[-1].id if self.rows else 0
        self.rows += [Row(newest + step) for step in range(1, number + 1)]

    async def read(self, cursor: int) -> Sequence[Row]:
        self.reads += 1
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise Unavailable("away")
        found = [row for row in self.rows if row.id > cursor][:PAGE]
        await asyncio.sleep(0)
        return found

    def has_read(self, times: int) -> bool:
        return self.reads >= times

    async def last(self) -> int:
        return self.rows[-1].id if self.rows else 0


def feed_of(table: Table, **options: float) -> Feed[Row]:
    return Feed(table.read, table.last, **{"poll": 0.01, **options})  # type: ignore[arg-type]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            if holds():
                return
            await asyncio.sleep(0)


async def taken(feed: Feed[Row], cursor: int, number: int) -> list[int]:
    """The ids of the next rows after a cursor."""
    found: list[int] = []
    async with asyncio.timeout(PATIENCE), aclosing(feed.follow(cursor, lambda row: True)) as rows:
        async for row in rows:
            found.append(row.id)
            if len(found) == number:
                break
    return found


async def test_followers_who_come_and_go_at_random_see_each_row_once_in_order() -> None:
    dice, table = random.Random(7), Table()
    feed = feed_of(table)

    async def writes() -> None:
        while len(table.rows) < 500:
            table.add(dice.randint(1, 5))
            if dice.random() < 0.5:
                feed.wake()
            await asyncio.sleep(0)

    async def follows() -> list[int]:
        seen: list[int] = []
        while len(seen) < 500:
            some = min(dice.randint(1, 40), 500 - len(seen))
            seen += await taken(feed, seen[-1] if seen else 0, some)
        return seen

    found, *others = await asyncio.gather(*(follows() for _ in range(20)), writes())
    assert found == list(range(1, 501))
    assert all(other == found for other in others[:-1])


async def test_all_followers_share_one_reader() -> None:
    table = Table()
    feed = feed_of(table, poll=60.0)
    followers = [asyncio.create_task(taken(feed, 0, 10)) for _ in range(100)]
    await until(partial(table.has_read, 101))
    for _ in range(10):
        table.add()
        feed.wake()
        for _ in range(10):
            await asyncio.sleep(0)
    assert await asyncio.gather(*followers) == [list(range(1, 11))] * 100
    assert table.reads <= 101 + 10


async def test_a_row_that_nobody_announced_is_found() -> None:
    table = Table()
    feed = feed_of(table)
    follower = asyncio.create_task(taken(feed, 0, 2))
    for _ in range(2):
        await asyncio.sleep(0)
        table.add()
    assert await follower == [1, 2]


async def test_who_falls_behind_reads_the_table_again_and_misses_nothing() -> None:
    table = Table()
    feed = feed_of(table, buffered=3)
    seen: list[int] = []
    async with asyncio.timeout(PATIENCE), aclosing(feed.follow(0, lambda row: True)) as rows:
        table.add()
        async for row in rows:
            seen.append(row.id)
            if len(seen) == 1:
                table.add(3 * PAGE)
                read_again = partial(table.has_read, table.reads + 4)
                feed.wake()
                await until(read_again)
            if len(seen) == 1 + 3 * PAGE:
                break
    assert seen == list(range(1, 2 + 3 * PAGE))


async def test_only_what_is_wanted_comes() -> None:
    table = Table()
    table.add(10)
    feed = feed_of(table)
    async with asyncio.timeout(PATIENCE), aclosing(feed.follow(2, lambda r: r.id % 2 == 0)) as rows:
        assert [(await anext(rows)).id for _ in range(4)] == [4, 6, 8, 10]
        table.add(2)
        assert (await anext(rows)).id == 12


async def test_without_followers_nothing_is_read() -> None:
    table = Table()
    feed = feed_of(table)
    table.add()
    await taken(feed, 0, 1)
    reads = table.reads
    for _ in range(50):
        feed.wake()
        await asyncio.sleep(0)
    assert table.reads == reads


async def test_a_database_that_is_away_ends_no_stream() -> None:
    table = Table(failures=1)
    table.add()
    assert await taken(feed_of(table), 0, 1) == [1]
