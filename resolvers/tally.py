"""What a request really read: what it came to in points, and until when the clock leaves its answer alone."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.cost import OPERATION, Question, points
from domain.freshness import holds_until
from domain.questions import Frame, MeasureKey, Read
from resolvers.loaders import Answer

_SKETCHED = ("users", "quantile")


@dataclass(slots=True)
class Tally:
    """Counts along with the reads of one request. `now` is the request's."""

    now: datetime
    _price: float = OPERATION
    _edges: list[datetime] = field(default_factory=list)

    def counting(self, answer: Answer) -> Answer:
        """The same read path, counted."""

        async def counted(reads: Sequence[Read]) -> list[Frame]:
            frames = await answer(reads)
            for read, frame in zip(reads, frames, strict=True):
                self._count(read, frame)
            return frames

        return counted

    @property
    def points(self) -> int:
        """What was read, in points."""
        return points(self._price)

    @property
    def until(self) -> datetime:
        """Until when the same question has the same answer, as far as the clock goes."""
        return holds_until(self.now, self._edges)

    def _count(self, read: Read, frame: Frame) -> None:
        days = (read.edges[-1] - read.edges[0]).total_seconds() / 86_400
        asked = Question(days, len(read.edges) - 1, max(1, frame.total_groups))
        sketched = sum(_is_sketch(each) for each in read.measures)
        self._price += asked.price(len(read.measures) - sketched, sketched)
        self._edges.extend(read.edges[bisect_right(read.edges, self.now) :][:1])


def _is_sketch(key: MeasureKey) -> bool:
    return key.kind in _SKETCHED
