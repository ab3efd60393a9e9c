"""When all fields of an operation that run side by side have begun, and so asked for what they need first."""

import asyncio
from dataclasses import dataclass


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

    def _began(self) -> None:
        self._due -= 1
