"""Rows of a table as they appear: read once in a process and handed to all who follow.

Whoever follows from a cursor is enrolled, reads the table up to its end, and from there on takes what the
reader hands out, without what was seen already. The table's ids become visible in their order, so that
nothing is missed and nothing comes twice. Who falls behind reads the table again, at their own pace.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Generic, Protocol, TypeVar

import structlog

from db.ending import end_if_cancelled
from domain.errors import Unavailable

PAGE = 500
"""Rows that are read at once; a shorter page is the last one."""

POLL = 2.0
"""Seconds after which what nobody announced is found."""

BUFFERED = 2_000
"""Rows that wait for a follower; one that is further behind reads the table."""

_AGAIN = 1.0

_log = structlog.get_logger("tidemark.streams")


class Numbered(Protocol):
    """A row with its cursor."""

    @property
    def id(self) -> int: ...


Row = TypeVar("Row", bound=Numbered)
ReadPage = Callable[[int], Awaitable[Sequence[Row]]]
"""The first `PAGE` rows after a cursor."""


class Feed(Generic[Row]):
    """What appears in one table. There is a reader while there are followers."""

    def __init__(
        self,
        read: ReadPage[Row],
        last: Callable[[], Awaitable[int]],
        buffered: int = BUFFERED,
        poll: float = POLL,
    ) -> None:
        self._read = read
        self._last = last
        self._buffered = buffered
        self._poll = poll
        self._followers: set[_Follower[Row]] = set()
        self._woken = asyncio.Event()
        self._begun = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    async def last(self) -> int:
        """The cursor after which nothing has appeared yet."""
        return await self._last()

    async def follow(
        self, cursor: int, wants: Callable[[Row], bool], read: ReadPage[Row] | None = None
    ) -> AsyncGenerator[Row, None]:
        """The rows after a cursor that are wanted, for good. `read` reads those alone, if given."""
        with self._enrolled(wants) as follower:
            await self._begun.wait()
            while True:
                follower.begin()
                async for row in _until_end(read or self._read, cursor):
                    cursor = row.id
                    if wants(row):
                        yield row
                while (offered := await follower.next()) is not None:
                    if offered.id > cursor:
                        cursor = offered.id
                        yield offered

    @contextmanager
    def _enrolled(self, wants: Callable[[Row], bool]) -> "Iterator[_Follower[Row]]":
        follower = _Follower(wants, self._buffered)
        self._followers.add(follower)
        if self._reader is None:
            self._reader = asyncio.create_task(self._read_on())
        try:
            yield follower
        finally:
            self._followers.discard(follower)
            if not self._followers and self._reader is not None:
                self._reader.cancel()
                self._reader = None
                self._begun.clear()

    async def _read_on(self) -> None:
        """Hand out what appears from now on; who is enrolled before `_begun` is set misses nothing."""
        cursor = await _patiently(self._last)
        self._begun.set()
        while True:
            self._woken.clear()
            try:
                async for row in _until_end(self._read, cursor):
                    cursor = row.id
                    for follower in self._followers:
                        follower.offer(row)
            except Exception:
                end_if_cancelled()
                _log.exception("feed not read")
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll):
                    await self._woken.wait()


class _Follower(Generic[Row]):
    """What waits for one follower."""

    def __init__(self, wants: Callable[[Row], bool], most: int) -> None:
        self._wants = wants
        self._most = most
        self._waiting: deque[Row] = deque()
        self._some = asyncio.Event()
        self._behind = False

    def begin(self) -> None:
        """From here on nothing is missed."""
        self._waiting.clear()
        self._behind = False

    def offer(self, row: Row) -> None:
        """Keep it, if it is wanted; where there are too many, none is kept any more."""
        if self._behind or not self._wants(row):
            return
        if len(self._waiting) < self._most:
            self._waiting.append(row)
        else:
            self._waiting.clear()
            self._behind = True
        self._some.set()

    async def next(self) -> Row | None:
        """The next row; None where some were missed."""
        while not self._waiting and not self._behind:
            self._some.clear()
            await self._some.wait()
        return None if self._behind else self._waiting.popleft()


async def _until_end(read: ReadPage[Row], cursor: int) -> AsyncIterator[Row]:
    """The rows after a cursor, up to the newest."""
    while True:
        at = cursor

        async def page(at: int = at) -> Sequence[Row]:
            return await read(at)

        rows = await _patiently(page)
        for row in rows:
            cursor = row.id
            yield row
        if len(rows) < PAGE:
            return


T = TypeVar("T")


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """The answer of a database that may be away for a while."""
    while True:
        try:
            return await ask()
        except Unavailable:
            end_if_cancelled()
            _log.warning("stream waits for the database")
            await asyncio.sleep(_AGAIN)
