"""How long a steady loop rests, and that it ends."""

import asyncio

import pytest
from redis.asyncio import Redis

from workers.loops import Loop, keep_running


async def _nothing() -> bool:
    return False


@pytest.mark.parametrize(("took", "rests"), [(0.0, 0.5), (0.2, 0.5), (0.6, 1.2), (30.0, 2.0)])
def test_a_loop_rests_longer_after_a_longer_run(took: float, rests: float) -> None:
    assert Loop("merge", 5.0, _nothing, rest=0.5, ease=2.0).rest_after(took) == rests


def test_a_loop_that_does_not_ease_rests_alike_after_any_run() -> None:
    assert Loop("watch", 5.0, _nothing, rest=0.2).rest_after(30.0) == 0.2


@pytest.mark.parametrize("fails", [True, False])
async def test_a_loop_ends_though_its_work_loses_the_cancellation(fails: bool) -> None:
    begun, runs = asyncio.Event(), 0

    async def work() -> bool:
        nonlocal runs
        runs += 1
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if runs > 1:
                raise
            if fails:
                raise ConnectionError("the rollback had no connection") from None
        return True

    task = asyncio.create_task(keep_running(Loop("merge", 5.0, work), Redis()))
    await begun.wait()
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=10)
    assert done and task.cancelled() and runs == 1
