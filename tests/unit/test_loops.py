"""How long a steady loop rests."""

import pytest

from workers.loops import Loop


async def _nothing() -> bool:
    return False


@pytest.mark.parametrize(("took", "rests"), [(0.0, 0.5), (0.2, 0.5), (0.6, 1.2), (30.0, 2.0)])
def test_a_loop_rests_longer_after_a_longer_run(took: float, rests: float) -> None:
    assert Loop("merge", 5.0, _nothing, rest=0.5, ease=2.0).rest_after(took) == rests


def test_a_loop_that_does_not_ease_rests_alike_after_any_run() -> None:
    assert Loop("watch", 5.0, _nothing, rest=0.2).rest_after(30.0) == 0.2
