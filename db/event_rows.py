"""Raw events, page by page, for drilling down from a number to what it counts."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from db.expressions import Parameters, condition, dimension_of_event
from db.queries import load
from domain.catalogue import ALL_EVENTS, Catalogue
from domain.pages import Page, Position, StoredEvent, position
from domain.questions import Filter, Interval, Warning

QUERIES = load("event_rows")


async def page(
    pool: asyncpg.Pool,
    catalogue: Catalogue,
    *,
    interval: Interval,
    event_type: str = ALL_EVENTS,
    filter: Filter | None = None,
    user_id: str | None = None,
    first: int = 100,
    after: str | None = None,
) -> Page:
    """The `first` newest events of the interval that come after the cursor."""
    start = None if after is None else position(after)
    statement, values = _statement(
        catalogue, interval, event_type, filter, user_id, first + 1, start
    )
    types = None if event_type == ALL_EVENTS else [event_type]
    async with pool.acquire() as connection:
        rows = await connection.fetch(statement, *values)
        # After the rows: what is dropped in between is then warned of.
        gaps = await connection.fetch(QUERIES["gaps"], interval.start, types)
    return Page(
        events=tuple(_event(row) for row in rows[:first]),
        has_next=len(rows) > first,
        warnings=tuple(_warning(gap["event_type"], gap["raw_from"]) for gap in gaps),
    )


def _statement(
    catalogue: Catalogue,
    interval: Interval,
    event_type: str,
    filter: Filter | None,
    user_id: str | None,
    limit: int,
    after: Position | None,
) -> tuple[str, Sequence[object]]:
    parameters = Parameters([limit])
    kind = catalogue.event_type(event_type)
    conditions = [
        f"e.occurred_at >= {parameters.add(interval.start, 'timestamptz')}",
        f"e.occurred_at < {parameters.add(interval.end, 'timestamptz')}",
        condition(
            filter,
            lambda name: dimension_of_event(kind.dimension(name, field="filter")),
            parameters,
        ),
    ]
    if event_type != ALL_EVENTS:
        conditions.append(f"e.event_type = {parameters.add(event_type, 'text')}")
    if user_id is not None:
        conditions.append(f"e.user_id = {parameters.add(user_id, 'text')}")
    if after is not None:
        instant, id = (
            parameters.add(after.occurred_at, "timestamptz"),
            parameters.add(after.id, "uuid"),
        )
        conditions.append(f"(e.occurred_at, e.id) < ({instant}, {id})")
    return QUERIES["page"].replace(
        "true /* conditions */", " AND ".join(conditions)
    ), parameters.values


def _event(row: asyncpg.Record) -> StoredEvent:
    identity = row["id"]
    return StoredEvent(
        position=Position(row["occurred_at"], identity),
        id=row["client_id"] if row["client_id"] is not None else str(identity),
        event_type=row["event_type"],
        received_at=row["received_at"],
        source=row["source"],
        user_id=row["user_id"],
        device_id=row["device_id"],
        session_id=row["session_id"],
        correlation_id=row["correlation_id"],
        duration_ms=row["duration_ms"],
        status_code=row["status_code"],
        error_message=row["error_message"],
        provider=row["provider"],
        value=row["value"],
        currency=row["currency"],
        cost=row["cost"],
        properties=_properties(row["properties"]),
    )


def _properties(text: str | None) -> dict[str, object] | None:
    return None if text is None else msgspec.json.decode(text, type=dict[str, object])


def _warning(event_type: str, raw_from: datetime) -> Warning:
    shown = raw_from.isoformat().replace("+00:00", "Z")
    return Warning(
        "RAW_EVENTS_DROPPED",
        f"Raw events of type {event_type!r} are no longer all kept before {shown};"
        " numbers still count them.",
    )
