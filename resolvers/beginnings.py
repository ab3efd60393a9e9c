"""When all fields of an operation that run side by side have begun, and so asked for what they need first."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Beginnings:
    """Counts the tasks of one operation that have been made and have not begun.

    `counted`: whoever makes tasks for fields says so. An execution that does not leaves it unknown.
    """

    counted: bool = False
    _due: int = 0

    @property
    def over(self) -> bool:
        """Whether all have begun, as far as is known."""
        return self.counted and self._due == 0

    def expect(self) -> None:
        """Tasks are made before the caller waits for anything else; they begin in the loop's next turn."""
        self._due += 1
        asyncio.get_running_loop().call_soon(self._began)

    async def together(self, *answering: Coroutine[Any, Any, T]) -> list[T]:
        """Several at once, so that they join one statement."""
        self.expect()
        return await asyncio.gather(*answering)

    def _began(self) -> None:
        self._due -= 1
