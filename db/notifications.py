"""Messages on their way: composed from the outbox, claimed under a lease, settled under its token."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg

from db.alert_silences import active_silences
from db.news import news_of
from db.notification_preferences import preferences_of
from db.notification_routes import follow_up
from db.pool import Connection
from db.queries import load
from domain.composing import Destination, Plan, compose, destination, severity_of
from domain.news import News
from domain.notifications import (
    ALLOWANCES,
    LONGEST_WINDOW,
    Action,
    Decision,
    Reason,
    decide,
)
from domain.recipients import Channel, Reach

QUERIES = load("notifications")

LEASE = timedelta(seconds=30)
"""How long a worker has for one attempt; it is taken over after that. Longer than any sender takes."""

_COMPOSED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Lease:
    """A message to send now, and the token without which nothing that comes of it is written."""

    message_id: UUID
    token: UUID
    channel: Channel
    address: str
    created_at: datetime
    attempts: int
    news: tuple[News, ...]


@dataclass(frozen=True, slots=True)
class Settlement:
    """What came of an attempt. `status`: delivered, dead, or pending until `due_at`."""

    status: str
    reason: Reason
    due_at: datetime
    outcome: str
    detail: str
    provider_id: str | None


@dataclass(frozen=True, slots=True)
class Composed:
    """The channels that have new messages, and whether there is more news to look at."""

    channels: frozenset[Channel]
    left: bool


async def compose_due(pool: asyncpg.Pool, reach: Reach, now: datetime) -> Composed:
    """Make messages of the news that is due.

    Composing is done by one worker at a time; to the others there is nothing to do.
    """
    async with pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(QUERIES["lock"]):
            return Composed(frozenset(), left=False)
        await follow_up(connection, now)
        rows = await connection.fetch(QUERIES["due"], now, _COMPOSED_AT_ONCE)
        plan = await _planned(connection, [news_of(row) for row in rows], reach, now)
        await _apply(connection, plan, now)
    channels = frozenset(channel for (channel, _), _ in plan.messages)
    return Composed(channels, left=len(rows) >= _COMPOSED_AT_ONCE)


async def claim(
    pool: asyncpg.Pool,
    channel: Channel,
    now: datetime,
    limit: int,
    lease: timedelta = LEASE,
    overdue: timedelta = timedelta(0),
) -> list[Lease]:
    """Lease messages of a channel that have been due for `overdue`, with what is still to be told of each.

    What was overtaken meanwhile is suppressed; a message of nothing else is not sent.
    """
    async with pool.acquire() as connection, connection.transaction():
        rows = await connection.fetch(
            QUERIES["claim"], channel, now, limit, token := uuid4(), now + lease, overdue
        )
        if not rows:
            return []
        told = await _still_told(connection, [row["id"] for row in rows], now)
        leases = [_lease(row, token, told[row["id"]]) for row in rows]
        decided = [each for found in told.values() for each in found]
        await _suppress(connection, _with(decided, Action.SUPPRESS))
        mixed = [each for lease in leases if lease.news for each in told[lease.message_id]]
        await _hold(connection, "take_out", _with(mixed, Action.HOLD))
        for each in leases:
            if not each.news:
                await _put_back(connection, each, told[each.message_id], now)
    return [each for each in leases if each.news]


async def settle(pool: asyncpg.Pool, lease: Lease, settled: Settlement, now: datetime) -> bool:
    """Write what came of an attempt; whether the lease was still ours. In one statement."""
    ours: bool = await pool.fetchval(
        QUERIES["settle"],
        lease.message_id,
        lease.token,
        settled.status,
        settled.reason,
        settled.due_at,
        settled.outcome,
        now,
        settled.detail,
        settled.provider_id,
    )
    return ours


async def count_dead(pool: asyncpg.Pool, since: datetime, but_about: UUID) -> int:
    """Messages that were given up since then, but for those about one config alone."""
    count: int = await pool.fetchval(QUERIES["dead"], since, but_about)
    return count


async def _planned(
    connection: Connection, news: Sequence[News], reach: Reach, now: datetime
) -> Plan:
    if not news:
        return Plan()
    preferences = await preferences_of(connection, [each.recipient for each in news])
    silences = await active_silences(connection, now)
    places = {destination(each, preferences.get(each.recipient)) for each in news}
    sent = await _sent(connection, places, now)
    return compose(news, preferences, silences, sent, reach, now)


async def _sent(
    connection: Connection, places: set[Destination], now: datetime
) -> dict[Destination, list[datetime]]:
    limited = [each for each in places if each[0] in ALLOWANCES]
    rows = await connection.fetch(
        QUERIES["sent"],
        [channel for channel, _ in limited],
        [address for _, address in limited],
        now,
        now - LONGEST_WINDOW,
    )
    found: dict[Destination, list[datetime]] = defaultdict(list)
    for row in rows:
        found[Channel(row["channel"]), row["address"]].append(row["at"])
    return found


async def _apply(connection: Connection, plan: Plan, now: datetime) -> None:
    await _suppress(connection, _with(plan.decided, Action.SUPPRESS))
    await _hold(connection, "hold", _with(plan.decided, Action.HOLD))
    if plan.messages:
        await _add_messages(connection, plan, now)


async def _add_messages(connection: Connection, plan: Plan, now: datetime) -> None:
    made = [(uuid4(), place, news) for place, news in plan.messages]
    await connection.execute(
        QUERIES["add_messages"],
        [id for id, _, _ in made],
        [channel for _, (channel, _), _ in made],
        [address for _, (_, address), _ in made],
        [severity_of(news) for _, _, news in made],
        now,
    )
    joined = [(each.id, id) for id, _, news in made for each in news]
    await connection.execute(
        QUERIES["join_messages"], [row for row, _ in joined], [id for _, id in joined]
    )


async def _still_told(
    connection: Connection, ids: Sequence[UUID], now: datetime
) -> dict[UUID, list[tuple[News, Decision]]]:
    rows = await connection.fetch(QUERIES["news_of"], list(ids))
    preferences = await preferences_of(connection, {row["recipient"] for row in rows})
    silences = await active_silences(connection, now)
    found: dict[UUID, list[tuple[News, Decision]]] = {id: [] for id in ids}
    for row in rows:
        news = news_of(row)
        decision = decide(news, preferences.get(news.recipient), silences, now)
        found[row["message_id"]].append((news, decision))
    return found


def _with(decided: Sequence[tuple[News, Decision]], action: Action) -> list[tuple[News, Decision]]:
    return [each for each in decided if each[1].action is action]


def _lease(row: asyncpg.Record, token: UUID, decided: Sequence[tuple[News, Decision]]) -> Lease:
    return Lease(
        message_id=row["id"],
        token=token,
        channel=Channel(row["channel"]),
        address=row["address"],
        created_at=row["created_at"],
        attempts=row["attempts"],
        news=tuple(news for news, _ in _with(decided, Action.SEND)),
    )


async def _suppress(connection: Connection, decided: Sequence[tuple[News, Decision]]) -> None:
    if decided:
        await connection.execute(
            QUERIES["suppress"],
            [news.id for news, _ in decided],
            [decision.reason for _, decision in decided],
        )


async def _hold(connection: Connection, how: str, decided: Sequence[tuple[News, Decision]]) -> None:
    if decided:
        await connection.execute(
            QUERIES[how],
            [news.id for news, _ in decided],
            [decision.until for _, decision in decided],
            [decision.reason for _, decision in decided],
        )


async def _put_back(
    connection: Connection, lease: Lease, decided: Sequence[tuple[News, Decision]], now: datetime
) -> None:
    """Nothing to send now: later, where some of it is held; else never."""
    held = [decision for _, decision in decided if decision.until is not None]
    until = min((each.until for each in held if each.until), default=now)
    reason = (held or [decision for _, decision in decided] or [_GONE])[0].reason
    status = "pending" if held else "suppressed"
    await connection.execute(
        QUERIES["put_back"], lease.message_id, lease.token, status, until, reason, now
    )


_GONE = Decision(Action.SUPPRESS, Reason.STALE)
