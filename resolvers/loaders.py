"""The loaders of one request: whatever its fields ask for in one go is read in one go."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiodataloader import DataLoader

from domain.errors import InvalidInput
from domain.questions import Frame, Read

Answer = Callable[[Sequence[Read]], Awaitable[list[Frame]]]
"""The read path: all reads of an operation, answered from one snapshot in one statement."""


@dataclass(frozen=True, slots=True)
class Loaders:
    """One loader per kind of thing; equal keys of a request are loaded once."""

    frames: DataLoader[Read, Frame]


def loaders(answer: Answer) -> Loaders:
    """Fresh loaders for one request. Needs a running event loop."""

    async def load_frames(reads: list[Read]) -> list[Any]:
        return await _answer_apart(answer, reads)

    return Loaders(frames=DataLoader(load_frames))


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
