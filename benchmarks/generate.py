"""Events to measure with: the same ones each time, for the same count, seed and end.

Thirty days by default, rising in time; users by a Zipf law, durations log-normal, a mix of built-in types.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import orjson

USERS = 200_000
ZIPF_EXPONENT = 1.05
CHUNK = 50_000
POINT_WIDTH = timedelta(minutes=15)
EVENTS_PER_POINT = 3
POINT_TYPE = "proof_lock"
"""The type of the events that the long series is made of; the mix below holds none of it."""

FIELDS = (
    *("id", "type", "occurredAt", "source", "userId", "durationMs", "statusCode"),
    *("errorMessage", "provider", "value", "currency", "cost"),
)
DASHBOARD_COLUMNS = (
    *("user_id", "event_type", "created_at", "duration_ms", "failed", "provider"),
    *("cost", "value", "currency", "collection", "status"),
)
TYPES = ("page_view", "click", "api_request", "purchase", "order", "error", "ml_job")
MIX = (0.50, 0.25, 0.15, 0.03, 0.02, 0.03, 0.02)
SOURCES = ("web", "shop", "studio", "mobile", "partner", "batch")
COUNTRIES = ("DE", "US", "FR", "GB", "IN", "NP", "AU", "WS", "BR", "JP", "PL", "ES")
METHODS = ("GET", "POST", "PUT", "DELETE")
STATUSES = (200, 200, 200, 200, 200, 200, 201, 304, 404, 500)
CURRENCIES = ("EUR", "USD", "GBP")
REFUNDED = "refunded"
COLLECTIONS = ("Black Rose", "Love Hurts", "Signature")
PIPELINES = ("generation3d", "descriptions", "assets")
PROVIDERS = ("replicate", "tripo", "huggingface", "gemini")


@dataclass(frozen=True, slots=True)
class Events:
    """A run of events, one array per attribute, all of one length. `pick` is a random 31-bit number each."""

    at: np.ndarray[Any, np.dtype[np.datetime64]]
    kind: np.ndarray[Any, np.dtype[np.int64]]
    user: np.ndarray[Any, np.dtype[np.int64]]
    duration_us: np.ndarray[Any, np.dtype[np.int64]]
    pick: np.ndarray[Any, np.dtype[np.int64]]
    noise: np.ndarray[Any, np.dtype[np.int64]]

    def __len__(self) -> int:
        return len(self.kind)


def events(
    count: int, end: datetime, *, days: float = 30, seed: int = 1, chunk: int = CHUNK
) -> Iterator[Events]:
    """`count` events in the `days` before `end`, in runs of at most `chunk`, rising in time."""
    popularity = np.cumsum(1.0 / np.arange(1, USERS + 1) ** ZIPF_EXPONENT)
    start = np.datetime64(end.astimezone(UTC).replace(tzinfo=None) - timedelta(days=days), "us")
    step = days * 86_400_000_000 / count
    for first in range(0, count, chunk):
        size = min(chunk, count - first)
        random = np.random.default_rng((seed, first))
        offsets = (np.arange(first, first + size) + random.random(size)) * step
        yield Events(
            at=start + offsets.astype(np.int64).astype("timedelta64[us]"),
            kind=random.choice(len(TYPES), size, p=MIX),
            user=np.searchsorted(popularity, random.random(size) * popularity[-1]),
            duration_us=(random.lognormal(4.4, 1.0, size) * 1000).astype(np.int64),
            pick=random.integers(0, 2**31, size),
            noise=random.integers(0, 2**62, size),
        )


def point_events(points: int, end: datetime) -> Iterator[dict[str, Any]]:
    """Events of one type that fill `points` quarter hours before `end`."""
    start = end - points * POINT_WIDTH
    gap = POINT_WIDTH / (EVENTS_PER_POINT + 1)
    for number in range(points * EVENTS_PER_POINT):
        bucket, place = divmod(number, EVENTS_PER_POINT)
        at = start + bucket * POINT_WIDTH + (place + 1) * gap
        yield {
            "id": str(UUID(int=number << 80 | 0x7 << 76 | 0x8 << 60 | 1)),
            "type": POINT_TYPE,
            "occurredAt": at.isoformat(),
            "userId": f"u{number % 997}",
            "durationMs": number % 500,
        }


def as_dicts(run: Events) -> Iterator[dict[str, Any]]:
    """Each event as its sender would write it in JSON."""
    moments = np.datetime_as_string(run.at, unit="ms", timezone="UTC").tolist()
    millis = run.at.astype("datetime64[ms]").astype(np.int64).tolist()
    columns = (run.kind, run.user, run.duration_us, run.pick, run.noise)
    for at, ms, kind, user, duration, pick, noise in zip(
        moments, millis, *(column.tolist() for column in columns), strict=True
    ):
        yield {
            "id": _uuid7(ms, noise),
            "type": TYPES[kind],
            "occurredAt": at,
            "source": SOURCES[pick % len(SOURCES)],
            "userId": f"u{user}",
            **_attributes(TYPES[kind], pick, duration / 1000),
        }


def lean(event: dict[str, Any]) -> dict[str, Any]:
    """The event with no more than who, what, when and how long."""
    return {
        "id": event["id"],
        "type": event["type"],
        "occurredAt": event["occurredAt"],
        "userId": event["userId"],
        "durationMs": event.get("durationMs", 1.5),
    }


def as_ndjson(run: Events) -> bytes:
    """The events as lines of flat JSON, the properties beside the fields."""
    return b"".join(orjson.dumps(_flat(each)) + b"\n" for each in as_dicts(run))


def as_user_type_time(run: Events) -> bytes:
    """The events as COPY text of (user_id, event_type, created_at)."""
    moments = np.datetime_as_string(run.at, unit="ms", timezone="UTC").tolist()
    return "".join(
        f"u{user}\t{TYPES[kind]}\t{at}\n"
        for user, kind, at in zip(run.user.tolist(), run.kind.tolist(), moments, strict=True)
    ).encode()


def as_dashboard_rows(run: Events) -> Iterator[tuple[Any, ...]]:
    """The events as rows of `DASHBOARD_COLUMNS`, each value of the type that its column has."""
    for each in as_dicts(run):
        own = each.get("properties", {})
        yield (
            each["userId"],
            each["type"],
            datetime.fromisoformat(each["occurredAt"]),
            each.get("durationMs"),
            each.get("statusCode", 0) >= 400 or "errorMessage" in each,
            each.get("provider"),
            _decimal(each.get("cost")),
            _decimal(each.get("value")),
            each.get("currency"),
            own.get("collection"),
            own.get("status"),
        )


def as_record(event: dict[str, Any], batch: int, received: datetime) -> tuple[Any, ...]:
    """The event as a row of analytics_events, its columns in the table's order."""
    properties = event.get("properties")
    return (
        UUID(event["id"]),
        None,
        batch,
        received,
        7,
        datetime.fromisoformat(event["occurredAt"]),
        event["type"],
        event.get("source"),
        event.get("userId"),
        None,
        None,
        "bench",
        _decimal(event.get("durationMs")),
        event.get("statusCode"),
        event.get("errorMessage"),
        event.get("provider"),
        _decimal(event.get("value")),
        event.get("currency"),
        _decimal(event.get("cost")),
        None if properties is None else orjson.dumps(properties).decode(),
    )


def _flat(event: dict[str, Any]) -> dict[str, Any]:
    own = event.pop("properties", {})
    return {**event, **own}


def _decimal(value: float | str | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _uuid7(ms: int, noise: int) -> str:
    return (
        f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7{noise & 0xFFF:03x}"
        f"-{0x8000 | noise >> 12 & 0x3FFF:04x}-{noise >> 26 & 0xFFFFFFFFFFFF:012x}"
    )


def _attributes(kind: str, pick: int, duration_ms: float) -> dict[str, Any]:
    match kind:
        case "page_view":
            page = {"path": f"/p/{pick % 97}", "country": _of(COUNTRIES, pick)}
            return {"durationMs": duration_ms, "properties": page}
        case "click":
            return {"properties": {"path": f"/p/{pick % 97}", "element": f"button-{pick % 23}"}}
        case "api_request":
            call = {"endpoint": f"/v1/things/{pick % 23}", "method": _of(METHODS, pick)}
            code = _of(STATUSES, pick)
            return {"durationMs": duration_ms, "statusCode": code, "properties": call}
        case "purchase":
            return _sale(pick)
        case "order":
            return _order(pick)
        case "error":
            return {"properties": {"code": f"E{pick % 37}"}}
        case _:
            return _job(pick, duration_ms)


def _job(pick: int, duration_ms: float) -> dict[str, Any]:
    """One in three fails; what it did costs all the same."""
    status = _of(("ok", "ok", "failed"), pick)
    return {
        "durationMs": duration_ms,
        "provider": _of(PROVIDERS, pick),
        "cost": f"{pick % 900 / 1000:.3f}",
        **({"errorMessage": "the provider gave up"} if status == "failed" else {}),
        "properties": {"pipeline": _of(PIPELINES, pick), "status": status},
    }


def _order(pick: int) -> dict[str, Any]:
    """One in twenty is a refund, of a negative value."""
    sale = _sale(pick)
    refund = pick % 20 == 0
    value = f"-{sale['value']}" if refund else sale["value"]
    status = {"status": REFUNDED if refund else "paid"}
    return {**sale, "value": value, "properties": sale["properties"] | status}


def _sale(pick: int) -> dict[str, Any]:
    """A collection is sold in one currency."""
    return {
        "value": f"{pick % 50_000 / 100:.2f}",
        "currency": _of(CURRENCIES, pick),
        "properties": {
            "product": f"SKU-{pick % 53}",
            "collection": _of(COLLECTIONS, pick),
            "country": _of(COUNTRIES, pick),
            "quantity": pick % 4 + 1,
        },
    }


def _of(choices: tuple[Any, ...], pick: int) -> Any:
    return choices[pick // 7 % len(choices)]
