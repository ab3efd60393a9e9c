"""What an import remembers of the records before a batch."""

from collections.abc import Sequence
from dataclasses import dataclass, field

REMEMBERED = 200_000
"""Distinct cells of a column that are known at most; the one met first is forgotten first."""


@dataclass(slots=True)
class Memory:
    """The cells that were met, column by column. Batches must come in the order of the file."""

    limit: int = REMEMBERED
    _met: dict[str, dict[object, None]] = field(default_factory=dict)

    def firsts(self, column: str, cells: Sequence[object]) -> list[object]:
        """1 for each cell that was not met before, 0 for others; None stays None."""
        met = self._met.setdefault(column, {})
        return [None if cell is None else self._is_first(met, cell) for cell in cells]

    def _is_first(self, met: dict[object, None], cell: object) -> int:
        if cell in met:
            return 0
        if len(met) >= self.limit:
            del met[next(iter(met))]
        met[cell] = None
        return 1
