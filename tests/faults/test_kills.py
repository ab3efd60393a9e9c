"""Whatever is killed at whatever moment: an acknowledged event counts exactly once, in every grain."""

import asyncio
import os
import secrets
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import repeat
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from db.analytics import answer
from db.pool import open_pool
from db.rollup_state import StateCache
from domain.buckets import Granularity, bucket_edges
from domain.builtin import BUILTIN
from domain.callers import Role
from domain.catalogue import catalogue_of
from domain.questions import COUNT, USERS, Interval, MeasureKey, Read
from tests.faults.machine import Machine, machine, migrated

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "20"))
SEED = int(os.environ.get("FAULT_SEED", secrets.randbits(32)))
BLOWS = (
    ("serve",),
    ("worker",),
    ("worker",),
    ("postgres",),
    ("valkey",),
    ("flush",),
    ("serve", "worker"),
    ("postgres", "valkey"),
)
CATALOGUE = catalogue_of(BUILTIN)
SUM = MeasureKey("sum", "quantity")
GRAINS = tuple(each for each in Granularity if each is not Granularity.AUTO)
END = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
START = END - timedelta(days=50)


Event = dict[str, Any]
Sent = dict[str, Event]
"""What was acknowledged, by id."""


async def test_every_acknowledged_event_counts_once_whatever_is_killed(tmp_path: Path) -> None:
    print(f"FAULT_SEED={SEED}")
    random = Random(SEED)
    with machine(tmp_path) as built:
        await migrated(built)
        sent: Sent = {}
        for number in range(ROUNDS):
            blow = random.choice(BLOWS)
            await hit(built, random, sent, blow)
            await check(built, sent, f"FAULT_SEED={SEED} round {number}: {blow}")
        await check_over_http(built, sent)


async def hit(built: Machine, random: Random, sent: Sent, blow: Sequence[str]) -> None:
    """Kill while senders are at it, start again, and return once what they sent is acknowledged."""
    over = asyncio.Event()
    headers = {
        "Authorization": f"Bearer {built.token(Role.INGEST)}",
        "Content-Type": "application/json",
    }
    async with (
        httpx.AsyncClient(base_url=built.url, headers=headers, trust_env=False) as client,
        asyncio.TaskGroup() as tasks,
    ):
        for _ in range(4):
            tasks.create_task(keep_sending(client, Random(random.random()), sent, over))
        await asyncio.sleep(random.uniform(0, 0.4))
        if "flush" in blow:
            await flush(built)
        else:
            for name in blow:
                built.kill(name)
            await asyncio.sleep(random.choice((0, 0, 0.2)))
            for name in reversed(blow) if random.random() < 0.5 else blow:
                built.start(name)
        over.set()


async def keep_sending(
    client: httpx.AsyncClient, random: Random, sent: Sent, over: asyncio.Event
) -> None:
    """One batch after the other, each until it is acknowledged; the last is begun when all runs again."""
    last = False
    while not last:
        last = over.is_set()
        batch = [order(random) for _ in range(random.choice((1, 10, 200)))]
        await send(client, batch)
        sent.update({each["id"]: each for each in batch})


async def send(client: httpx.AsyncClient, batch: list[Event]) -> None:
    """Again and again until it is acknowledged."""
    body = orjson.dumps(batch)
    async with asyncio.timeout(60):
        for pause in repeat(0.05):
            if await acknowledged(client, body, len(batch)):
                return
            await asyncio.sleep(pause)


async def acknowledged(client: httpx.AsyncClient, body: bytes, count: int) -> bool:
    try:
        response = await client.post("/v1/events", content=body)
    except httpx.HTTPError:
        return False
    if response.status_code >= 500:
        return False
    receipt = response.json()
    assert response.is_success, receipt
    assert receipt["rejected"] == [], receipt
    assert receipt["accepted"] + receipt["duplicates"] == count
    return True


def order(random: Random) -> Event:
    """Of the last minutes or late by weeks."""
    back = random.choice((600, 7_200, 86_400, 40 * 86_400))
    at = END - timedelta(hours=2, seconds=random.randrange(back))
    return {
        "id": f"e{random.getrandbits(80)}",
        "type": "order",
        "occurredAt": at.isoformat(),
        "userId": f"u{random.randrange(400)}",
        "properties": {"quantity": random.randrange(100), "collection": f"c{random.randrange(3)}"},
    }


async def flush(built: Machine) -> None:
    redis = Redis.from_url(built.servers["valkey"].url)
    with suppress(RedisError):
        await redis.flushall()
    await redis.aclose()


async def check(built: Machine, sent: Sent, where: str) -> None:
    """Counts, sums and users of each bucket of each grain, and of each group, from one snapshot."""
    pool = await open_pool(built.dsn, min_size=1, max_size=2)
    try:
        await _check(pool, sent, where)
    finally:
        await pool.close()


async def _check(pool: asyncpg.Pool, sent: Sent, where: str) -> None:
    span = Interval(START, END)
    edges = [bucket_edges(span, grain, ZoneInfo("UTC")) for grain in GRAINS]
    asked = frozenset({COUNT, SUM, USERS})
    reads = [Read("order", each, asked) for each in edges]
    reads.append(Read("order", (START, END), asked, ("collection",)))
    *series, groups = await answer(pool, CATALOGUE, reads, StateCache())
    for grain, each, frame in zip(GRAINS, edges, series, strict=True):
        columns = frame.groups[()].values
        found = zip(each, columns[COUNT], columns[SUM], columns[USERS], strict=False)
        told = {at: (n, total, users) for at, n, total, users in found if n}
        assert told == expected(sent, each), f"{where}: {grain.name}"
    by_collection = Counter(each["properties"]["collection"] for each in sent.values())
    counted = {key[0]: columns.values[COUNT][0] for key, columns in groups.groups.items()}
    assert counted == by_collection, where


def expected(sent: Sent, edges: Sequence[datetime]) -> dict[datetime, tuple[int, Decimal, int]]:
    held: defaultdict[datetime, list[Event]] = defaultdict(list)
    for each in sent.values():
        at = datetime.fromisoformat(each["occurredAt"])
        held[edges[bisect_right(edges, at) - 1]].append(each)
    return {
        at: (
            len(events),
            Decimal(sum(each["properties"]["quantity"] for each in events)),
            len({each["userId"] for each in events}),
        )
        for at, events in held.items()
    }


async def check_over_http(built: Machine, sent: Sent) -> None:
    headers = {"Authorization": f"Bearer {built.token(Role.ADMIN)}"}
    asked = {"query": '{ summary(range: {last: "P60D"}) { totalEvents } }'}
    async with httpx.AsyncClient(base_url=built.url, headers=headers, trust_env=False) as client:
        response = await client.post("/graphql", json=asked)
    assert response.json()["data"]["summary"]["totalEvents"] == len(sent)
