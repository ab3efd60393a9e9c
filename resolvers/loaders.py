"""The loaders of one request: whatever its fields ask for in one go is read in one go."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiodataloader import DataLoader, Loader, dispatch_queue_batch

from domain.errors import InvalidInput
from domain.questions import Frame, Read
from domain.stock import Stock, StockKey
from domain.told import Told
from resolvers.beginnings import Beginnings

Answer = Callable[[Sequence[Read]], Awaitable[list[Frame]]]
"""The read path: all reads of an operation, answered from one snapshot in one statement."""

StockLevels = Callable[[Sequence[StockKey]], Awaitable[Sequence[Stock | None]]]
"""The stock of products before an instant."""

ToldOf = Callable[[Sequence[UUID]], Awaitable[Sequence[list[Told]]]]
"""What was told of alerts."""

_QUIET_TURNS = 6
"""Turns of the event loop without a new key after which all fields that can ask have asked.

Each level of nested fields begins one turn after the level above it. Only where their beginnings are not
counted: on a busy loop so many turns take longer than the statement.
"""


class FrameLoader(DataLoader[Read, Frame]):
    """Waits for the fields of all levels, so that a section three levels down joins the same statement."""

    def __init__(
        self,
        load: Callable[[list[Read]], Coroutine[Any, Any, list[Any]]],
        beginnings: Beginnings,
    ) -> None:
        super().__init__(load)
        self._beginnings = beginnings

    async def all(self, reads: Iterable[Read]) -> list[Frame]:
        """The answers in the order of the reads; raises what became of the first that failed."""
        asked = [self.load(each) for each in reads]
        try:
            return [await each for each in asked]
        finally:
            for each in asked:
                _seen(each)

    def do_resolve_reject(self, key: Read, future: "asyncio.Future[Frame]") -> None:
        self._queue.append(Loader(key=key, future=future))
        if len(self._queue) == 1:
            self._dispatching = asyncio.ensure_future(self._dispatch())

    async def _dispatch(self) -> None:
        quiet, asked = 0, len(self._queue)
        while quiet < _QUIET_TURNS and not self._beginnings.over:
            await asyncio.sleep(0)
            quiet = quiet + 1 if len(self._queue) == asked else 0
            asked = len(self._queue)
        queue, self._queue = self._queue, []
        await dispatch_queue_batch(self, queue)


def _seen(answer: "asyncio.Future[Frame]") -> None:
    """A failure beside the one that is raised is no secret."""
    if answer.done() and not answer.cancelled():
        answer.exception()


@dataclass(frozen=True, slots=True)
class Loaders:
    """One loader per kind of thing; equal keys of a request are loaded once."""

    frames: FrameLoader
    stock: DataLoader[StockKey, Stock | None]
    told: DataLoader[UUID, list[Told]]
    beginnings: Beginnings


def loaders(answer: Answer, stock: StockLevels, told: ToldOf) -> Loaders:
    """Fresh loaders for one request. Needs a running event loop."""

    async def load_frames(reads: list[Read]) -> list[Any]:
        return await _answer_apart(answer, reads)

    async def load_stock(keys: list[StockKey]) -> list[Any]:
        return [*await stock(keys)]

    async def load_told(ids: list[UUID]) -> list[Any]:
        return [*await told(ids)]

    beginnings = Beginnings()
    return Loaders(
        frames=FrameLoader(load_frames, beginnings),
        stock=DataLoader(load_stock),
        told=DataLoader(load_told),
        beginnings=beginnings,
    )


async def _answer_apart(answer: Answer, reads: list[Read]) -> list[Frame | BaseException]:
    """All together; where one of them cannot be answered, one by one, so that only that one fails."""
    try:
        return [*await answer(reads)]
    except InvalidInput as problem:
        if len(reads) == 1:
            return [problem]
    return [*(await asyncio.gather(*(_answer_one(answer, read) for read in reads)))]


async def _answer_one(answer: Answer, read: Read) -> Frame | BaseException:
    try:
        return (await answer([read]))[0]
    except InvalidInput as problem:
        return problem
