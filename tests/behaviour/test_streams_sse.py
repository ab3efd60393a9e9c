"""GraphQL over server-sent events on a real socket, and a browser's EventSource."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from redis.asyncio import Redis

from db.keys import revoke_key
from domain.streams import StreamLimits
from tests.streaming import EVENTS, PATIENCE, Served, new_key, serving, streaming

BOTH = "text/event-stream, application/json"


@pytest.fixture
async def served(dsn: str, redis_url: str, redis: Redis) -> AsyncIterator[Served]:
    async with serving(dsn, redis_url) as running:
        yield running


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_rows_since_the_cursor_come_first_and_then_those_that_happen(
    served: Served, method: str
) -> None:
    first = await served.happen("first")
    second = await served.happen("second")
    async with streaming(served, token=served.token(), method=method, after=str(first)) as events:
        assert events.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        sent = await anext(events)
        assert (sent.event, sent.id) == ("next", str(second))
        assert sent.json["data"]["alertEvents"] == {"cursor": str(second), "reason": "second"}
        third = await served.happen("third")
        assert (await anext(events)).id == str(third)


async def test_without_a_cursor_a_stream_begins_when_it_is_opened(served: Served) -> None:
    await served.happen("before")
    async with streaming(served, token=served.token()) as events:
        await served.happen("after")
        assert (await events.data())["alertEvents"]["reason"] == "after"


async def test_a_stream_that_is_cut_before_anything_happens_is_resumed_without_a_gap(
    served: Served,
) -> None:
    before = await served.happen("before")
    async with streaming(served, token=served.token()) as events:
        async for line in events.response.aiter_lines():
            if line.startswith("id: "):
                break
        assert line == f"id: {before}"
    await served.happen("meanwhile")
    headers = {"Last-Event-ID": line.removeprefix("id: ")}
    async with streaming(served, token=served.token(), headers=headers) as events:
        assert (await events.data())["alertEvents"]["reason"] == "meanwhile"


async def test_the_last_event_id_goes_before_the_cursor_of_the_address(served: Served) -> None:
    first = await served.happen("first")
    await served.happen("second")
    headers = {"Last-Event-ID": str(first)}
    async with streaming(
        served, token=served.token(), method="GET", headers=headers, after="0"
    ) as events:
        assert (await events.data())["alertEvents"]["reason"] == "second"


async def test_an_event_source_gives_its_token_in_the_address(served: Served) -> None:
    await served.happen("first")
    params = {"access_token": served.token()}
    async with streaming(served, method="GET", params=params, after="0") as events:
        assert (await events.data())["alertEvents"]["reason"] == "first"


async def test_a_key_in_the_address_is_refused(served: Served) -> None:
    secret, _ = await new_key(served.pool)
    async with streaming(served, method="GET", params={"access_token": secret}) as events:
        assert events.response.status_code == 401


@pytest.mark.parametrize("token", [None, "no.such.token"])
async def test_a_stream_without_a_valid_token_is_a_401(served: Served, token: str | None) -> None:
    async with streaming(served, token=token) as events:
        assert events.response.status_code == 401


async def test_queries_are_answered_as_streams_of_one(served: Served) -> None:
    async with streaming(served, "{ viewer { subject } }", served.token()) as events:
        assert await events.data() == {"viewer": {"subject": "ada"}}
        assert (await anext(events)).event == "complete"


async def test_who_accepts_json_too_is_sent_a_stream_for_a_subscription_alone(
    served: Served,
) -> None:
    headers = {"Accept": BOTH}
    await served.happen("first")
    for query, kind in (
        ("{ viewer { subject } }", "application/json"),
        (EVENTS, "text/event-stream"),
    ):
        async with streaming(served, query, served.token(), headers=headers, after="0") as events:
            assert events.response.headers["content-type"].partition(";")[0] == kind


async def test_a_mutation_is_not_answered_by_get(served: Served) -> None:
    query = "mutation { aggregate(input: {}) { batches } }"
    async with streaming(served, query, served.token(), method="GET") as events:
        assert events.response.status_code >= 400


async def test_what_is_not_valid_is_a_stream_of_its_errors(served: Served) -> None:
    async with streaming(served, "subscription { nothing }", served.token()) as events:
        assert await events.codes() == ["GRAPHQL_VALIDATION_FAILED"]
        assert (await anext(events)).event == "complete"


async def test_a_page_of_another_site_is_refused(served: Served) -> None:
    headers = {"Origin": "https://evil.example"}
    async with streaming(served, token=served.token(), headers=headers) as events:
        assert events.response.status_code == 403


async def test_a_token_that_expires_ends_the_stream_with_its_error(served: Served) -> None:
    async with streaming(served, token=served.token(ttl=2)) as events:
        assert await events.codes() == ["TOKEN_EXPIRED"]
        assert (await anext(events)).event == "complete"
        with pytest.raises(StopAsyncIteration):
            await anext(events)


async def test_a_key_that_is_revoked_ends_the_stream_with_its_error(served: Served) -> None:
    secret, key = await new_key(served.pool)
    async with streaming(served, headers={"X-API-Key": secret}) as events:
        await revoke_key(served.pool, key.id, by="ada")
        assert await events.codes() == ["KEY_INVALID"]
        assert (await anext(events)).event == "complete"


async def test_streams_of_a_caller_are_limited(dsn: str, redis_url: str) -> None:
    async with (
        serving(dsn, redis_url, StreamLimits(per_caller=1)) as served,
        streaming(served, token=served.token()),
    ):
        async with streaming(served, token=served.token()) as second:
            assert second.response.status_code == 429
        async with streaming(served, token=served.token(subject="bob")) as other:
            assert other.response.status_code == 200


async def test_a_quiet_stream_shows_signs_of_life(dsn: str, redis_url: str) -> None:
    async with (
        serving(dsn, redis_url, StreamLimits(keepalive_seconds=0.05)) as served,
        streaming(served, token=served.token()) as events,
        asyncio.timeout(PATIENCE),
    ):
        comments = 0
        async for line in events.response.aiter_lines():
            comments += line == ":"
            if comments == 3:
                return


async def test_a_client_that_reads_nothing_is_dropped(dsn: str, redis_url: str) -> None:
    async with serving(dsn, redis_url, StreamLimits(send_seconds=0.3)) as served:
        for _ in range(12):
            await served.happen("x" * 1_000_000)
        async with streaming(served, token=served.token(), after="0"):
            await served.ended_streams()
        await served.quiet()


async def test_a_client_that_leaves_gives_its_place_up(dsn: str, redis_url: str) -> None:
    async with serving(dsn, redis_url, StreamLimits(per_caller=1)) as served:
        for _ in range(5):
            async with streaming(served, token=served.token()) as events:
                assert events.response.status_code == 200
            await served.ended_streams()


async def test_a_server_that_stops_ends_its_streams_at_once(
    dsn: str, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        serving(dsn, redis_url) as served,
        streaming(served, token=served.token()) as events,
    ):
        served.server.should_exit = True
        with pytest.raises(httpx.RemoteProtocolError):
            await anext(events)
        await served.ended_streams()
    assert "timeout graceful shutdown exceeded" not in caplog.text


async def test_a_post_that_wants_no_stream_is_told_how_to_get_one(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.url) as client:
        answer = await client.post(
            "/graphql",
            json={"query": EVENTS},
            headers={"Authorization": f"Bearer {served.token()}"},
        )
    assert "text/event-stream" in answer.json()["errors"][0]["message"]
