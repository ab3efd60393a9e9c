"""When answers may have changed: a count that rises, at most once a second, for all who follow answers."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import structlog

from db.ending import end_if_cancelled
from domain.errors import Unavailable

POLL = 2.0
"""Seconds after which a change that nobody announced is found."""

REST = 1.0
"""Seconds between two changes at least: what changes meanwhile is one change."""

_MINUTE = timedelta(minutes=1)
_log = structlog.get_logger("tidemark.streams")


class Changes:
    """Looks at the data version while anybody follows; a full minute, at which ranges move, is a change too.

    Changes are at least `rest` seconds apart.
    """

    def __init__(
        self,
        version: Callable[[], Awaitable[str]],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        rest: float = REST,
    ) -> None:
        self._version = version
        self._clock = clock
        self._rest = rest
        self._number = 0
        self._known: tuple[str, datetime] | None = None
        self._followers = 0
        self._woken = asyncio.Event()
        self._next = asyncio.Event()
        self._begun = asyncio.Event()
        self._watcher: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    async def follow(self) -> AsyncGenerator[int, None]:
        """The number of now, and then of each change; who takes long is given the newest only."""
        with self._followed():
            await self._begun.wait()
            while True:
                seen = self._number
                yield seen
                while self._number == seen:
                    await self._next.wait()

    @contextmanager
    def _followed(self) -> Iterator[None]:
        self._followers += 1
        if self._watcher is None:
            self._number += 1
            self._watcher = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            self._followers -= 1
            if not self._followers and self._watcher is not None:
                self._watcher.cancel()
                self._watcher = None
                self._known = None
                self._begun.clear()

    async def _watch(self) -> None:
        """Answers that are made after `_begun` is set are as new as the version that was read before."""
        while True:
            self._woken.clear()
            changed = await self._changed()
            end_if_cancelled()
            if changed:
                self._number += 1
                self._next.set()
                self._next = asyncio.Event()
                await asyncio.sleep(self._rest)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience()):
                    await self._woken.wait()

    async def _changed(self) -> bool:
        minute = self._clock().replace(second=0, microsecond=0)
        try:
            found = (await self._version(), minute)
        except Unavailable:
            return False
        except Exception:
            _log.exception("data version not read")
            return False
        before, self._known = self._known, found
        self._begun.set()
        return before is not None and before != found

    def _patience(self) -> float:
        """Until the next look: no later than the next full minute."""
        now = self._clock()
        minute = now.replace(second=0, microsecond=0) + _MINUTE
        return min(POLL, (minute - now).total_seconds() + 0.01)
