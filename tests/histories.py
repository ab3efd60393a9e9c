"""Random events, questions and work on them, each from a seed, over types that ask much of the rollups."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from domain.buckets import Granularity, bucket_edges
from domain.builtin import BUILTIN, CURRENCY, DURATION, SOURCE, VALUE
from domain.catalogue import Catalogue, Dimension, EventType, Measure, catalogue_of, event_type
from domain.clock import Weekday
from domain.questions import Filter, Interval, MeasureKey, Read, Top

Event = dict[str, Any]


def _dimension(name: str, path: str) -> Dimension:
    return Dimension(name, f"properties.{path}", "")


def _measure(name: str, path: str, *, money: bool = False) -> Measure:
    return Measure(name, f"properties.{path}", "", "", money)


def _parcel(*, grown: bool) -> EventType:
    """Kept for ever, few keys, nested paths, two money measures, more measures than one row holds."""
    return event_type(
        "parcel",
        "A parcel on its way.",
        dimensions=(
            SOURCE,
            CURRENCY,
            _dimension("carrier", "carrier.name"),
            _dimension("fragile", "fragile"),
            _dimension("zone", "address.zone.code"),
        ),
        measures=(
            VALUE,
            DURATION,
            _measure("price", "price", money=True),
            _measure("weight", "size.weight"),
            _measure("width", "size.width"),
            _measure("height", "size.height"),
            *((_measure("depth", "size.depth"),) if grown else ()),
        ),
        combinations=(("carrier", "zone"), *((("carrier", "fragile"),) if grown else ())),
        raw_days=0,
        max_keys=2,
    )


def _probe(*, grown: bool) -> EventType:
    """Kept raw for a day only."""
    return event_type(
        "probe",
        "A reading.",
        dimensions=(
            SOURCE,
            _dimension("sensor", "sensor"),
            _dimension("room", "room"),
            *((_dimension("level", "level"),) if grown else ()),
        ),
        measures=(
            DURATION,
            _measure("reading", "reading"),
            *((_measure("battery", "battery"),) if grown else ()),
        ),
        combinations=(("room", "sensor"), ("room", "sensor", "source")),
        raw_days=1,
        max_keys=3,
    )


CATALOGUE = catalogue_of((*BUILTIN, _parcel(grown=False), _probe(grown=False)))
GROWN = catalogue_of((*BUILTIN, _parcel(grown=True), _probe(grown=True)))

STARTS = tuple(
    datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in (
        "2026-03-30T10:07:13",
        "2026-10-26T00:00:00",
        "2026-11-02T09:00:00",
        "2026-04-06T23:59:59.999999",
        "2012-01-02T12:00:00",
        "2027-01-01T00:10:00",
    )
)
"""Shortly after clocks were set in Berlin, New York or Lord Howe, and after Apia skipped a day."""

ZONES = tuple(
    map(
        ZoneInfo,
        (
            "UTC",
            "Asia/Kolkata",
            "Asia/Kathmandu",
            "Australia/Lord_Howe",
            "America/New_York",
            "Europe/Berlin",
            "Pacific/Apia",
        ),
    )
)

TEXTS = ("a", "b", "", "Ünï/\u202ecode ✓", 'quo"te\\n', "日本\n\t", None, None)
_USERS = (*(f"u{number}" for number in range(25)), "", None, "ü")
_NUMBERS = tuple(
    map(
        Decimal,
        (
            "0",
            "-0.5",
            "1",
            "0.000000000001",
            "-0.000000000001",
            "999999999999999999.999999999999",
            "-999999999999999999.999999999999",
            "123456789012345678.5",
            "0.1",
            "1.50",
            "1E+2",
        ),
    )
)


def events(random: Random, now: datetime, count: int) -> list[Event]:
    """New events as of `now`: most of the last days, some weeks late, some of one instant."""
    same = _occurred(random, now)
    return [
        _event(random, same if random.random() < 0.4 else _occurred(random, now))
        for _ in range(count)
    ]


def _occurred(random: Random, now: datetime) -> datetime:
    ago = random.choice((3_600, 86_400, 3 * 86_400, 20 * 86_400, 70 * 86_400))
    at = now - timedelta(microseconds=random.randrange(ago * 1_000_000))
    if random.random() < 0.2:
        at = at.replace(minute=random.choice((0, 15, 45)), second=0, microsecond=0)
    return at + timedelta(hours=20) if random.random() < 0.05 else at


def _number(random: Random) -> Decimal | None:
    if random.random() < 0.2:
        return None
    if random.random() < 0.2:
        return random.choice(_NUMBERS)
    return Decimal(random.randrange(-2_000, 200_000)) / random.choice((1, 100, 1_000))


def _event(random: Random, at: datetime) -> Event:
    kind = random.choice(("order", "api_request", "parcel", "parcel", "probe", "probe", "click"))
    amount = _number(random)
    event = {
        "id": random.choice(
            (str(uuid.UUID(int=random.getrandbits(128))), f"own-{random.getrandbits(60)}")
        ),
        "type": kind,
        "occurredAt": at.isoformat(),
        "source": random.choice(TEXTS),
        "userId": random.choice(_USERS),
        "durationMs": _number(random),
        "statusCode": random.choice((None, 200, 404, 500)) if kind == "api_request" else None,
        "errorMessage": random.choice((None, None, None, "", "broken")),
        "value": amount,
        "currency": random.choice(("EUR", "EUR", "USD", "JPY")) if amount is not None else None,
        "properties": _properties(random),
    }
    return {name: value for name, value in event.items() if value is not None}


def _properties(random: Random) -> dict[str, Any]:
    found = {
        "collection": random.choice(TEXTS),
        "product": f"p{random.randrange(9)}",
        "quantity": _number(random),
        "endpoint": random.choice(("/a", "/b", None)),
        "carrier": random.choice(
            (None, "text", {"name": random.choice(TEXTS)}, {"name": f"c{random.randrange(8)}"})
        ),
        "fragile": random.choice((None, True, False)),
        "address": {"zone": {"code": random.randrange(12)}},
        "price": _number(random),
        "size": {"weight": _number(random), "height": _number(random), "depth": _number(random)},
        "sensor": f"s{random.randrange(14)}",
        "room": random.choice(TEXTS),
        "level": random.choice((1, 2, None)),
        "reading": _number(random),
        "battery": _number(random),
    }
    return {name: value for name, value in found.items() if random.random() < 0.9}


def question(random: Random, catalogue: Catalogue, known: Sequence[Event], now: datetime) -> Read:
    """Any question that a caller may ask."""
    name = random.choice(("*", "order", "api_request", "parcel", "parcel", "probe", "probe"))
    kind = catalogue.types[name]
    edges = _edges(random, known, now)
    measures = frozenset(random.sample(_measures(kind), random.randint(1, 5)))
    group_by = tuple(
        random.sample(
            sorted(kind.dimensions), min(len(kind.dimensions), random.choice((0, 0, 1, 2, 3)))
        )
    )
    tree = _filter(random, kind, known, depth=0) if random.random() < 0.4 else None
    top = None
    if len(edges) == 2 and group_by and random.random() < 0.7:
        top = Top(random.randint(1, 4), random.choice(_measures(kind)), random.random() < 0.8)
    return Read(name, edges, measures, group_by, tree, top)


def _measures(kind: EventType) -> list[MeasureKey]:
    of_numbers = [
        MeasureKey(what, name)
        for name in sorted(kind.measures)
        for what in ("n", "sum", "min", "max", "avg")
    ]
    ranks = [
        MeasureKey("quantile", name, q)
        for name in sorted(kind.measures)
        for q in (0.0, 0.07, 0.5, 0.95, 1.0)
    ]
    return [
        MeasureKey("count"),
        MeasureKey("error_count"),
        MeasureKey("users"),
        *of_numbers,
        *ranks,
    ]


def _edges(random: Random, known: Sequence[Event], now: datetime) -> tuple[datetime, ...]:
    shape = random.choice(("zone", "zone", "ragged", "whole", "aligned"))
    if shape == "whole":
        return now - timedelta(days=400), now + timedelta(days=2)
    if shape == "aligned":
        start = now.replace(minute=0, second=0, microsecond=0) - timedelta(
            hours=random.randrange(1, 900)
        )
        return start, start + timedelta(minutes=15 * random.randrange(1, 3_000))
    if shape == "ragged":
        at = {_moment(random, known, now) for _ in range(random.randint(2, 6))}
        at.add(now + timedelta(hours=1))
        at.add(now - timedelta(days=2))
        return tuple(sorted(at))
    granularity, days = random.choice(
        (
            (Granularity.QUARTER_HOUR, 2),
            (Granularity.HOUR, 4),
            (Granularity.DAY, 40),
            (Granularity.WEEK, 80),
            (Granularity.MONTH, 100),
        )
    )
    start = now - timedelta(
        days=days * random.random() + 0.01, seconds=random.choice((0, 1, 1_800))
    )
    end = start + timedelta(days=days * random.random() + 0.01)
    return bucket_edges(
        Interval(start, end), granularity, random.choice(ZONES), random.choice(tuple(Weekday))
    )


def _moment(random: Random, known: Sequence[Event], now: datetime) -> datetime:
    """Often just when an event occurred, where being half-open matters."""
    if known and random.random() < 0.5:
        return datetime.fromisoformat(random.choice(known)["occurredAt"]).astimezone(UTC)
    return now - timedelta(minutes=random.randrange(60 * 24 * 60), microseconds=random.randrange(3))


def _filter(random: Random, kind: EventType, known: Sequence[Event], depth: int) -> Filter:
    if depth < 2 and random.random() < 0.4:
        parts = tuple(_filter(random, kind, known, depth + 1) for _ in range(2))
        return random.choice((Filter(all_of=parts), Filter(any_of=parts), Filter(negated=parts[0])))
    values = (
        *TEXTS,
        "EUR",
        "USD",
        "true",
        "false",
        "3",
        "p1",
        "s1",
        "s2",
        "/a",
        "order",
        "500",
        "c1",
    )
    return Filter(
        random.choice(sorted(kind.dimensions)),
        tuple(dict.fromkeys(random.choices(values, k=random.randint(1, 5)))),
    )
