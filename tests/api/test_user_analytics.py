"""What one user did in all, against a brute-force count, whatever became of the raw events."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.rebuild import begin, step
from db.retention import drop_raw
from db.rollups import roll_all
from domain.callers import Role
from domain.policy import may_ask
from tests.api.conftest import Api
from tests.api.demo_events import Sent, demo_events, errors, grouped, mean, numbers
from tests.reference import instant

QUERY = """query ($id: ID!) { userAnalytics(userId: $id) {
  userId totalEvents totalErrors averageResponseTimeMs firstActivity lastActivity
  totalEnrollments totalProofLocks totalQueries
  eventsByType { eventType count errors averageDurationMs firstAt lastAt } servedBy } }"""


def expected(user: str, events: Iterable[Sent]) -> dict[str, Any] | None:
    own = [each for each in events if each.get("userId") == user]
    if not own:
        return None
    by_type = grouped(own, lambda each: each["type"])
    whole = _facts(own)
    return {
        "userId": user,
        "totalEvents": whole["count"],
        "totalErrors": whole["errors"],
        "averageResponseTimeMs": whole["averageDurationMs"],
        "firstActivity": whole["firstAt"],
        "lastActivity": whole["lastAt"],
        "totalEnrollments": len(by_type.get("enrollment", [])),
        "totalProofLocks": len(by_type.get("proof_lock", [])),
        "totalQueries": len(by_type.get("query", [])),
        "eventsByType": sorted(
            ({"eventType": name, **_facts(each)} for name, each in by_type.items()),
            key=lambda each: (-each["count"], each["eventType"]),
        ),
    }


def _facts(events: list[Sent]) -> dict[str, Any]:
    times = sorted(instant(each["occurredAt"]) for each in events)
    return {
        "count": len(events),
        "errors": errors(events),
        "averageDurationMs": mean(numbers(events, "durationMs")),
        "firstAt": _shown(times[0]),
        "lastAt": _shown(times[-1]),
    }


def _shown(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


async def analytics(api: Api, user: str, role: str = "admin") -> tuple[Any, list[str]]:
    found = (await api.ask(QUERY, role, id=user)).data["userAnalytics"]
    return found, [] if found is None else found.pop("servedBy")


USERS = ("demo-user-1", "demo-user-2", "demo-user-17", "nobody")


async def check(api: Api, events: Iterable[Sent], served_by: list[str]) -> None:
    for user in USERS:
        found, source = await analytics(api, user)
        assert found == expected(user, events), user
        if found is not None and user == USERS[0]:
            assert source == served_by


async def test_totals_are_exact_in_the_tail_rolled_up_and_split_over_both(api: Api) -> None:
    sent = demo_events()
    first, second = sent[:1_500], sent[1_500:]
    await api.store(first)
    await check(api, first, ["user_totals", "tail"])
    await roll_all(api.pool, api.catalogue)
    await check(api, first, ["user_totals"])
    await api.store([*second, *first[:200]])
    await check(api, sent, ["user_totals", "tail"])
    await roll_all(api.pool, api.catalogue)
    await check(api, sent, ["user_totals"])


async def test_totals_count_for_ever(api: Api) -> None:
    sent = demo_events()
    await api.store(sent)
    await roll_all(api.pool, api.catalogue)
    assert await drop_raw(api.pool, api.now + timedelta(days=30))
    kept = await api.pool.fetch("SELECT DISTINCT event_type FROM analytics_events")
    assert [row["event_type"] for row in kept] == ["inventory"]
    await check(api, sent, ["user_totals"])


async def test_a_rebuild_counts_anew_while_events_arrive(api: Api) -> None:
    sent = demo_events()
    await api.store(sent[:1_000])
    await api.store(sent[1_000:2_000])
    await roll_all(api.pool, api.catalogue)
    await api.pool.execute("UPDATE user_totals SET count = count + 7, last_at = now()")
    await begin(api.pool, api.catalogue)
    await step(api.pool, api.catalogue, limit=1)
    await api.store(sent[2_000:])
    await roll_all(api.pool, api.catalogue)
    while await step(api.pool, api.catalogue, limit=1):
        pass
    await check(api, sent, ["user_totals"])
    assert await api.pool.fetchval("SELECT count(*) FROM user_totals_building") == 0


async def test_a_rebuild_of_some_types_leaves_the_others_and_what_lost_raw_events(
    api: Api,
) -> None:
    sent = demo_events()
    await api.store(sent)
    await roll_all(api.pool, api.catalogue)
    await drop_raw(api.pool, api.now + timedelta(days=30))
    await begin(api.pool, api.catalogue, ["query", "*"])
    while await step(api.pool, api.catalogue):
        pass
    await check(api, sent, ["user_totals"])


@pytest.mark.parametrize("role", ["business_viewer", "ops_viewer"])
async def test_a_role_sees_the_types_that_it_may_ask_about(api: Api, role: str) -> None:
    sent = demo_events()
    await api.store(sent)
    seen = [each for each in sent if may_ask(Role(role), each["type"])]
    found, _ = await analytics(api, "demo-user-1", role)
    assert found == expected("demo-user-1", seen)
    await api.store(
        [{"type": "alert", "id": "x", "occurredAt": "2026-03-09T00:00:00Z", "userId": "o"}]
    )
    found, _ = await analytics(api, "o", role)
    assert (found is None) is (role == "business_viewer")


async def test_an_id_that_no_user_can_have_is_refused(api: Api) -> None:
    answered = await api.ask(QUERY, id="u" * 501)
    assert answered.codes == ["INVALID_USER_ID"]
