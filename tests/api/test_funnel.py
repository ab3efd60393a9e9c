"""Funnels over HTTP: in order, within the window, by user or session, exact or bounded."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from db.funnel import followed
from db.rollups import roll_all
from domain.funnels import Actor, FunnelRead, Step
from tests.api.conftest import Api
from tests.api.demo_events import RANGE, Sent, demo_events
from tests.reference import instant

SHOP = ("page_view", "add_to_cart", "checkout_start", "order")
START = datetime(2026, 3, 9, tzinfo=UTC)
END = START + timedelta(days=1)


def reached(
    events: Iterable[Sent], steps: Sequence[str], actor: str, window: timedelta
) -> list[int]:
    """Every chain of every actor, tried one by one."""
    walks: dict[str, list[tuple[datetime, int]]] = {}
    for event in events:
        at = instant(event["occurredAt"])
        if START <= at < END and event["type"] in steps and event.get(actor):
            walks.setdefault(event[actor], []).append((at, steps.index(event["type"])))
    depths = [furthest(sorted(walk), window) for walk in walks.values()]
    return [sum(depth > step for depth in depths) for step in range(len(steps))]


def furthest(walk: Sequence[tuple[datetime, int]], window: timedelta) -> int:
    depth = 0
    for begin, (start, step) in enumerate(walk):
        if step == 0:
            wanted = 1
            for at, taken in walk[begin + 1 :]:
                if taken == wanted and at - start <= window:
                    wanted += 1
            depth = max(depth, wanted)
    return depth


def event(kind: str, at: str, user: str | None = "u1", **more: Any) -> Sent:
    return {
        "id": f"{kind} {at} {user} {more}",
        "type": kind,
        "occurredAt": f"2026-03-09T{at}Z",
        "userId": user,
        **more,
    }


async def counts(api: Api, arguments: str = "") -> list[int]:
    answered = await api.ask(
        f"{{ business(range: {RANGE}) {{ funnel{arguments} {{ exact steps {{ count }} }} }} }}"
    )
    found = answered.data["business"]["funnel"]
    assert found["exact"] is True
    return [each["count"] for each in found["steps"]]


@pytest.mark.parametrize(
    ("walk", "expected"),
    [
        (["page_view", "add_to_cart", "checkout_start", "order"], [1, 1, 1, 1]),
        (["order", "checkout_start", "add_to_cart", "page_view"], [1, 0, 0, 0]),
        (["add_to_cart", "page_view", "checkout_start", "order"], [1, 0, 0, 0]),
        (["page_view", "page_view", "add_to_cart", "page_view", "checkout_start"], [1, 1, 1, 0]),
        (["checkout_start", "order"], [0, 0, 0, 0]),
    ],
)
async def test_steps_count_in_their_order_alone(
    api: Api, walk: list[str], expected: list[int]
) -> None:
    await api.store(event(kind, f"10:{at:02}:00") for at, kind in enumerate(walk))
    assert await counts(api) == expected


async def test_the_window_runs_from_the_first_step_and_a_later_start_may_save_it(api: Api) -> None:
    await api.store(
        [
            event("page_view", "08:00:00"),
            event("add_to_cart", "08:30:00"),
            event("page_view", "09:30:00"),
            event("add_to_cart", "09:40:00"),
            event("checkout_start", "10:30:00"),
        ]
    )
    assert await counts(api, '(window: "PT1H")') == [1, 1, 1, 0]
    assert await counts(api, '(window: "PT59M")') == [1, 1, 0, 0]
    assert await counts(api, '(window: "PT5M")') == [1, 0, 0, 0]


async def test_steps_of_one_instant_count_in_order_and_one_event_is_one_step(api: Api) -> None:
    await api.store([event(kind, "10:00:00") for kind in reversed(SHOP)])
    assert await counts(api) == [1, 1, 1, 1]
    twice = '(steps: [{ eventType: "page_view" }, { eventType: "page_view" }])'
    assert await counts(api, twice) == [1, 0]
    await api.store([event("page_view", "10:00:01")])
    assert await counts(api, twice) == [1, 1]


async def test_sessions_are_followed_apart_and_events_without_one_not_at_all(api: Api) -> None:
    await api.store(
        [
            event("page_view", "10:00:00", sessionId="a"),
            event("add_to_cart", "10:01:00", sessionId="b"),
            event("page_view", "10:02:00", None, sessionId="c"),
            event("add_to_cart", "10:03:00", None, sessionId="c"),
            event("page_view", "10:04:00", None),
        ]
    )
    assert await counts(api) == [1, 1, 0, 0]
    assert await counts(api, "(by: SESSION)") == [2, 1, 0, 0]


async def test_a_cancelled_order_completes_nothing_and_filters_narrow_steps(api: Api) -> None:
    walk = [event(kind, f"10:{at:02}:00") for at, kind in enumerate(SHOP[:3])]
    await api.store([*walk, event("order", "10:30:00", properties={"status": "cancelled"})])
    assert await counts(api) == [1, 1, 1, 0]
    any_order = """(steps: [{ eventType: "page_view", name: "seen" },
        { eventType: "order", filter: { dimension: "status", eq: "cancelled" } }])"""
    assert await counts(api, any_order) == [1, 1]
    answered = await api.ask(
        f"""{{ business(range: {RANGE}, filter: {{ dimension: "country", eq: "Chile" }}) {{
            funnel {{ steps {{ count }} }} }} }}"""
    )
    assert [each["count"] for each in answered.data["business"]["funnel"]["steps"]] == [0] * 4


@pytest.mark.parametrize(("by", "actor"), [("USER", "userId"), ("SESSION", "sessionId")])
async def test_the_demo_agrees_with_every_chain_tried_one_by_one(
    api: Api, by: str, actor: str
) -> None:
    sent = [each for each in demo_events(3, 12_000) if each["type"] in SHOP]
    await api.store(sent)
    kept = [each for each in sent if each["properties"].get("status") != "refunded"]
    for text, window in (("PT24H", timedelta(hours=24)), ("PT2M", timedelta(minutes=2))):
        answered = await api.ask(
            f"""{{ business(range: {RANGE}) {{ funnel(by: {by}, window: "{text}") {{
                exact window steps {{ name count lower upper rate rateOfPrevious dropOff }}
                meta {{ servedBy warnings {{ code }} }} }} }} }}"""
        )
        found = answered.data["business"]["funnel"]
        expected = reached(kept, SHOP, actor, window)
        assert expected[0] > expected[1] > expected[2] > 0
        assert [each["count"] for each in found["steps"]] == expected
        assert found["steps"][1] == {
            "name": "cart",
            "count": expected[1],
            "lower": expected[1],
            "upper": expected[1],
            "rate": expected[1] / expected[0],
            "rateOfPrevious": expected[1] / expected[0],
            "dropOff": expected[0] - expected[1],
        }
        assert found["meta"] == {"servedBy": ["raw"], "warnings": []}
        assert found["window"] == text


async def test_random_walks_agree_with_every_chain_tried_one_by_one(api: Api) -> None:
    random = Random(7)
    walks = [
        event(
            random.choice(SHOP),
            f"10:{random.randrange(40):02}:{random.choice((0, 30)):02}",
            f"u{random.randrange(60)}",
            sessionId=f"s{random.randrange(90)}",
            correlationId=str(number),
        )
        for number in range(1_500)
    ]
    await api.store(walks)
    steps = tuple(Step(kind, kind) for kind in SHOP)
    for minutes in (1, 3, 8, 60):
        for actor, name in ((Actor.USER, "userId"), (Actor.SESSION, "sessionId")):
            window = timedelta(minutes=minutes)
            found = await followed(
                api.pool, api.catalogue, FunnelRead(steps, START, END, actor, window)
            )
            assert found is not None
            assert list(found.counts) == reached(walks, SHOP, name, window)


async def test_beyond_raw_events_each_step_is_an_upper_bound(api: Api) -> None:
    sent = [each for each in demo_events(3, 12_000) if each["type"] in SHOP]
    await api.store(sent)
    await roll_all(api.pool, api.catalogue)
    await api.pool.execute(
        "INSERT INTO raw_gaps VALUES ('page_view', '2026-03-09T12:00:00Z', now())"
    )
    await api.pool.execute("UPDATE rollup_state SET version = version + 1")
    kept = [each for each in sent if each["properties"].get("status") != "refunded"]
    for by, actor in (("USER", "userId"), ("SESSION", "sessionId")):
        answered = await api.ask(
            f"""{{ business(range: {RANGE}) {{ funnel(by: {by}) {{
                exact steps {{ count lower upper rate dropOff }}
                meta {{ servedBy warnings {{ code }} }} }} }} }}"""
        )
        found = answered.data["business"]["funnel"]
        assert found["exact"] is False
        assert "FUNNEL_BOUNDED" in [each["code"] for each in found["meta"]["warnings"]]
        assert "rollup:quarter_hour" in found["meta"]["servedBy"]
        truth = reached(kept, SHOP, actor, timedelta(days=1))
        uppers = [each["upper"] for each in found["steps"]]
        assert uppers == sorted(uppers, reverse=True)
        for step, true in zip(found["steps"], truth, strict=True):
            assert step["lower"] <= true <= step["upper"] == step["count"]
        assert found["steps"][2]["rate"] is None and found["steps"][2]["dropOff"] is None


async def test_more_events_than_are_followed_are_not_followed(api: Api) -> None:
    await api.store(event("page_view", f"10:00:{at:02}") for at in range(11))
    steps = (Step("a", "page_view"), Step("b", "order"))
    read = FunnelRead(steps, START, END, Actor.USER, timedelta(days=1))
    assert await followed(api.pool, api.catalogue, read, most_events=10) is None
    found = await followed(api.pool, api.catalogue, read, most_events=11)
    assert found is not None and found.counts == (1, 0)


async def test_a_funnel_takes_one_statement_and_only_types_that_the_role_may_see(api: Api) -> None:
    await api.store([event("page_view", "10:00:00")])
    await counts(api)
    api.statements.clear()
    await counts(api)
    assert len(api.statements) == 1
    steps = '[{ eventType: "page_view" }, { eventType: "ml_job" }]'
    answered = await api.ask(
        f"{{ business(range: {RANGE}) {{ funnel(steps: {steps}) {{ exact }} }} }}",
        role="business_viewer",
    )
    assert answered.codes == ["FORBIDDEN"]
    assert answered.body["data"] == {"business": {"funnel": None}}
