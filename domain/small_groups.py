"""Which groups are large enough to be shown to someone who may not see single people."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Key = TypeVar("Key")


def large_enough(
    shown: Sequence[Key],
    rest: Sequence[Key],
    size: Callable[[Iterable[Key]], int],
    smallest: int,
) -> list[Key]:
    """The groups that stay, in their order; the others join the rest.

    The rest is a group as well: were it too small, the total less the groups that are shown would give it
    away. So the smallest of the shown groups join it until it is large enough or nothing else is shown.
    """
    kept = [key for key in shown if size([key]) >= smallest]
    held = set(kept)
    left = [*rest, *(key for key in shown if key not in held)]
    while left and kept and size(left) < smallest:
        smallest_shown = min(kept, key=lambda key: size([key]))
        kept.remove(smallest_shown)
        left.append(smallest_shown)
    return kept
