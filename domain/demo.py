"""Events for a demonstration: a shop, its API, its machine-learning pipelines and its good works, by day.

Everything follows from the seed, the date and the wanted number of events a day: a day is the same
whenever it is made, with the same ids. Every event says `demo` in its properties and its source.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from domain.demo_operations import jobs, small_things
from domain.demo_outreach import outreach
from domain.demo_visits import stocktaking, visits
from domain.demo_weather import Day, incidents_of
from domain.event_wire import Wire
from domain.numbered_ids import numbered_ids

DAYS = 90
EVENTS = 250_000
_EVENTS_PER_VISIT = 10.65
_VISITS_SHARE = 0.79


@dataclass(frozen=True, slots=True)
class Demo:
    """`days` days up to `now`, today included, of about `events` events in all."""

    now: datetime
    seed: int = 1
    days: int = DAYS
    events: int = EVENTS

    def batches(self) -> Iterator[list[Wire]]:
        """The events of each day in the order of their times, none after `now`."""
        today = self.now.astimezone(UTC).date()
        for back in reversed(range(self.days)):
            yield [
                wire
                for wire in day_events(today - timedelta(days=back), self.seed, self.per_day)
                if wire.occurred_at <= self.now
            ]

    @property
    def per_day(self) -> int:
        """Events of an average day."""
        return max(self.events // self.days, 1)


def day_events(day: date, seed: int, per_day: int) -> list[Wire]:
    """The events of one whole day (UTC), with their ids."""
    whole = ("tidemark demo", str(seed), str(per_day), day.isoformat())
    random = Random(" ".join(whole))
    start = datetime.combine(day, time(), UTC)
    weather = Day(start, incidents_of(start, random), random)
    volume = per_day * weather.drawn_volume()
    made = [
        *visits(weather, round(volume * _VISITS_SHARE / _EVENTS_PER_VISIT)),
        *jobs(weather, round(volume * 0.1)),
        *small_things(weather, round(volume * 0.05)),
        *outreach(weather, round(volume * 0.05)),
        *stocktaking(weather, round(volume * 0.01)),
    ]
    made.sort(key=_occurred_at)
    for wire, identity in zip(made, numbered_ids(whole, range(1, len(made) + 1)), strict=True):
        wire.id = identity
    return made


def _occurred_at(wire: Wire) -> datetime:
    return wire.occurred_at
