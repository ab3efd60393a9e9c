"""Portions of work and the turns of the event loop that they get."""

import asyncio

import pytest

from resolvers.turns import Turns


class Loop:
    """Counts the turns of the event loop while something is done."""

    def __init__(self) -> None:
        self.turn = 0
        self._counting = asyncio.get_running_loop().call_soon(self._count)

    def _count(self) -> None:
        self.turn += 1
        self._counting = asyncio.get_running_loop().call_soon(self._count)

    def end(self) -> None:
        self._counting.cancel()


async def _done(turns: Turns, sizes: list[int]) -> list[int]:
    """In which turn of the loop each portion was done, in the order in which they were done."""
    loop, found = Loop(), list[tuple[int, int]]()

    async def work(place: int, size: int) -> None:
        await turns.take(size)
        found.append((place, loop.turn))

    await asyncio.gather(*(work(place, size) for place, size in enumerate(sizes)))
    loop.end()
    assert [place for place, _ in found] == list(range(len(sizes)))
    return [turn for _, turn in found]


async def test_small_portions_share_a_turn() -> None:
    assert len(set(await _done(Turns(10), [1] * 10))) == 1


async def test_no_turn_does_more_than_its_measure() -> None:
    done = await _done(Turns(10), [4] * 9)
    assert max(done.count(turn) for turn in done) == 2


async def test_a_large_portion_has_a_turn_of_its_own_and_keeps_its_place() -> None:
    small, large, next_one = await _done(Turns(10), [1, 500, 1])
    assert small < large < next_one


async def test_one_that_went_away_holds_up_nobody() -> None:
    turns = Turns(1)
    await turns.take(1)
    gone = asyncio.create_task(turns.take(1))
    stays = asyncio.create_task(turns.take(1))
    await asyncio.sleep(0)
    gone.cancel()
    async with asyncio.timeout(10):
        await stays
    assert turns.behind == 0.0


async def test_it_tells_how_long_the_oldest_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    turns, now = Turns(1), 100.0
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
    tasks = [asyncio.create_task(turns.take(1)) for _ in range(3)]
    await asyncio.sleep(0)
    now = 103.5
    assert turns.behind == 3.5
    await asyncio.gather(*tasks)
    assert turns.behind == 0.0
