"""Each role follows its own subscriptions and no other, over both transports."""

import pytest
from redis.asyncio import Redis

from domain.callers import Role
from domain.policy import FIELDS
from tests.streaming import Served, serving, streaming, talking

SUBSCRIPTIONS = {
    "alertEvents": 'subscription { alertEvents(after: "0") { cursor } }',
    "notificationReceived": 'subscription { notificationReceived(after: "0") { id } }',
    "summaryUpdates": 'subscription { summaryUpdates(range: {last: "PT1H"}) { totalEvents } }',
}
MAY = {
    Role.ADMIN: {"alertEvents", "notificationReceived", "summaryUpdates"},
    Role.OPS_VIEWER: {"alertEvents", "notificationReceived", "summaryUpdates"},
    Role.BUSINESS_VIEWER: {"summaryUpdates"},
    Role.AGGREGATE_VIEWER: set[str](),
    Role.INGEST: set[str](),
}


def test_the_matrix_covers_every_subscription_and_role() -> None:
    assert {f"Subscription.{name}" for name in SUBSCRIPTIONS} == {
        name for name in FIELDS if name.startswith("Subscription.")
    }
    assert set(MAY) == set(Role)


@pytest.mark.parametrize("transport", ["websocket", "event stream"])
async def test_each_role_follows_its_own_subscriptions_and_no_other(
    dsn: str, redis_url: str, redis: Redis, transport: str
) -> None:
    first = over_websocket if transport == "websocket" else over_event_stream
    async with serving(dsn, redis_url) as served:
        await served.happen("first", notice="send")
        seen = {
            (role, name): await first(served, query, role)
            for role in Role
            for name, query in SUBSCRIPTIONS.items()
        }
    assert seen == {
        (role, name): "followed" if name in MAY[role] else "FORBIDDEN"
        for role in Role
        for name in SUBSCRIPTIONS
    }


async def over_websocket(served: Served, query: str, role: Role) -> str:
    """The code of the error that a subscription is refused with, or that it is followed."""
    async with talking(served, served.token(role)) as talk:
        await talk.subscribe(query)
        message = await talk.receive()
    if message["type"] == "next":
        assert "errors" not in message["payload"]
        return "followed"
    code: str = message["payload"][0]["extensions"]["code"]
    return code


async def over_event_stream(served: Served, query: str, role: Role) -> str:
    async with streaming(served, query, served.token(role)) as events:
        body = (await anext(events)).json
    if "errors" not in body:
        return "followed"
    code: str = body["errors"][0]["extensions"]["code"]
    return code
