"""Rows of analytics_events as lines for COPY: what a batch adds before the line of each event."""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime

from domain.event_lines import COLUMNS as OF_EVENT
from domain.events import Event

COLUMNS = ("batch_id", "received_at", "raw_days", *OF_EVENT)

ESCAPE = "\\"
NULL = "null"
"""COPY's options for the lines, in format csv: JSON's null is its null, JSON's quotes and \\" its own."""


async def copy_lines(
    events: Iterable[Event], batch_id: int, received_at: datetime, raw_days: int
) -> AsyncIterator[bytes]:
    """The lines of one batch; `raw_days` is for events whose type names no retention.

    A generator, for COPY reads a file in a thread.
    """
    lines: dict[int | None, list[bytes]] = {}
    for event in events:
        lines.setdefault(event.raw_days, []).append(event.line)
    for days, each in lines.items():
        kept = raw_days if days is None else days
        first = f"{batch_id},{received_at.isoformat()},{kept},".encode()
        yield first
        yield (b"\n" + first).join(each)
        yield b"\n"
