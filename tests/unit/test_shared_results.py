"""Results that are made once for all who ask the same."""

import asyncio

import pytest

from graph.shared_results import SharedResults

KEY = (b"question", ("event", 1))


async def test_who_asks_the_same_is_given_what_was_made_once_and_paid_once() -> None:
    shared, made, paid = SharedResults(), [], []

    async def make() -> str:
        made.append(1)
        await asyncio.sleep(0)
        return "answer"

    async def pay() -> None:
        paid.append(1)

    assert [await shared.of(KEY, make, pay) for _ in range(5)] == ["answer"] * 5
    assert (len(made), len(paid)) == (1, 1)
    assert (
        await asyncio.gather(*(shared.of((b"other", ()), make) for _ in range(5))) == ["answer"] * 5
    )
    assert len(made) == 2


async def test_who_asks_first_may_leave() -> None:
    shared, go_on = SharedResults(), asyncio.Event()

    async def make() -> str:
        await go_on.wait()
        return "answer"

    first = asyncio.create_task(shared.of(KEY, make))
    await asyncio.sleep(0)
    second = asyncio.create_task(shared.of(KEY, make))
    await asyncio.sleep(0)
    first.cancel()
    go_on.set()
    assert await second == "answer"


async def test_a_failure_is_not_kept() -> None:
    shared = SharedResults()

    async def fail() -> str:
        raise LookupError

    async def make() -> str:
        return "answer"

    with pytest.raises(LookupError):
        await shared.of(KEY, fail)
    assert await shared.of(KEY, make) == "answer"


async def test_old_results_make_room() -> None:
    shared, made = SharedResults(), []

    async def make() -> str:
        made.append(1)
        return "x" * 1_000_000

    for number in range(100):
        await shared.of((b"question", (number,)), make)
    await shared.of((b"question", (99,)), make)
    assert len(made) == 100
    await shared.of((b"question", (0,)), make)
    assert len(made) == 101
