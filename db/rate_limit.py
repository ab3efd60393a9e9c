"""The points of each caller, shared by all processes in Redis; while it is away each process counts alone.

A process takes points out ahead, a hundredth of the capacity at a time, and spends them without asking: a
cheap request costs no round trip, and no point is spent twice. What a process took and did not spend is
forgotten when it ends.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.token_bucket import Allowance, Bucket, RateLimited

_TAKE = """
local known = redis.call('HMGET', KEYS[1], 'level', 'at')
local capacity, rate, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local needed, wanted = tonumber(ARGV[4]), tonumber(ARGV[5])
local at = math.max(now, tonumber(known[2] or now))
local level = tonumber(known[1] or capacity)
level = math.min(capacity, level + (at - tonumber(known[2] or now)) * rate)
local taken = 0
if level >= needed then taken = math.min(level, wanted) end
redis.call('HSET', KEYS[1], 'level', tostring(level - taken), 'at', string.format('%.6f', at))
redis.call('EXPIRE', KEYS[1], math.ceil(capacity / rate) + 60)
return {tostring(taken), tostring(level - taken)}
"""
"""Fill the bucket, then take `wanted` points or what there is, or nothing where `needed` are not there."""

_PATIENCE = 0.25
"""Seconds to wait for Redis before counting alone."""

_AWAY = 2.0
"""Seconds to count alone before Redis is asked again."""

_MOST_CALLERS = 10_000
_AHEAD = 100
"""The part of the capacity that is taken out ahead: one in so many."""


@dataclass(slots=True)
class _Account:
    """What this process holds of a caller's points, and what was last seen in the shared bucket."""

    held: float
    shared: float
    alone: Bucket


class RateLimit:
    """Takes points from callers. `clock` gives seconds that all processes agree on."""

    def __init__(
        self, redis: Redis | None, allowance: Allowance, clock: Callable[[], float]
    ) -> None:
        self.allowance = allowance
        self._clock = clock
        self._take = None if redis is None else redis.register_script(_TAKE)
        self._away_until = float("-inf")
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    async def charge(self, caller: str, points: int) -> None:
        """Take the points out. Raises RateLimited where they are not there."""
        account = self._account(caller)
        if account.held >= points:
            account.held -= points
            return
        reserved, account.held = account.held, 0.0
        try:
            more = await self._taken(caller, account, points - reserved)
        except (RedisError, OSError, TimeoutError):
            self._note_away()
            account.held += reserved
            self._take_alone(account, points)
            return
        account.held += reserved + more
        if reserved + more < points:
            level = account.held + account.shared
            raise RateLimited(points, level, self.allowance.wait(level, points))
        account.held -= points

    def spend(self, caller: str, points: int) -> bool:
        """Take points that this process holds. False: it holds too few, and `charge` has to ask for more."""
        account = self._account(caller)
        if account.held < points:
            return False
        account.held -= points
        return True

    def refund(self, caller: str, points: float) -> None:
        """Give points back that were not needed after all."""
        if points > 0:
            account = self._account(caller)
            account.held = min(account.held + points, float(self.allowance.capacity))

    def remaining(self, caller: str) -> int:
        """About how many points the caller has left, over all processes."""
        account = self._account(caller)
        if self._is_away():
            return int(account.alone.filled(self.allowance, self._clock()).level)
        return int(account.held + account.shared)

    def _account(self, caller: str) -> _Account:
        account = self._accounts.get(caller)
        if account is None:
            capacity = float(self.allowance.capacity)
            account = _Account(0.0, capacity, Bucket(capacity, self._clock()))
            self._accounts[caller] = account
            if len(self._accounts) > _MOST_CALLERS:
                self._accounts.popitem(last=False)
        else:
            self._accounts.move_to_end(caller)
        return account

    async def _taken(self, caller: str, account: _Account, lacking: float) -> float:
        """Points out of the shared bucket: what lacks and some ahead, or none where that is not there."""
        if self._take is None or self._is_away():
            raise ConnectionError("Redis is away.")
        allowance = self.allowance
        rule: list[float | str] = [
            allowance.capacity,
            allowance.per_second,
            f"{self._clock():.6f}",
        ]
        wanted = lacking + allowance.capacity / _AHEAD
        async with asyncio.timeout(_PATIENCE):
            taken, left = await self._take(keys=[_key(caller)], args=[*rule, lacking, wanted])
        account.shared = float(left)
        return float(taken)

    def _take_alone(self, account: _Account, points: int) -> None:
        bucket = account.alone.filled(self.allowance, self._clock())
        if bucket.level < points:
            wait = self.allowance.wait(bucket.level, points)
            raise RateLimited(points, bucket.level, wait)
        account.alone = bucket.without(points)

    def _note_away(self) -> None:
        if not self._is_away():
            self._away_until = self._clock() + _AWAY

    def _is_away(self) -> bool:
        return self._take is None or self._clock() < self._away_until


def _key(caller: str) -> str:
    return f"tidemark:points:{caller}"
