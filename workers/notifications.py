"""Deliveries: news becomes messages, messages are sent under a lease, what comes of it is written down."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import random

import asyncpg
import structlog
from redis.asyncio import Redis

from channels.receipts import Outcome, Receipt, Sender, refused, unknown
from db.doorbell import ring
from db.ending import end_if_cancelled
from db.internal_alerts import UNDELIVERED, observe
from db.notifications import LEASE, Lease, Settlement, claim, compose_due, count_dead, settle
from db.outage import LOST
from domain.composing import once
from domain.news import Message
from domain.notifications import Reason
from domain.recipients import Channel, Reach
from domain.retries import GIVE_UP_AFTER, gives_up, pause

SLOTS = 64
"""Messages of one channel on their way at once."""

UNTAKEN = timedelta(minutes=10)
"""How long a message waits for a worker that has its channel set up; settings are rolled out one by one."""

_WORTH_A_CLAIM = SLOTS // 4
_GATHER_SECONDS = 0.05
"""How long free slots gather, as a claim costs the same for one message as for many."""

_MOST_SECONDS = 25.0
"""For one attempt, whatever its sender does; less than a lease."""

_LAST_SECONDS = 8.0
_WRITE_AGAIN = 0.25
_DEAD_WITHIN = timedelta(hours=1)

Clock = Callable[[], datetime]

log = structlog.get_logger("tidemark.worker")


async def compose_news(pool: asyncpg.Pool, redis: Redis, reach: Reach, clock: Clock) -> bool:
    """Make messages of what is due and ring for those who send them. Returns whether more is left."""
    composed = await compose_due(pool, reach, clock())
    for channel in sorted(composed.channels):
        await ring(redis, bell(channel))
    return composed.left


async def give_up_unset(pool: asyncpg.Pool, reach: Reach, clock: Clock) -> bool:
    """Give up messages for channels that are not set up any more. Returns whether there may be more.

    Those that were due for `UNTAKEN`: until then a worker that has the channel set up would have come.
    """
    left = False
    for channel in sorted(set(Channel) - reach.channels - {Channel.IN_APP}):
        now = clock()
        leases = await claim(pool, channel, now, SLOTS, overdue=UNTAKEN)
        for lease in leases:
            settlement = Settlement("dead", Reason.CHANNEL_OFF, now, "refused", "", None)
            await settle(pool, lease, settlement, now)
            log.warning("channel not set up", message=str(lease.message_id), channel=channel.value)
        left = left or len(leases) == SLOTS
    return left


async def watch_dead(pool: asyncpg.Pool, clock: Clock) -> bool:
    """Raise or end the alert about messages that were given up. There is never more to do."""
    now = clock()
    dead = await count_dead(pool, now - _DEAD_WITHIN, UNDELIVERED.id)
    await observe(pool, UNDELIVERED, float(dead), now)
    return False


def bell(channel: Channel) -> str:
    """The doorbell of a channel."""
    return f"deliver:{channel}"


@dataclass(frozen=True, slots=True)
class Terms:
    """How messages are sent. `draw` gives random numbers in [0, 1)."""

    clock: Clock
    dashboard_url: str | None = None
    give_up_after: timedelta = GIVE_UP_AFTER
    draw: Callable[[], float] = random


class Courier:
    """Sends the messages of one channel, up to `SLOTS` at once; others are not held up by a slow one."""

    def __init__(self, pool: asyncpg.Pool, channel: Channel, sender: Sender, terms: Terms) -> None:
        self.channel = channel
        self._pool = pool
        self._sender = sender
        self._terms = terms
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> bool:
        """Start on as many messages as there are slots for. Returns whether there may be more."""
        if len(self._under_way) > SLOTS - _WORTH_A_CLAIM:
            await asyncio.wait(self._under_way, timeout=_GATHER_SECONDS)
        if len(self._under_way) >= SLOTS:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        free = SLOTS - len(self._under_way)
        leases = await claim(self._pool, self.channel, self._terms.clock(), free)
        for lease in leases:
            task = asyncio.create_task(self._deliver(lease))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return bool(leases)

    async def finish(self, seconds: float | None = None) -> None:
        """Let what is under way come to its end, for at most so long."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)

    async def _deliver(self, lease: Lease) -> None:
        receipt = await self._sent(lease)
        terms = self._terms
        now = terms.clock()
        settlement = settled(lease, receipt, now, terms.draw(), terms.give_up_after)
        ours = await self._write(lease, settlement)
        log.info(
            "notification",
            message=str(lease.message_id),
            channel=lease.channel.value,
            attempt=lease.attempts,
            outcome=receipt.outcome.value,
            status=settlement.status if ours else "lease lost",
            detail=receipt.detail,
        )

    async def _sent(self, lease: Lease) -> Receipt:
        message = Message(
            lease.message_id,
            lease.channel,
            lease.address,
            lease.created_at,
            once(lease.news),
            self._terms.dashboard_url,
        )
        try:
            async with asyncio.timeout(_MOST_SECONDS):
                return await self._sender(message)
        except TimeoutError:
            return unknown(f"nothing heard for {_MOST_SECONDS:.0f} s")
        except Exception as error:
            log.exception("sender failed", message=str(lease.message_id))
            return refused(f"{type(error).__name__}: {error}", retryable=True)

    async def _write(self, lease: Lease, settlement: Settlement) -> bool:
        """Write the outcome; a database that is away is waited for as long as the lease lasts."""
        ends = asyncio.get_running_loop().time() + LEASE.total_seconds()
        while True:
            try:
                return await settle(self._pool, lease, settlement, self._terms.clock())
            except (asyncpg.PostgresError, *LOST) as error:
                end_if_cancelled()
                if asyncio.get_running_loop().time() > ends:
                    log.warning(
                        "outcome not written", message=str(lease.message_id), error=repr(error)
                    )
                    return False
                await asyncio.sleep(_WRITE_AGAIN)


async def finish_at_end(couriers: tuple[Courier, ...]) -> None:
    """Wait to be cancelled; then let what is under way be written down, so that nothing is sent twice."""
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.gather(*(each.finish(_LAST_SECONDS) for each in couriers))


def settled(
    lease: Lease, receipt: Receipt, now: datetime, draw: float, give_up_after: timedelta
) -> Settlement:
    """What an attempt means for its message: delivered, to be tried again, or given up, and why."""

    def ends(status: str, reason: Reason, due_at: datetime = now) -> Settlement:
        return Settlement(
            status, reason, due_at, receipt.outcome.value, receipt.detail, receipt.provider_id
        )

    if receipt.outcome is Outcome.ACCEPTED:
        return ends("delivered", Reason.DELIVERED)
    if not receipt.retryable:
        return ends("dead", Reason.REFUSED)
    if gives_up(lease.created_at, now, give_up_after):
        return ends("dead", Reason.GAVE_UP)
    reason = Reason.UNKNOWN if receipt.outcome is Outcome.UNKNOWN else Reason.RETRYING
    return ends("pending", reason, now + pause(lease.attempts, draw, receipt.after))
