import asyncio
import json
import random
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from db.events import EventStore, Outcome
from db.partitions import EventPartition, EventPartitions
from db.pool import open_pool
from domain.builtin import BUILTIN
from domain.catalogue import catalogue_of
from domain.event_wire import encode_mapping
from domain.events import Arrival, Event, EventRules, parse

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
RULES = EventRules.of(catalogue_of(BUILTIN))
ARRIVAL = Arrival(NOW, "request-1", lambda: str(uuid.uuid4()))


@pytest.fixture(autouse=True, params=["one statement", "copy", "copy with care"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs for few events, which one statement stores, and for more, which are copied.

    Those in hope that all ids are new, or after one was taken.
    """
    monkeypatch.setattr("db.events.FEW", 1_000 if request.param == "one statement" else 0)
    if request.param == "copy with care":
        monkeypatch.setattr("db.events.Novelty.is_likely", lambda _: False)


async def test_ids_are_asked_about_for_a_while_after_one_was_taken(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr("db.events.FEW", 0)
    monkeypatch.setattr("db.events.CAREFUL_BATCHES", 2)
    store = EventStore(EventPartitions(), 7)
    hopeful = []
    async with pool.acquire() as connection:
        for ids in ("ab", "bc", "d", "e", "f"):
            await store.commit(connection, [event(id=each) for each in ids], NOW)
            hopeful.append(store.novelty.careful == 0)
    assert hopeful == [True, False, False, True, True]
    assert await stored(pool) == 6


def event(**fields: Any) -> Event:
    body = {"type": "click", "occurredAt": "2026-11-22T08:00:00Z", **fields}
    return parse(encode_mapping(body), RULES, ARRIVAL)


async def commit(
    pool: asyncpg.Pool, events: Sequence[Event], at: datetime = NOW, raw_days: int = 7
) -> Outcome:
    async with pool.acquire() as connection:
        return await EventStore(EventPartitions(), raw_days).commit(connection, events, at)


async def stored(pool: asyncpg.Pool) -> int:
    return await pool.fetchval("SELECT count(*) FROM analytics_events")


async def test_every_text_and_number_comes_back_as_it_was(pool: asyncpg.Pool) -> None:
    texts = [
        "",
        "\\",
        "\\N",
        "a\tb\nc\rd",
        '"quoted"',
        "\\.",
        "é漢🎉",
        "\x01\x7f",
        "' OR 1=1",
        "NULL",
        "null",
        "a,b",
        "]\n[",
        "line\n\\.\nline",
        '\\"',
    ]
    events = [
        event(
            id=f"id{text}",
            userId=text,
            errorMessage=text,
            correlationId=text,
            durationMs="999999999999999999.999999999999",
            cost="-0.000000000001",
            statusCode=0,
            properties={"text": text, text: [text, {"n": 1.5}]},
        )
        for text in texts
    ]
    for each in events:
        await commit(pool, [each])
    rows = await pool.fetch("SELECT * FROM analytics_events")
    by_id = {row["client_id"]: row for row in rows}
    for text in texts:
        row = by_id[f"id{text}"]
        assert (row["user_id"], row["error_message"], row["correlation_id"]) == (text,) * 3
        assert str(row["duration_ms"]) == "999999999999999999.999999999999"
        assert f"{row['cost']:f}" == "-0.000000000001"
        assert (row["status_code"], row["source"]) == (0, None)
    found = await pool.fetch("SELECT properties ->> 'text' AS text FROM analytics_events")
    assert sorted(row["text"] for row in found) == sorted(texts)


SPACES = ["\n", "\r", "\t", "\x01", "]\n["]
PIECES = ['"', "\\", '\\"', ",", "\\.", "\\n", "null", "\x7f", "a", " ", "]", "[", "漢", "🎉"]


@pytest.mark.parametrize("pieces", [[*PIECES, *SPACES], PIECES], ids=["any", "no controls"])
async def test_any_text_comes_back_whatever_stands_next_to_it(
    pool: asyncpg.Pool, pieces: Sequence[str]
) -> None:
    rng = random.Random(1)
    names = ("source", "userId", "deviceId", "sessionId", "errorMessage", "provider")
    columns = ("source", "user_id", "device_id", "session_id", "error_message", "provider")

    def text() -> str | None:
        return rng.choice([None, "", "".join(rng.choices(pieces, k=rng.randint(1, 6)))])

    sent: list[dict[str, Any]] = []
    for number in range(400):
        properties = rng.choice([None, {}, {f"k{text()}": text()}])
        texts = {name: text() for name in (*names, "correlationId")}
        sent.append({"id": f"{number}{text()}", "properties": properties, **texts})
    await commit(pool, [event(**each) for each in sent])
    rows = {row["client_id"]: row for row in await pool.fetch("SELECT * FROM analytics_events")}
    assert len(rows) == len(sent)
    for each in sent:
        row = rows[each["id"]]
        assert [row[name] for name in columns] == [each[name] for name in names]
        own = each["correlationId"]
        assert row["correlation_id"] == ("request-1" if own is None else own)
        assert json.loads(row["properties"] or "null") == each["properties"]


async def test_either_way_stores_the_same_rows(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = {
        "type": "order",
        "source": "shop",
        "userId": "ü",
        "deviceId": "d",
        "sessionId": "",
        "durationMs": 12.5,
        "statusCode": 404,
        "errorMessage": 'no "such" thing',
        "provider": "p",
        "value": "19.90",
        "currency": "EUR",
        "cost": 0,
        "occurredAt": "2026-11-22T08:00:00.123456Z",
        "properties": {"quantity": 3, "x": ['"', "\\", 0.12345678901234567890, None]},
    }
    rows = []
    for few in (0, 100):
        monkeypatch.setattr("db.events.FEW", few)
        await commit(pool, [event(id="full", **full), event(id="bare"), event(id="full", **full)])
        rows.append(
            await pool.fetch(
                "SELECT (to_jsonb(e) - 'batch_id')::text FROM analytics_events e ORDER BY id"
            )
        )
        await pool.execute("TRUNCATE analytics_events, event_ids")
    assert len(rows[0]) == 2
    assert rows[0] == rows[1]


async def test_events_with_and_without_a_retention_of_their_own_share_a_batch(
    pool: asyncpg.Pool,
) -> None:
    kept = event(id="kept")
    await commit(pool, [event(id="a"), msgspec.structs.replace(kept, raw_days=0), event(id="b")])
    rows = await pool.fetch("SELECT client_id, raw_days FROM analytics_events ORDER BY client_id")
    assert [tuple(row) for row in rows] == [("a", 7), ("b", 7), ("kept", 0)]


async def test_inside_another_transaction_a_partition_is_made_again_too(pool: asyncpg.Pool) -> None:
    store = EventStore(EventPartitions(), 7)
    async with pool.acquire() as connection:
        await store.commit(connection, [event(id="a")], NOW)
        await connection.execute(f"DROP TABLE {EventPartition.holding(7, NOW.date()).name}")
        async with connection.transaction():
            assert await store.commit(connection, [event(id="b")], NOW) == Outcome()
    assert await stored(pool) == 1


async def test_a_batch_is_its_events_ids_and_one_pending_row(pool: asyncpg.Pool) -> None:
    assert await commit(pool, [event(id=f"e{n}") for n in range(5)]) == Outcome()
    batch = await pool.fetchrow("SELECT * FROM pending_batches")
    assert (batch["event_count"], batch["received_at"]) == (5, NOW)
    rows = await pool.fetch("SELECT DISTINCT batch_id, received_at FROM analytics_events")
    assert [tuple(row) for row in rows] == [(batch["batch_id"], NOW)]
    assert await pool.fetchval("SELECT count(*) FROM event_ids") == 5


async def test_no_events_are_no_batch(pool: asyncpg.Pool) -> None:
    assert await commit(pool, []) == Outcome()
    assert await pool.fetchval("SELECT count(*) FROM pending_batches") == 0


async def test_a_retry_adds_nothing_and_makes_no_batch(pool: asyncpg.Pool) -> None:
    events = [event(id="a"), event(id="b")]
    await commit(pool, events)
    assert await commit(pool, events) == Outcome(duplicates=frozenset((0, 1)))
    assert await pool.fetchval("SELECT count(*) FROM pending_batches") == 1
    assert await stored(pool) == 2


async def test_the_same_id_with_another_body_is_a_conflict_and_the_first_stays(
    pool: asyncpg.Pool,
) -> None:
    await commit(pool, [event(id="a", userId="first")])
    outcome = await commit(pool, [event(id="b"), event(id="a", userId="second")])
    assert outcome == Outcome(conflicts=frozenset((1,)))
    users = await pool.fetch("SELECT user_id FROM analytics_events WHERE client_id = 'a'")
    assert [row["user_id"] for row in users] == ["first"]
    assert await stored(pool) == 2


async def test_within_a_batch_the_first_of_an_id_wins(pool: asyncpg.Pool) -> None:
    events = [event(id="a", userId="1"), event(id="a", userId="1"), event(id="a", userId="2")]
    assert await commit(pool, events) == Outcome(frozenset((1,)), frozenset((2,)))
    assert await commit(pool, events) == Outcome(frozenset((0, 1)), frozenset((2,)))
    assert await pool.fetchval("SELECT user_id FROM analytics_events") == "1"


async def test_an_event_whose_raw_data_was_dropped_is_still_a_duplicate(pool: asyncpg.Pool) -> None:
    await commit(pool, [event(id="a")])
    partition = EventPartition.holding(7, NOW.date())
    await pool.execute(f"DROP TABLE {partition.name}")
    later = NOW + timedelta(days=800)
    assert await commit(pool, [event(id="a")], later) == Outcome(duplicates=frozenset((0,)))
    assert await stored(pool) == 0


async def test_a_partition_that_someone_dropped_is_made_again(pool: asyncpg.Pool) -> None:
    store = EventStore(EventPartitions(), 7)
    async with pool.acquire() as connection:
        await store.commit(connection, [event(id="a")], NOW)
        await connection.execute(f"DROP TABLE {EventPartition.holding(7, NOW.date()).name}")
        assert await store.commit(connection, [event(id="b")], NOW) == Outcome()
    assert await stored(pool) == 1


async def test_events_go_to_the_partition_of_their_retention_and_day(pool: asyncpg.Pool) -> None:
    await commit(pool, [event(id="a")])
    await commit(pool, [event(id="b")], NOW + timedelta(days=1))
    await commit(pool, [event(id="c")], raw_days=0)
    rows = await pool.fetch(
        "SELECT client_id, tableoid::regclass::text AS part FROM analytics_events"
    )
    assert {row["client_id"]: row["part"] for row in rows} == {
        "a": "analytics_events_7d_20261123",
        "b": "analytics_events_7d_20261124",
        "c": "analytics_events_keep_202611",
    }


async def test_partitions_have_the_indexes_of_the_table(pool: asyncpg.Pool) -> None:
    await commit(pool, [event(id="a")])
    counted = "SELECT count(*) FROM pg_index WHERE indrelid = $1::text::regclass"
    declared = await pool.fetchval(counted, "analytics_events")
    assert declared > 0
    assert await pool.fetchval(counted, "analytics_events_7d_20261123") == declared
    loose = await pool.fetch(
        "SELECT indexrelid::regclass FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " WHERE indrelid = 'analytics_events_7d_20261123'::regclass AND NOT c.relispartition"
    )
    assert loose == []


async def test_many_processes_may_make_the_same_partition_at_once(dsn: str) -> None:
    pools = [await open_pool(dsn, max_size=4) for _ in range(3)]
    await asyncio.gather(
        *(
            commit(pool, [event(id=f"{number}-{index}")])
            for number, pool in enumerate(pools)
            for index in range(4)
        )
    )
    assert await stored(pools[0]) == 12
    for pool in pools:
        await pool.close()


async def test_a_partition_is_made_while_readers_hold_the_table(pool: asyncpg.Pool) -> None:
    await commit(pool, [event(id="a")])
    async with pool.acquire() as reader, reader.transaction():
        await reader.fetchval("SELECT count(*) FROM analytics_events")
        await asyncio.wait_for(commit(pool, [event(id="b")], NOW + timedelta(days=1)), 5)
        await asyncio.wait_for(commit(pool, [event(id="c")], raw_days=3), 5)
    assert await stored(pool) == 3


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_overlapping_ids_from_many_senders_are_each_stored_once(dsn: str, seed: int) -> None:
    rng = random.Random(seed)
    pools = [await open_pool(dsn, max_size=5) for _ in range(3)]
    ids = [str(uuid.UUID(int=rng.getrandbits(128))) for _ in range(120)]
    accepted: list[int] = []
    conflicts: list[int] = []

    async def send(pool: asyncpg.Pool) -> None:
        chosen = rng.sample(ids, 40)
        events = [event(id=each, userId=rng.choice("ab")) for each in chosen]
        outcome = await commit(pool, events)
        accepted.append(len(events) - len(outcome.duplicates) - len(outcome.conflicts))
        conflicts.append(len(outcome.conflicts))

    await asyncio.gather(*(send(pool) for pool in pools for _ in range(15)))
    rows = await pools[0].fetch("SELECT id, count(*) AS n FROM analytics_events GROUP BY id")
    assert all(row["n"] == 1 for row in rows)
    assert sum(accepted) == len(rows) == await pools[0].fetchval("SELECT count(*) FROM event_ids")
    assert await pools[0].fetchval("SELECT sum(event_count) FROM pending_batches") == len(rows)
    assert sum(conflicts) > 0
    for pool in pools:
        await pool.close()
