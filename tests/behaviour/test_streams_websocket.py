"""graphql-transport-ws on a real socket: the protocol, who may speak it, and when it ends."""

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime

import httpx
import pytest
from redis.asyncio import Redis
from websockets.exceptions import ConnectionClosed, InvalidStatus

from db.keys import revoke_key
from domain.alerts import Severity
from domain.streams import StreamLimits
from tests.streaming import EVENTS, Served, Talk, new_key, serving, talking


@pytest.fixture
async def served(dsn: str, redis_url: str, redis: Redis) -> AsyncIterator[Served]:
    async with serving(dsn, redis_url) as running:
        yield running


async def test_rows_since_the_cursor_come_first_and_then_those_that_happen(served: Served) -> None:
    first = await served.happen("first")
    await served.happen("second")
    async with talking(served, served.token()) as talk:
        await talk.subscribe(after=str(first))
        assert (await talk.next())["alertEvents"]["reason"] == "second"
        await served.happen("third")
        assert (await talk.next())["alertEvents"]["reason"] == "third"


async def test_only_the_severities_and_configs_that_were_asked_for(served: Served) -> None:
    wanted = uuid.uuid4()
    query = """subscription ($severities: [Severity!], $configIds: [ID!]) {
      alertEvents(after: "0", severities: $severities, configIds: $configIds) { reason } }"""
    async with talking(served, served.token()) as talk:
        await talk.subscribe(query, severities=["CRITICAL"], configIds=[str(wanted)])
        for rounds in ("kept", "live"):
            await served.happen("other config", severity=Severity.CRITICAL)
            await served.happen("other severity", config_id=wanted)
            await served.happen(rounds, severity=Severity.CRITICAL, config_id=wanted)
            assert (await talk.next())["alertEvents"]["reason"] == rounds


async def test_queries_are_answered_as_streams_of_one(served: Served) -> None:
    async with talking(served, served.token(subject="eve")) as talk:
        await talk.subscribe("{ viewer { subject } }")
        assert await talk.next() == {"viewer": {"subject": "eve"}}
        assert await talk.receive() == {"id": "1", "type": "complete"}


async def test_an_operation_that_was_completed_frees_its_id(served: Served) -> None:
    await served.happen("one")
    async with talking(served, served.token()) as talk:
        for _ in range(2):
            await talk.subscribe(after="0")
            await talk.next()
            await talk.send(type="complete", id="1")


async def test_a_ping_is_answered_with_its_payload(served: Served) -> None:
    async with talking(served) as talk:
        await talk.send(type="ping", payload={"n": 1})
        assert await talk.receive() == {"type": "pong", "payload": {"n": 1}}
        await talk.send(type="pong")
        await talk.send(type="ping")
        assert await talk.receive() == {"type": "pong"}


@pytest.mark.parametrize(
    "message",
    [
        "no json",
        "[1]",
        '{"type": "unknown"}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ viewer { subject } }"}}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "complete"}',
        '{"type": "connection_init", "payload": []}',
        b"\x00\x01",
    ],
)
async def test_what_is_no_message_of_the_protocol_closes_with_4400(
    served: Served, message: str | bytes
) -> None:
    async with talking(served) as talk:
        await talk.connection.send(message)
        assert (await talk.closed())[0] == 4400


async def test_subscribing_before_the_connection_is_initialised_closes_with_4401(
    served: Served,
) -> None:
    async with talking(served) as talk:
        await talk.subscribe()
        assert await talk.closed() == (4401, "Unauthorized")


@pytest.mark.parametrize("payload", [None, {}, {"Authorization": "Bearer no.such.token"}])
async def test_a_connection_without_a_valid_token_closes_with_4403(
    served: Served, payload: dict[str, str] | None
) -> None:
    async with talking(served) as talk:
        await talk.send(type="connection_init", payload=payload)
        code, reason = await talk.closed()
        assert code == 4403
        assert reason is not None
        assert reason.partition(":")[0] in ("UNAUTHENTICATED", "TOKEN_INVALID")


async def test_another_subprotocol_closes_with_4406(served: Served) -> None:
    async with talking(served, subprotocols=None) as talk:
        assert (await talk.closed())[0] == 4406


async def test_a_second_initialisation_closes_with_4429(served: Served) -> None:
    async with talking(served, served.token()) as talk:
        await talk.send(type="connection_init", payload={})
        assert (await talk.closed())[0] == 4429


async def test_an_id_that_is_in_use_closes_with_4409(served: Served) -> None:
    async with talking(served, served.token()) as talk:
        await talk.subscribe()
        await talk.subscribe()
        assert await talk.closed() == (4409, "Subscriber for 1 already exists")


async def test_a_connection_that_is_never_initialised_closes_with_4408(
    dsn: str, redis_url: str
) -> None:
    async with (
        serving(dsn, redis_url, StreamLimits(init_seconds=0.05)) as served,
        talking(served) as talk,
    ):
        assert (await talk.closed())[0] == 4408


async def test_a_message_that_is_too_large_closes_with_1009(served: Served) -> None:
    async with talking(served, served.token()) as talk:
        await talk.subscribe("#" + "x" * 1_000_001)
        assert (await talk.closed())[0] == 1009


async def test_operations_of_a_connection_and_streams_of_a_caller_are_limited(
    dsn: str, redis_url: str
) -> None:
    limits = StreamLimits(per_connection=3, per_caller=4)
    async with (
        serving(dsn, redis_url, limits) as served,
        talking(served, served.token()) as one,
        talking(served, served.token()) as other,
    ):
        await served.happen("first")
        for id in "123":
            await one.subscribe(id=id, after="0")
            await one.next(id)
        await one.subscribe(id="4")
        assert await refused(one, "4") == "TOO_MANY_SUBSCRIPTIONS"
        await other.subscribe(id="1", after="0")
        await other.next("1")
        await other.subscribe(id="2")
        assert await refused(other, "2") == "TOO_MANY_SUBSCRIPTIONS"
        async with talking(served, served.token(subject="bob")) as bob:
            await bob.subscribe(after="0")
            await bob.next()


async def test_connections_of_a_caller_are_limited(dsn: str, redis_url: str) -> None:
    async with (
        serving(dsn, redis_url, StreamLimits(per_caller=1)) as served,
        talking(served, served.token()),
        talking(served) as second,
    ):
        authorization = f"Bearer {served.token()}"
        await second.send(type="connection_init", payload={"Authorization": authorization})
        code, reason = await second.closed()
        assert (code, str(reason).partition(":")[0]) == (1013, "TOO_MANY_SUBSCRIPTIONS")
        async with talking(served, served.token(subject="bob")):
            pass


async def test_connections_of_a_process_are_limited(dsn: str, redis_url: str) -> None:
    async with serving(dsn, redis_url, StreamLimits(per_process=1)) as served:
        async with talking(served):
            with pytest.raises(InvalidStatus) as refusal:
                async with talking(served):
                    pass
            assert refusal.value.response.status_code == 429
        await served.quiet()
        async with talking(served):
            pass


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://evil.example", False),
        ("null", False),
        ("https://shop.example", True),
        ("http://127.0.0.1:{port}", True),
        (None, True),
    ],
)
async def test_pages_of_other_sites_are_refused(
    dsn: str, redis_url: str, origin: str | None, allowed: bool
) -> None:
    async with serving(dsn, redis_url, cors_origins=("https://shop.example",)) as served:
        sent = None if origin is None else origin.format(port=served.port)
        if allowed:
            async with talking(served, served.token(), origin=sent):
                return
        with pytest.raises(InvalidStatus) as refusal:
            async with talking(served, origin=sent):
                pass
        assert refusal.value.response.status_code == 403
        body = json.loads(refusal.value.response.body or b"")
        assert body["errors"][0]["extensions"]["code"] == "FOREIGN_ORIGIN"


async def test_a_token_that_expires_closes_with_4403(served: Served) -> None:
    await served.happen("first")
    async with talking(served, served.token(ttl=2)) as talk:
        await talk.subscribe(after="0")
        await talk.next()
        assert await talk.closed() == (4403, "TOKEN_EXPIRED: The token has expired.")


async def test_a_key_that_is_revoked_closes_with_4403(served: Served) -> None:
    await served.happen("first")
    secret, key = await new_key(served.pool)
    async with talking(served) as talk:
        await talk.init({"X-API-Key": secret})
        await talk.subscribe(after="0")
        await talk.next()
        await revoke_key(served.pool, key.id, by="ada")
        assert await talk.closed() == (4403, "KEY_INVALID: The API key is not valid.")


async def test_a_client_that_reads_nothing_is_dropped(dsn: str, redis_url: str) -> None:
    limits = StreamLimits(send_seconds=0.3)
    async with (
        serving(dsn, redis_url, limits) as served,
        talking(served, served.token(), max_queue=1) as talk,
    ):
        for _ in range(12):
            await served.happen("x" * 1_000_000)
        await talk.subscribe(after="0")
        await served.ended_streams()
        read = 0
        with suppress(ConnectionClosed):
            while True:
                await talk.receive()
                read += 1
        assert read < 12
        # The reason arrives where the client reads on in time; where it does not, the log has it.
        assert talk.connection.close_code in (1013, 1006)
        await served.quiet()


async def test_a_subscription_costs_points(dsn: str, redis_url: str) -> None:
    settings = {"rate_limit_capacity": 100, "rate_limit_per_second": 0.001}
    async with (
        serving(dsn, redis_url, **settings) as served,
        talking(served, served.token()) as talk,
    ):
        await served.happen("first")
        codes = []
        for number in range(100):
            await talk.subscribe(id=str(number), after="0")
            message = await talk.receive()
            if message["type"] == "error":
                codes.append(message["payload"][0]["extensions"]["code"])
                break
        assert codes == ["RATE_LIMITED"]


async def test_answers_are_pushed_when_data_changes(served: Served) -> None:
    query = 'subscription { summaryUpdates(range: {last: "PT1H"}) { totalEvents } }'
    async with talking(served, served.token()) as talk:
        await talk.subscribe(query)
        assert await talk.next() == {"summaryUpdates": {"totalEvents": 0}}
        event = {"type": "order", "occurredAt": datetime.now(UTC).isoformat()}
        headers = {"Authorization": f"Bearer {served.token()}"}
        async with httpx.AsyncClient() as client:
            await client.post(f"{served.url}/v1/events", json=[event], headers=headers)
        while (await talk.next())["summaryUpdates"]["totalEvents"] == 0:
            pass


async def test_pushed_answers_compute_what_variables_name(served: Served) -> None:
    query = """subscription ($of: String!, $q: Float!, $no: Boolean!) {
      summaryUpdates(range: {last: "PT1H"}) {
        totals { quantile(of: $of, q: $q) sum(of: $of) @include(if: $no) }
      }
    }"""
    async with talking(served, served.token()) as talk:
        await talk.subscribe(query, of="durationMs", q=0.5, no=False)
        assert await talk.next() == {"summaryUpdates": {"totals": {"quantile": None}}}


async def test_a_cursor_of_another_database_is_refused(served: Served) -> None:
    async with talking(served, served.token()) as talk:
        for id, cursor in enumerate(("no cursor", "-1", "77", "9" * 30)):
            await talk.subscribe(id=str(id), after=cursor)
            assert await refused(talk, str(id)) == "INVALID_CURSOR"


async def test_operations_that_are_not_valid_are_refused_and_the_connection_stands(
    served: Served,
) -> None:
    async with talking(served, served.token()) as talk:
        await talk.subscribe("subscription { nothing }", id="1")
        assert await refused(talk, "1") == "GRAPHQL_VALIDATION_FAILED"
        await talk.subscribe(EVENTS, id="2", after=5)
        assert await refused(talk, "2") == "GRAPHQL_VALIDATION_FAILED"
        await talk.subscribe("{ viewer { subject } }", id="3")
        assert await talk.next("3") == {"viewer": {"subject": "ada"}}


async def test_other_paths_speak_no_websocket(served: Served) -> None:
    with pytest.raises(InvalidStatus):
        async with talking(served, path="/elsewhere"):
            pass


async def refused(talk: Talk, id: str) -> str:
    """The code of the error that an operation ends with."""
    while (message := await talk.receive())["type"] == "next":
        pass
    assert (message["type"], message["id"]) == ("error", id), message
    code: str = message["payload"][0]["extensions"]["code"]
    return code
