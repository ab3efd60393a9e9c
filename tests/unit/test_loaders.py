"""What the fields of one operation ask for is read together."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from domain.errors import InvalidInput
from resolvers.loaders import Loaders, loaders

Reads = list[list[str]]


def _loaders(*, counted: bool) -> tuple[Loaders, Reads]:
    read: Reads = []

    async def answer(reads: Sequence[Any]) -> Any:
        read.append([*reads])
        if "faulty" in reads:
            raise InvalidInput("That cannot be read.")
        return [each.upper() for each in reads]

    async def nothing(keys: Sequence[Any]) -> Any:
        return [None for _ in keys]

    made = loaders(answer, nothing, nothing)
    made.beginnings.counted = counted
    return made, read


async def _field(of: Loaders, name: str, depth: int) -> list[str]:
    """A field that asks by itself and has others below it, down to a depth."""
    if not depth:
        return [str(each) for each in await of.frames.all([name])]  # type: ignore[list-item]
    of.beginnings.expect()
    below = [_field(of, f"{name}{number}", depth - 1) for number in (1, 2)]
    own = of.frames.all([name])  # type: ignore[list-item]
    return [str(each) for found in await asyncio.gather(own, *below) for each in found]


@pytest.mark.parametrize("counted", [True, False])
async def test_fields_of_all_levels_are_read_at_once(counted: bool) -> None:
    of, read = _loaders(counted=counted)
    found = await _field(of, "a", 4)
    assert len(read) == 1
    assert len(read[0]) == len(found) == 31
    assert found[0] == "A"


async def test_a_field_that_is_alone_is_read_in_the_next_turn() -> None:
    of, read = _loaders(counted=True)
    asking = asyncio.ensure_future(of.frames.all(["a"]))  # type: ignore[list-item]
    turns = 0
    while not read:
        await asyncio.sleep(0)
        turns += 1
    assert turns == 2
    assert await asking == ["A"]


async def test_what_is_asked_for_later_is_read_by_itself() -> None:
    of, read = _loaders(counted=True)
    for name in ("a", "b", "a"):
        await of.frames.all([name])  # type: ignore[list-item]
    assert read == [["a"], ["b"]]


async def test_a_read_that_fails_fails_alone_and_loudly_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    of, read = _loaders(counted=True)
    right = asyncio.ensure_future(of.frames.all(["a", "b"]))  # type: ignore[list-item]
    with pytest.raises(InvalidInput, match="cannot be read"):
        await of.frames.all(["faulty", "c"])  # type: ignore[list-item]
    assert await right == ["A", "B"]
    assert read[0] == ["faulty", "c", "a", "b"]
    assert not caplog.records


async def test_tasks_that_never_begin_hold_nobody_up() -> None:
    of, read = _loaders(counted=True)
    of.beginnings.expect()
    never = asyncio.ensure_future(_field(of, "never", 0))
    never.cancel()
    assert await _field(of, "a", 1) == ["A", "A1", "A2"]
    assert read == [["a", "a1", "a2"]]
