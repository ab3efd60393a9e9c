"""What the demo's organisation does in public: donations, projects, posts, and messages to people."""

from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from domain.demo_weather import Day
from domain.event_wire import Wire

_CENT = Decimal("0.01")
_PARTNERS = (
    ("Harbour Foundation", "foundation", "USD"),
    ("City of Lyon", "government", "EUR"),
    ("Northwind Ltd", "company", "GBP"),
    ("Rivera Family", "individual", "USD"),
    ("Green Coast Fund", "foundation", "EUR"),
    ("Kestrel Bank", "company", "GBP"),
    ("Friends of the Estuary", "individual", "USD"),
    ("Province of Utrecht", "government", "EUR"),
    ("Lantern Trust", "foundation", "USD"),
    ("Marlow & Sons", "company", "USD"),
)
_PARTNER_WEIGHTS = tuple(round(100 / rank) for rank in range(1, len(_PARTNERS) + 1))
_CAMPAIGNS = ("spring-appeal", "clean-water", "winter-relief", "school-year")
_PROJECTS = (
    ("Wells", "water", "East Africa"),
    ("Night School", "education", "South Asia"),
    ("Mobile Clinic", "health", "West Africa"),
    ("Seed Bank", "food", "East Africa"),
    ("Shelter", "housing", "Levant"),
    ("Teacher Training", "education", "West Africa"),
)
_CYCLE, _RUNNING = 120, 105
_PLATFORMS = (("instagram", 45), ("facebook", 30), ("youtube", 15), ("linkedin", 10))
_KINDS = ("photo", "video", "link", "text")
_CHANNELS = (("email", 60, 0.04), ("push", 25, 0.1), ("sms", 15, 0.02))
_TEMPLATES = ("welcome", "receipt", "digest", "reminder")
_WEIGHTS = {
    "donation": 14,
    "partner_engagement": 12,
    "project_update": 6,
    "social_post": 6,
    "social_engagement": 26,
    "notification": 14,
}
_EVENTS_PER_DRAW = 1.25


def outreach(day: Day, count: int) -> Iterator[Wire]:
    """About so many events; a message makes up to four."""
    draws = round(count / _EVENTS_PER_DRAW)
    for kind in day.random.choices(tuple(_WEIGHTS), tuple(_WEIGHTS.values()), k=draws):
        if kind == "notification":
            yield from _message(day)
        elif kind == "donation":
            yield _donation(day)
        elif kind == "partner_engagement":
            yield _contact(day)
        elif kind == "project_update":
            yield _news(day)
        else:
            yield _social(day, kind)


def _donation(day: Day) -> Wire:
    partner, kind, currency = day.random.choices(_PARTNERS, _PARTNER_WEIGHTS)[0]
    status = day.random.choices(("paid", "committed", "pledged"), (70, 18, 12))[0]
    wire = _wire(
        "donation",
        day.moment(),
        {
            "partner": partner,
            "partnerType": kind,
            "campaign": day.random.choice(_CAMPAIGNS),
            "recurring": day.random.random() < 0.4,
            "status": status,
        },
    )
    amount = Decimal(day.random.lognormvariate(5.2, 1.1))
    wire.value, wire.currency = amount.quantize(_CENT, ROUND_HALF_UP), currency
    return wire


def _contact(day: Day) -> Wire:
    partner, kind, _ = day.random.choices(_PARTNERS, _PARTNER_WEIGHTS)[0]
    wire = _wire(
        "partner_engagement",
        day.moment(),
        {
            "partner": partner,
            "partnerType": kind,
            "channel": day.random.choice(("email", "phone", "meeting", "event")),
            "kind": day.random.choice(("proposal", "report", "visit", "thanks")),
        },
    )
    wire.duration_ms = day.duration(900_000, 0.7)
    return wire


def _news(day: Day) -> Wire:
    number = day.random.randrange(len(_PROJECTS))
    name, sector, region = _PROJECTS[number]
    run, phase = divmod(day.start.toordinal() + number * 17, _CYCLE)
    status = "planned" if phase < 10 else "active" if phase < _RUNNING else "completed"
    wire = _wire(
        "project_update",
        day.moment(),
        {
            "project": f"{name} {run}",
            "sector": sector,
            "region": region,
            "status": status,
            "progress": min(100, phase * 100 // _RUNNING),
            "beneficiaries": day.random.randrange(5, 120) if status == "active" else 0,
            "spent": day.random.randrange(100, 4_000) if status == "active" else 0,
            "budget": day.random.randrange(10_000, 60_000) if status == "planned" else 0,
        },
    )
    wire.currency = "USD"
    return wire


def _social(day: Day, kind: str) -> Wire:
    platform = _drawn(day, _PLATFORMS)
    seen = int(day.random.lognormvariate(6.5 if kind == "social_post" else 4.5, 0.9))
    return _wire(
        kind,
        day.moment(),
        {
            "platform": platform,
            "kind": day.random.choice(_KINDS),
            "account": f"tidemark-demo-{platform}",
            "impressions": seen,
            "reach": int(seen * 0.7),
            "likes": int(seen * day.random.uniform(0.01, 0.06)),
            "comments": int(seen * day.random.uniform(0, 0.01)),
            "shares": int(seen * day.random.uniform(0, 0.01)),
            "clicks": int(seen * day.random.uniform(0, 0.02)),
            "followers": day.random.randrange(-2, 6),
        },
    )


def _message(day: Day) -> Iterator[Wire]:
    channel, _, failing = day.random.choices(_CHANNELS, [each[1] for each in _CHANNELS])[0]
    told: dict[str, Any] = {
        "channel": channel,
        "campaign": day.random.choice(_CAMPAIGNS),
        "template": day.random.choice(_TEMPLATES),
    }
    user, moment = f"demo-user-{day.user()}", day.moment()
    yield _step(user, moment, told, "sent")
    moment = day.later(moment, 5)
    if day.random.random() < failing:
        wire = _step(user, moment, told, day.random.choice(("failed", "bounced")))
        wire.error_message = "the demo's mailbox is full"
        yield wire
        return
    delivered = _step(user, moment, told, "delivered")
    delivered.duration_ms = day.duration(2_500, 0.8)
    yield delivered
    for status, chance, wait in (("opened", 0.4, 3_000), ("clicked", 0.3, 60)):
        if day.random.random() >= chance:
            return
        moment = day.later(moment, wait)
        yield _step(user, moment, told, status)


def _step(user: str, moment: datetime, told: dict[str, Any], status: str) -> Wire:
    wire = _wire("notification", moment, {**told, "status": status})
    wire.user_id = user
    return wire


def _drawn(day: Day, choices: tuple[tuple[str, int], ...]) -> str:
    return day.random.choices([name for name, _ in choices], [weight for _, weight in choices])[0]


def _wire(kind: str, moment: datetime, properties: dict[str, Any]) -> Wire:
    source = f"demo-{kind.partition('_')[0]}s"
    return Wire(
        type=kind, occurred_at=moment, source=source, properties={"demo": True, **properties}
    )
