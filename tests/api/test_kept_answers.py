"""Answers that are given again are those that would be made: over writes, flushes and outages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from db.answer_cache import AnswerCache
from db.data_version import DataVersion, VersionReader
from db.pool import open_pool
from db.rollups import roll_all
from db.seal import seal
from domain.callers import Role
from domain.freshness import Ages
from domain.limits import Limits
from graph.prepared import Preparing
from graph.requests import GraphQLRequest
from graph.schema import schema
from resolvers.kept_answers import KeptAnswers
from tests.api.conftest import NOW, Answered, Api, serving

RANGE = {"last": "P2D"}
ASKED = """query ($range: RangeInput!) {
    summary(range: $range) { totalEvents uniqueUsers meta { cached asOf warnings { c: code message } } }
    timeseries(eventType: "click", range: $range, granularity: HOUR) { series { columns { count complete } } }
}"""
PLAIN = "query ($range: RangeInput!) { summary(range: $range) { totalEvents } }"


def event(number: int, minutes: int = 1) -> dict[str, Any]:
    at = NOW - timedelta(minutes=minutes)
    return {
        "id": f"e{number}",
        "type": "click",
        "occurredAt": at.isoformat(),
        "userId": f"u{number % 7}",
    }


@dataclass
class Process:
    """One API process. While `gate` is shut, what was read waits; `reading` is set once there is any.

    `looked` is set whenever the data version was read.
    """

    api: Api
    cache: AnswerCache
    versions: asyncpg.Pool
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    reading: asyncio.Event = field(default_factory=asyncio.Event)
    looked: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, query: str = ASKED, role: str = "admin", **extensions: Any) -> Answered:
        body = {"query": query, "variables": {"range": RANGE}, "extensions": extensions}
        headers = {"Authorization": f"Bearer {role}"}
        return Answered(await self.api.client.post("/graphql", json=body, headers=headers))

    async def total(self, **extensions: Any) -> int:
        return (await self.ask(PLAIN, **extensions)).data["summary"]["totalEvents"]


@asynccontextmanager
async def process(dsn: str, pool: asyncpg.Pool, redis: Redis) -> AsyncIterator[Process]:
    versions = await open_pool(dsn, max_size=1)
    cache = AnswerCache(redis, 3600)
    processes: list[Process] = []
    read = VersionReader(versions)

    async def version() -> str:
        found = await read()
        processes[0].looked.set()
        return found

    kept = KeptAnswers(cache, DataVersion(version), Ages())
    async for api in serving(dsn, pool, parts={"kept": kept}):
        found = Process(api, cache, versions)
        processes.append(found)
        found.gate.set()
        answer = api.rooms.answer

        async def gated(reads: Any, found: Process = found, answer: Any = answer) -> Any:
            frames = await answer(reads)
            found.reading.set()
            await found.gate.wait()
            return frames

        object.__setattr__(api.rooms, "answer", gated)
        yield found
        await cache.settled()
    versions.terminate()


@pytest.fixture
async def one(dsn: str, pool: asyncpg.Pool, redis: Redis) -> AsyncIterator[Process]:
    async with process(dsn, pool, redis) as found:
        yield found


@pytest.fixture
async def two(dsn: str, pool: asyncpg.Pool, redis: Redis) -> AsyncIterator[tuple[Process, Process]]:
    async with AsyncExitStack() as stack:
        yield tuple([await stack.enter_async_context(process(dsn, pool, redis)) for _ in "ab"])


def without_meta(answered: Answered) -> dict[str, Any]:
    summary = {k: v for k, v in answered.data["summary"].items() if k != "meta"}
    return {**answered.data, "summary": summary}


async def test_the_same_question_is_read_once_and_says_so(one: Process) -> None:
    await one.api.store([event(1), event(2)])
    first = await one.ask()
    reads = len(one.api.reads)
    again = await one.ask()
    assert len(one.api.reads) == reads
    assert without_meta(first) == without_meta(again)
    assert first.data["summary"]["totalEvents"] == 2
    assert [each.data["summary"]["meta"]["cached"] for each in (first, again)] == [False, True]
    assert again.data["summary"]["meta"]["asOf"] == first.data["summary"]["meta"]["asOf"]
    cost = [each.body["extensions"]["cost"] for each in (first, again)]
    assert cost[0]["requested"] == cost[1]["requested"] > cost[1]["actual"] == 1
    assert again.body["extensions"]["cache"]["stale"] is False


async def test_what_was_acknowledged_is_in_the_next_answer_of_every_process(
    two: tuple[Process, Process],
) -> None:
    for number in range(6):
        writer, reader = two if number % 2 else reversed(two)
        before = await asyncio.gather(*(each.total() for each in two))
        assert before == [number, number]
        await writer.api.ask(
            "mutation ($e: EventInput!) { recordEvents(input: {events: [$e]}) { accepted } }",
            e=event(number),
        )
        assert await reader.total() == number + 1


async def test_answers_are_found_by_other_processes(two: tuple[Process, Process]) -> None:
    first, second = two
    await first.api.store([event(1)])
    await first.ask()
    await first.cache.settled()
    assert (await second.ask()).data["summary"]["meta"]["cached"] is True
    assert second.api.reads == []


async def test_merging_and_sealing_change_no_answer_and_new_events_always_do(one: Process) -> None:
    await one.api.store([event(1)])
    assert await one.total() == 1
    await roll_all(one.api.pool, one.api.catalogue)
    assert await one.total() == 1
    await one.api.store([event(2)])
    await seal(one.api.pool, NOW)
    assert await one.total() == 2


async def test_a_question_that_comes_after_a_write_takes_no_answer_begun_before_it(
    one: Process,
) -> None:
    await one.api.store([event(1)])
    one.gate.clear()
    early = [asyncio.create_task(one.total()) for _ in range(3)]
    await one.reading.wait()
    await one.api.store([event(2)])
    one.looked.clear()
    late = [asyncio.create_task(one.total()) for _ in range(3)]
    await one.looked.wait()
    for _ in range(10):
        await asyncio.sleep(0)
    one.gate.set()
    assert await asyncio.gather(*late) == [2, 2, 2]
    assert all(total in (1, 2) for total in await asyncio.gather(*early))


async def test_equal_questions_at_once_are_read_once(one: Process) -> None:
    await one.api.store([event(1)])
    answers = await asyncio.gather(*(one.ask() for _ in range(20)))
    assert {each.data["summary"]["totalEvents"] for each in answers} == {1}
    assert len(one.api.reads) == 2


async def test_equal_questions_at_once_are_read_once_over_processes(
    two: tuple[Process, Process],
) -> None:
    await two[0].api.store([event(1)])
    answers = await asyncio.gather(*(each.ask(PLAIN) for each in two * 10))
    assert {each.data["summary"]["totalEvents"] for each in answers} == {1}
    assert len(two[0].api.reads) + len(two[1].api.reads) == 1


async def test_a_minute_later_the_answer_is_made_anew(one: Process) -> None:
    await one.api.store([event(1)])
    await one.ask()
    one.api.now = NOW + timedelta(seconds=59)
    assert (await one.ask()).data["summary"]["meta"]["cached"] is True
    one.api.now = NOW + timedelta(seconds=60)
    assert (await one.ask()).data["summary"]["meta"]["cached"] is False


async def test_a_bucket_that_ends_within_the_minute_becomes_complete(one: Process) -> None:
    end = NOW + timedelta(seconds=30)
    between = {"from": "2026-03-10T10:00:00Z", "to": end.isoformat()}
    query = """query ($range: RangeInput!) { timeseries(eventType: "click", range: $range, granularity: HOUR)
        { series { columns { complete } } } }"""

    async def complete() -> bool:
        answered = await one.api.ask(query, range={"between": between})
        return answered.data["timeseries"]["series"][0]["columns"]["complete"][-1]

    assert [await complete(), await complete()] == [False, False]
    one.api.now = end
    assert await complete() is True


async def test_roles_do_not_share_answers(one: Process) -> None:
    await one.api.store([event(1), {**event(2), "type": "api_request"}])
    totals = [
        (await one.ask(PLAIN, role)).data["summary"]["totalEvents"]
        for role in ("admin", "business_viewer", "ops_viewer")
        for _ in "ab"
    ]
    assert totals == [2, 2, 1, 1, 1, 1]


async def test_what_a_role_may_not_see_is_refused_whatever_is_kept(one: Process) -> None:
    await one.ask()
    answered = await one.ask(role="ingest")
    assert set(answered.codes) == {"FORBIDDEN"}
    assert (await one.ask(role="ingest")).codes == answered.codes


async def test_an_allowed_age_gives_older_answers_and_no_older_than_allowed(one: Process) -> None:
    await one.api.store([event(1)])
    assert await one.total() == 1
    await one.api.store([event(2)])
    one.api.now = NOW + timedelta(seconds=50)
    assert await one.total(maxAge=60) == 1
    assert await one.total(maxAge=40) == 2
    assert await one.total() == 2
    await one.api.store([event(3)])
    one.api.now = NOW + timedelta(seconds=50 + Ages().dashboard + 1)
    assert await one.total(maxAge=1_000_000) == 3


async def test_answers_with_errors_are_not_kept(one: Process) -> None:
    query = """query ($range: RangeInput!) { summary(range: $range) { totalEvents }
        breakdown(eventType: "click", dimension: "colour", range: $range) { totalGroups } }"""
    for _ in range(2):
        answered = await one.ask(query)
        assert answered.codes == ["UNKNOWN_DIMENSION"]
        assert "cache" not in answered.body["extensions"]


async def test_while_the_database_is_down_the_last_answer_is_given_and_marked(
    one: Process,
) -> None:
    await one.api.store([event(1)])
    first = await one.ask()
    one.versions.terminate()
    one.api.counted.terminate()
    one.api.now = NOW + timedelta(minutes=30)
    last = await one.ask()
    assert without_meta(last) == without_meta(first)
    meta = last.data["summary"]["meta"]
    assert meta["cached"] is True and meta["asOf"] == first.data["summary"]["meta"]["asOf"]
    assert [each["c"] for each in meta["warnings"]] == ["STALE"]
    assert last.body["extensions"]["cache"] == {"ageSeconds": 1800.0, "stale": True}
    assert (await one.ask(PLAIN)).codes == ["UNAVAILABLE"]
    one.api.now = NOW + timedelta(seconds=Ages().outage + 1)
    assert set((await one.ask()).codes) == {"UNAVAILABLE"}


async def test_another_process_finds_the_last_answer_while_the_database_is_down(
    two: tuple[Process, Process],
) -> None:
    await two[0].api.store([event(1)])
    assert await two[0].total() == 1
    await two[0].cache.settled()
    two[1].versions.terminate()
    two[1].api.counted.terminate()
    assert (await two[1].ask(PLAIN)).body["extensions"]["cache"]["stale"] is True


@pytest.mark.parametrize("seed", range(6))
async def test_flushing_redis_at_any_time_changes_no_answer(
    two: tuple[Process, Process], redis: Redis, seed: int
) -> None:
    random = Random(seed)
    api, written = two[0].api, 0
    for _ in range(40):
        match random.randrange(6):
            case 0:
                await redis.flushdb()
            case 1:
                await api.store([event(written + n, random.randrange(2_000)) for n in range(3)])
                written += 3
            case 2:
                await roll_all(api.pool, api.catalogue)
            case 3:
                later = two[0].api.now + timedelta(seconds=random.choice((1, 20, 60)))
                two[0].api.now = two[1].api.now = later
            case _:
                found = await asyncio.gather(*(each.total() for each in two))
                assert found == [written, written]


async def test_without_redis_answers_are_kept_in_the_process(dsn: str, pool: asyncpg.Pool) -> None:
    nowhere = Redis.from_url("redis://127.0.0.1:1")
    async with process(dsn, pool, nowhere) as alone:
        await alone.api.store([event(1)])
        assert [await alone.total(), await alone.total()] == [1, 1]
        assert len(alone.api.reads) == 1
        await alone.api.store([event(2)])
        assert await alone.total() == 2
    await nowhere.aclose()


async def test_batches_that_commit_out_of_order_each_change_the_version(
    dsn: str, pool: asyncpg.Pool
) -> None:
    read = VersionReader(pool)
    insert = "INSERT INTO pending_batches VALUES (nextval('event_batch_ids'), now(), 1)"
    versions = [await read()]
    async with pool.acquire() as early, pool.acquire() as late:
        slow, quick = early.transaction(), late.transaction()
        await slow.start()
        await early.execute(insert)
        await quick.start()
        await late.execute(insert)
        await quick.commit()
        versions.append(await read())
        await slow.commit()
    versions.append(await read())
    assert len(set(versions)) == 3
    await pool.execute("DELETE FROM pending_batches WHERE batch_id % 2 = 0")
    assert await read() == versions[-1]


def test_the_role_and_the_catalogue_are_part_of_every_key() -> None:
    asked = GraphQLRequest(PLAIN, {"range": RANGE}, None)
    preparing = Preparing(schema(), Limits(), "1")
    keys = {
        each.prepared(asked, PLAIN, role, introspection=False).question.key  # type: ignore[union-attr]
        for each in (preparing, replace(preparing, edition="2"))
        for role in (Role.ADMIN, Role.OPS_VIEWER)
    }
    assert len(keys) == 4
