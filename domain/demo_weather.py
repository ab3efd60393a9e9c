"""A day of the demo: when things happen in it, who does them, and what goes wrong."""

import math
from bisect import bisect
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from random import Random

from domain.demo_shop import HOURS, WEEKDAYS

USERS = 20_000
_HOURS = tuple(accumulate(HOURS))
_MILLISECOND = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Incident:
    """A time in which a part of the system (`api`, or a provider) mostly fails."""

    part: str
    start: datetime
    end: datetime
    failures: float


@dataclass(frozen=True, slots=True)
class Day:
    """One day from its start (UTC), its incidents, and its source of chance."""

    start: datetime
    incidents: tuple[Incident, ...]
    random: Random

    def drawn_volume(self) -> float:
        """How busy the day is; 1 is an average one. Another at each call."""
        return WEEKDAYS[self.start.weekday()] * self.random.uniform(0.93, 1.07)

    def moment(self) -> datetime:
        """An instant, likelier in busy hours; whole milliseconds."""
        hour = bisect(_HOURS, self.random.random() * _HOURS[-1])
        milliseconds = hour * 3_600_000 + int(self.random.random() * 3_600_000)
        return self.start + timedelta(milliseconds=milliseconds)

    def later(self, moment: datetime, seconds: float) -> datetime:
        """About so many seconds after a moment, but within the day."""
        waited = timedelta(milliseconds=int(self.random.expovariate(1 / seconds) * 1000) + 1)
        return min(moment + waited, self.start + timedelta(days=1, milliseconds=-1))

    def user(self) -> int:
        """The number of a user; the first are by far the busiest (Zipf)."""
        return int(math.exp(self.random.random() * math.log(USERS)))

    def duration(self, median: float, spread: float) -> Decimal:
        """Milliseconds, log-normal around their median."""
        found = median * math.exp(self.random.gauss(0, spread))
        return Decimal(found).quantize(_MILLISECOND)

    def fails(self, part: str, moment: datetime, usually: float) -> bool:
        """Whether something of this part goes wrong now."""
        chance = usually
        for incident in self.incidents:
            if incident.part == part and incident.start <= moment < incident.end:
                chance = incident.failures
        return self.random.random() < chance


def incidents_of(start: datetime, random: Random) -> tuple[Incident, ...]:
    """None on most days, sometimes one of the API or of a provider."""
    found = []
    for part, chance in (("api", 0.08), ("Replicate", 0.06), ("Tripo", 0.06), ("Gemini", 0.04)):
        if random.random() < chance:
            begin = start + timedelta(minutes=random.randrange(6 * 60, 22 * 60))
            end = begin + timedelta(minutes=random.randrange(20, 90))
            found.append(Incident(part, begin, end, random.uniform(0.3, 0.8)))
    return tuple(found)
