"""Answers of the read path over random histories, judged by brute force."""

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Context, Decimal
from functools import reduce
from random import Random

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from db.analytics import answer
from db.pool import connect, open_pool
from domain.errors import InvalidInput
from domain.questions import COUNT, ERRORS, USERS, Columns, Frame, MeasureKey, Read
from tests.conftest import TEMPLATE
from tests.histories import CATALOGUE, STARTS, question
from tests.judge import check
from tests.stored import store
from tests.world import WORK, World

# The same histories every time, a failing one as it is; more of them, at random and shrunk, by request.
EXAMPLES = int(os.environ.get("TIDEMARK_EXAMPLES", "0"))
SETTINGS = settings(
    max_examples=EXAMPLES or 25,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    phases=tuple(Phase) if EXAMPLES else (Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)

EXACT = Context(prec=200)
SUMS = {
    kind.name: frozenset(
        {
            COUNT,
            ERRORS,
            *(MeasureKey("n", name) for name in kind.measures),
            *(MeasureKey("sum", name) for name, each in kind.measures.items() if not each.money),
        }
    )
    for kind in CATALOGUE.types.values()
}
"""What can be added up, by event type."""


@asynccontextmanager
async def fresh(admin_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    name = f"t_{uuid.uuid4().hex}"
    admin = await connect(admin_dsn)
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    pool = await open_pool(admin_dsn.rpartition("/")[0] + f"/{name}", min_size=1, max_size=3)
    try:
        yield pool
    finally:
        pool.terminate()
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


@settings(SETTINGS, max_examples=EXAMPLES or 60)
@given(
    seed=st.integers(0, 2**32),
    start=st.sampled_from(STARTS),
    work=st.lists(st.sampled_from(WORK), min_size=2, max_size=14),
)
async def test_answers_are_what_the_events_say_whatever_was_done(
    admin_dsn: str, seed: int, start: datetime, work: list[str]
) -> None:
    async with fresh(admin_dsn) as pool:
        world = World(pool, Random(seed), start)
        await world.open()
        for each in ("store", *work, "settle"):
            await world.do(each)
            await interrogate(world, 3)


async def interrogate(world: World, count: int) -> None:
    """Ask some questions in one statement, and judge each; one that cannot be answered says why."""
    reads = questions(world, count)
    for read, frame in await answered(world, reads):
        check(world, read, frame)


async def answered(world: World, reads: list[Read]) -> list[tuple[Read, Frame]]:
    """The frames by read, without those that need raw events which are no longer kept."""
    try:
        return list(zip(reads, await world.ask(reads), strict=True))
    except InvalidInput as problem:
        assert problem.code == "NOT_ROLLED_UP"
        if len(reads) == 1:
            assert world.raw_from(reads[0].event_type) is not None
            return []
        return [pair for read in reads for pair in await answered(world, [read])]


@SETTINGS
@given(seed=st.integers(0, 2**32), start=st.sampled_from(STARTS))
async def test_merging_sealing_and_rebuilding_change_no_answer(
    admin_dsn: str, seed: int, start: datetime
) -> None:
    """Folding aside, which would move small groups to other."""
    async with fresh(admin_dsn) as pool:
        world = World(pool, Random(seed), start)
        await world.open()
        await world.store()
        await world.store()
        reads = [ranked_exactly(each) for each in questions(world, 6)]
        before = [plainly(each) for each in await world.ask(reads)]
        for each in ("roll", "settle", "rebuild", "go_on", "settle", "regrain", "settle"):
            await world.do(each)
            assert [plainly(each) for each in await world.ask(reads)] == before


@SETTINGS
@given(seed=st.integers(0, 2**32), start=st.sampled_from(STARTS))
async def test_the_parts_of_any_split_add_up_to_the_whole(
    admin_dsn: str, seed: int, start: datetime
) -> None:
    """Buckets to the range, and the groups shown with the rest to the total."""
    async with fresh(admin_dsn) as pool:
        world = World(pool, Random(seed), start)
        await world.open()
        for each in ("store", "roll", "seal", "fold", "store"):
            await world.do(each)
        parts = questions(world, 5)
        wholes = [
            replace(each, edges=(each.edges[0], each.edges[-1]), group_by=(), filter=None, top=None)
            for each in parts
        ]
        parts = [replace(each, filter=None, measures=SUMS[each.event_type]) for each in parts]
        wholes = [replace(each, measures=SUMS[each.event_type]) for each in wholes]
        frames = await world.ask([*parts, *wholes])
        for part, whole in zip(frames[: len(parts)], frames[len(parts) :], strict=True):
            (total,) = whole.groups.values()
            shown = [*part.groups.values(), *([part.other] if part.other else [])]
            for measure, (wanted,) in total.values.items():
                cells = [cell or 0 for each in shown for cell in each.values[measure]]
                assert reduce(EXACT.add, cells, Decimal(0)) == (wanted or 0)


async def test_a_refused_event_changes_no_answer(pool: asyncpg.Pool) -> None:
    world = World(pool, Random(1), STARTS[0])
    await world.open()
    await world.store()
    reads = questions(world, 8)
    before = [plainly(each) for each in await world.ask(reads)]
    for text in ("1969-12-31T23:59:59Z", "9999-12-31T00:00:00Z"):
        with pytest.raises(InvalidInput):
            await store(pool, CATALOGUE, [{"type": "probe", "occurredAt": text}], now=world.now)
    known = next(iter(world.known.values()))
    outcome = await store(pool, CATALOGUE, [{**known, "sessionId": "other"}], now=world.now)
    assert outcome.conflicts == {0}
    assert [plainly(each) for each in await world.ask(reads)] == before


async def test_an_answer_takes_one_statement_however_much_is_asked(pool: asyncpg.Pool) -> None:
    world = World(pool, Random(2), STARTS[0])
    await world.open()
    await world.store()
    reads = questions(world, 25)
    await world.ask(reads[:1])
    seen: list[str] = []
    async with pool.acquire() as connection:

        class OneConnection:
            async def fetch(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
                seen.append(sql)
                return await connection.fetch(sql, *arguments)

        frames = await answer(OneConnection(), world.catalogue, reads, world.state)  # type: ignore[arg-type]
    assert len(frames) == 25
    assert len(seen) == 1


def questions(world: World, count: int) -> list[Read]:
    known = list(world.known.values())
    return [question(world.random, world.catalogue, known, world.now) for _ in range(count)]


def ranked_exactly(read: Read) -> Read:
    """Groups in the order of a quantile may swap where it is an estimate."""
    if read.top is None or read.top.by.kind != "quantile":
        return read
    return replace(read, top=replace(read.top, by=COUNT))


def plainly(frame: Frame) -> object:
    """What a frame says, without its source and time, and quantiles only as whether there is one."""

    def values(columns: Columns | None) -> object:
        return columns and {
            measure: [cell is None for cell in cells] if measure.kind == "quantile" else cells
            for measure, cells in columns.values.items()
        }

    groups = {key: values(columns) for key, columns in frame.groups.items()}
    return list(groups.items()), values(frame.other), frame.total_groups


async def test_sketches_keep_their_bounds_through_many_merges(pool: asyncpg.Pool) -> None:
    """Enough users and values that lists become registers and histograms, at every level."""
    world = World(pool, Random(3), STARTS[0])
    await world.open()
    users = [f"user-{number}" for number in range(9_000)]
    for part in range(6):
        batch = [
            {
                "id": f"{part}-{number}",
                "type": "query",
                "occurredAt": (world.now - timedelta(minutes=number * 2)).isoformat(),
                "userId": user,
                "durationMs": Decimal(f"{world.random.lognormvariate(3, 2) - 5:.3f}"),
            }
            for number, user in enumerate(world.random.sample(users, 2_000))
        ]
        await store(pool, CATALOGUE, batch, now=world.now)
        world.known.update({each["id"]: each for each in batch})
        await world.do("roll" if part % 2 else "settle")
    await world.settle()
    ranks = [MeasureKey("quantile", "durationMs", q) for q in (0.001, 0.05, 0.5, 0.95, 0.999)]
    start = world.now.replace(day=1, hour=0, minute=0, second=0)
    edges = (start - timedelta(days=28), start, world.now - timedelta(hours=11), world.now)
    read = Read("query", edges, frozenset({COUNT, USERS, *ranks}))
    (frame,) = await world.ask([read])
    check(world, read, frame)
    (estimates,) = (each.estimates[USERS] for each in frame.groups.values())
    assert not all(each is None or each.exact for each in estimates)
