"""What a subscription's source yields: an event that each question about it is answered for once."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass


def nothing() -> object:
    """Where the field's own resolver computes the answer."""
    return None


@dataclass(frozen=True, slots=True)
class Happening:
    """`key` says which event, to all who follow. `cursor` None: there is nothing to resume.

    `show` gives the value of the root field. `priced`: each answer costs its points, not the first alone.
    """

    key: tuple[object, ...]
    cursor: str | None = None
    show: Callable[[], object] = nothing
    priced: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """What a subscription follows. `start` is the cursor that it begins after, if it has any."""

    happenings: AsyncGenerator[Happening, None]
    start: str | None = None

    def __aiter__(self) -> AsyncGenerator[Happening, None]:
        return self.happenings
