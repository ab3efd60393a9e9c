import json
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from app.mapping_source import Mappings
from db.dead_letters import MAX_BODY, Refused, keep, page
from db.events import EventStore
from db.partitions import EventPartitions
from domain.builtin import BUILTIN
from domain.catalogue import Dimension, catalogue_of, event_type
from domain.events import EventRules
from resolvers.dead_letters import Replay, Replayed

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATER_TYPE = event_type(
    "signup", "Declared later.", dimensions=(Dimension("source", "source", "Where."),)
)


def body(**fields: Any) -> bytes:
    return json.dumps({"type": "click", "occurredAt": "2026-11-22T08:00:00Z", **fields}).encode()


async def kept(pool: asyncpg.Pool, *bodies: bytes, code: str = "X", origin: str = "http") -> None:
    letters = [Refused(code, None, "why", each) for each in bodies]
    await keep(pool, letters, origin=origin, subject="tests", received_at=NOW)


async def open_codes(pool: asyncpg.Pool, **narrowed: Any) -> list[str]:
    async with pool.acquire() as connection:
        return [each.code for each in await page(connection, limit=100, **narrowed)]


async def replayed(pool: asyncpg.Pool, *, limit: int = 100, **narrowed: Any) -> list[Replayed]:
    rules = EventRules.of(catalogue_of((*BUILTIN, LATER_TYPE)))
    replay = Replay(pool, EventStore(EventPartitions(), 7), rules, Mappings({}).named)
    return [each async for each in replay.run(NOW, limit=limit, **narrowed)]


async def test_a_letter_holds_what_was_refused_and_why(pool: asyncpg.Pool) -> None:
    refused = Refused("WRONG_TYPE", "user\0Id", "a\0b \ud800", b"\x00\xff{")
    await keep(pool, [refused], origin="http", subject="key:x", received_at=NOW)
    async with pool.acquire() as connection:
        (letter,) = await page(connection, limit=10)
    assert (letter.code, letter.field, letter.message) == (
        "WRONG_TYPE",
        "user\ufffdId",
        "a\ufffdb ?",
    )
    assert (letter.body, letter.origin, letter.subject) == (b"\x00\xff{", "http", "key:x")
    assert (letter.received_at, letter.truncated, letter.replayed_at) == (NOW, False, None)


async def test_a_long_body_is_cut_and_says_so(pool: asyncpg.Pool) -> None:
    await kept(pool, b"x" * (MAX_BODY + 1))
    async with pool.acquire() as connection:
        (letter,) = await page(connection, limit=10)
    assert (len(letter.body), letter.truncated) == (MAX_BODY, True)
    (one,) = await replayed(pool)
    assert one.problem is not None and one.problem.code == "TRUNCATED"


async def test_letters_are_paged_and_narrowed(pool: asyncpg.Pool) -> None:
    await kept(pool, b"1", b"2", b"3", code="A")
    await kept(pool, b"4", code="B", origin="graphql")
    async with pool.acquire() as connection:
        first = await page(connection, limit=2)
        rest = await page(connection, limit=10, after=first[-1].id)
    assert [letter.body for letter in (*first, *rest)] == [b"1", b"2", b"3", b"4"]
    assert await open_codes(pool, code="B") == ["B"]
    assert await open_codes(pool, origin="http") == ["A", "A", "A"]


async def test_an_event_is_replayed_once_its_type_is_declared(pool: asyncpg.Pool) -> None:
    await kept(pool, body(id="a", type="signup"), code="UNKNOWN_EVENT_TYPE")
    (one,) = await replayed(pool)
    assert one.problem is None and not one.duplicate
    assert await open_codes(pool) == []
    assert await open_codes(pool, replayed=True) == ["UNKNOWN_EVENT_TYPE"]
    assert await pool.fetchval("SELECT event_type FROM analytics_events") == "signup"
    assert await replayed(pool) == []


async def test_what_is_stored_already_counts_as_replayed(pool: asyncpg.Pool) -> None:
    await kept(pool, body(id="a"), body(id="a"))
    assert [each.duplicate for each in await replayed(pool)] == [False, True]
    assert await open_codes(pool) == []


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (b"{", "MALFORMED_JSON"),
        (body(userId=7), "WRONG_TYPE"),
        (body(id="a", userId="2"), "ID_CONFLICT"),
    ],
)
async def test_what_is_still_refused_stays_open_with_its_reason(
    pool: asyncpg.Pool, bad: bytes, code: str
) -> None:
    await kept(pool, body(id="a", userId="1"), bad, body(id="c"))
    problems = [each.problem and each.problem.code for each in await replayed(pool)]
    assert problems == [None, code, None]
    assert len(await open_codes(pool)) == 1


async def test_an_event_without_an_id_is_stored_once_however_often_it_is_replayed(
    pool: asyncpg.Pool,
) -> None:
    await kept(pool, body())
    await replayed(pool)
    await pool.execute("UPDATE dead_letters SET replayed_at = NULL")
    assert [each.duplicate for each in await replayed(pool)] == [True]
    assert await pool.fetchval("SELECT count(*) FROM analytics_events") == 1


async def test_a_replay_stops_at_its_limit(pool: asyncpg.Pool) -> None:
    await kept(pool, *(body(id=str(number)) for number in range(5)))
    assert len(await replayed(pool, limit=3)) == 3
    assert len(await open_codes(pool)) == 2


async def test_a_replay_may_be_narrowed(pool: asyncpg.Pool) -> None:
    await kept(pool, body(id="1"), code="A")
    await kept(pool, body(id="2"), code="B", origin="graphql")
    assert len(await replayed(pool, code="B", origin="graphql")) == 1
    assert await open_codes(pool) == ["A"]
