"""Answers of the read path over random histories, judged by brute force."""

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.pool import connect, open_pool
from domain.errors import InvalidInput
from domain.questions import Frame, Read
from tests.conftest import TEMPLATE
from tests.histories import STARTS, question
from tests.judge import check
from tests.world import WORK, World

EXAMPLES = int(os.environ.get("TIDEMARK_EXAMPLES", "0"))
SETTINGS = settings(
    max_examples=EXAMPLES or 25,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


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


@SETTINGS
@given(
    seed=st.integers(0, 2**32),
    start=st.sampled_from(STARTS),
    work=st.lists(st.sampled_from(WORK), min_size=2, max_size=14),
)
async def test_answers_are_what_the_events_say_whatever_was_done(
    admin_dsn: str, seed: int, start: object, work: list[str]
) -> None:
    async with fresh(admin_dsn) as pool:
        world = World(pool, Random(seed), start)  # type: ignore[arg-type]
        await world.open()
        for each in ("store", *work, "settle"):
            await world.do(each)
            await interrogate(world, 3)


async def interrogate(world: World, count: int) -> None:
    """Ask some questions in one statement, and judge each; one that cannot be answered says why."""
    reads = [
        question(world.random, world.catalogue, list(world.known.values()), world.now)
        for _ in range(count)
    ]
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
