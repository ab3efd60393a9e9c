"""Totals of users over random histories: whatever is merged, dropped and rebuilt when, they are exact."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Context, Decimal
from functools import reduce
from random import Random

import asyncpg
import pytest

from db.user_totals import user_totals
from domain.catalogue import ALL_EVENTS
from domain.user_totals import TypeTotals
from tests.histories import CATALOGUE, Event
from tests.reference import instant, is_error
from tests.world import WORK, World

STEPS = 14
EXACT = Context(prec=200)


def expected(events: Iterable[Event]) -> dict[str, dict[str, TypeTotals]]:
    """By user, then by type."""
    found: dict[tuple[str, str], list[Event]] = {}
    for each in events:
        if each.get("userId") is not None:
            found.setdefault((each["userId"], each["type"]), []).append(each)
    by_user: dict[str, dict[str, TypeTotals]] = {}
    for (user, kind), own in found.items():
        by_user.setdefault(user, {})[kind] = _totals(kind, own)
    return by_user


def _totals(kind: str, events: list[Event]) -> TypeTotals:
    durations = [Decimal(str(e["durationMs"])) for e in events if e.get("durationMs") is not None]
    times = [instant(each["occurredAt"]) for each in events]
    return TypeTotals(
        kind,
        len(events),
        sum(map(is_error, events)),
        len(durations),
        reduce(EXACT.add, durations, Decimal(0)),
        min(times),
        max(times),
    )


@pytest.mark.parametrize("seed", range(6))
async def test_every_user_has_exact_totals_after_every_step(pool: asyncpg.Pool, seed: int) -> None:
    random = Random(seed)
    world = World(pool, random, datetime(2026, 3, 10, 12, 7, tzinfo=UTC))
    await world.open()
    types = [name for name in CATALOGUE.types if name != ALL_EVENTS]
    for _ in range(STEPS):
        await world.do(random.choice(WORK))
        known = expected(world.known.values())
        for user in random.sample(sorted(known), min(4, len(known))):
            found = await user_totals(pool, user, types)
            assert found is not None
            assert {each.event_type: each for each in found.by_type} == known[user]
    await world.settle()
    for user, own in expected(world.known.values()).items():
        found = await user_totals(pool, user, types)
        assert found is not None and found.served_by == ("user_totals",)
        assert {each.event_type: each for each in found.by_type} == own
