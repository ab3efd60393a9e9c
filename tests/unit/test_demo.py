"""The demo's events: all kinds, the same every time, and consistent in themselves."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta

from domain.builtin import BUILTIN
from domain.catalogue import catalogue_of
from domain.demo import Demo, day_events
from domain.event_wire import Wire
from domain.events import Arrival, EventRules, parse_all

NOW = datetime(2026, 3, 10, 12, 7, tzinfo=UTC)
DAY = date(2026, 3, 9)


def test_a_day_is_the_same_whenever_it_is_made_and_another_with_another_seed() -> None:
    assert day_events(DAY, 1, 500) == day_events(DAY, 1, 500)
    ids = {wire.id for wire in day_events(DAY, 1, 500)}
    assert not ids & {wire.id for wire in day_events(DAY, 2, 500)}


def test_every_built_in_type_is_there_and_the_catalogue_takes_every_event() -> None:
    catalogue = catalogue_of(BUILTIN)
    wires = [wire for batch in Demo(NOW, days=10, events=20_000).batches() for wire in batch]
    arrival = Arrival(NOW, "test", str, timedelta(0))
    events, _, rejected = parse_all(wires, EventRules.of(catalogue), arrival)
    assert not rejected
    assert {event.event_type for event in events} == set(catalogue.recordable)
    assert len({event.id for event in events}) == len(events)
    assert 0.85 < len(events) / 20_000 < 1.15


def test_nothing_is_after_now_and_everything_says_that_it_is_demo() -> None:
    for wire in (wire for batch in Demo(NOW, days=2, events=2_000).batches() for wire in batch):
        assert wire.occurred_at <= NOW
        assert wire.source is not None and wire.source.startswith("demo-")
        assert wire.properties is not None and wire.properties["demo"] is True


def test_whoever_orders_saw_the_product_the_cart_and_the_checkout_before() -> None:
    sessions: dict[str, list[Wire]] = defaultdict(list)
    for wire in day_events(DAY, 1, 5_000):
        if wire.session_id is not None:
            sessions[wire.session_id].append(wire)
    ordered = [wires for wires in sessions.values() if any(w.type == "order" for w in wires)]
    assert ordered
    for wires in ordered:
        order = next(wire for wire in wires if wire.type == "order")
        product = (order.properties or {})["product"]
        paths = {
            (wire.properties or {})["path"]
            for wire in wires
            if wire.type == "page_view" and wire.occurred_at <= order.occurred_at
        }
        assert {"/", f"/products/{product}", "/cart", "/checkout"} <= paths
        assert {wire.user_id for wire in wires} == {order.user_id}


def test_some_users_are_far_busier_than_most() -> None:
    visits = Counter(wire.user_id for wire in day_events(DAY, 1, 5_000) if wire.user_id)
    counts = sorted(visits.values(), reverse=True)
    assert counts[0] > 10 * counts[len(counts) // 2]
