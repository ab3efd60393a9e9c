"""The loaders of one request: whatever its fields ask for in one go is read in one go."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiodataloader import DataLoader, Loader, dispatch_queue

from domain.errors import InvalidInput
from domain.questions import Frame, Read
from domain.stock import Stock, StockKey
from domain.told import Told

Answer = Callable[[Sequence[Read]], Awaitable[list[Frame]]]
"""The read path: all reads of an operation, answered from one snapshot in one statement."""

StockLevels = Callable[[Sequence[StockKey]], Awaitable[Sequence[Stock | None]]]
"""The stock of products before an instant."""

ToldOf = Callable[[Sequence[UUID]], Awaitable[Sequence[list[Told]]]]
"""What was told of alerts."""

_QUIET_TURNS = 6
"""Turns of the event loop without a new key after which all fields that can ask have asked.

Each level of nested fields begins one turn after the level above it.
"""


class FrameLoader(DataLoader[Read, Frame]):
    """Waits for the fields of all levels, so that a section three levels down joins the same statement."""

    def do_resolve_reject(self, key: Read, future: "asyncio.Future[Frame]") -> None:
        self._queue.append(Loader(key=key, future=future))
        if len(self._queue) == 1:
            self._dispatching = asyncio.ensure_future(self._dispatch_when_quiet())

    async def _dispatch_when_quiet(self) -> None:
        quiet, asked = 0, len(self._queue)
        while quiet < _QUIET_TURNS:
            await asyncio.sleep(0)
            quiet = quiet + 1 if len(self._queue) == asked else 0
            asked = len(self._queue)
        dispatch_queue(self)


@dataclass(frozen=True, slots=True)
class Loaders:
    """One loader per kind of thing; equal keys of a request are loaded once."""

    frames: DataLoader[Read, Frame]
    stock: DataLoader[StockKey, Stock | None]
    told: DataLoader[UUID, list[Told]]


def loaders(answer: Answer, stock: StockLevels, told: ToldOf) -> Loaders:
    """Fresh loaders for one request. Needs a running event loop."""

    async def load_frames(reads: list[Read]) -> list[Any]:
        return await _answer_apart(answer, reads)

    async def load_stock(keys: list[StockKey]) -> list[Any]:
        return [*await stock(keys)]

    async def load_told(ids: list[UUID]) -> list[Any]:
        return [*await told(ids)]

    return Loaders(
        frames=FrameLoader(load_frames), stock=DataLoader(load_stock), told=DataLoader(load_told)
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
