"""Rows of analytics_events: what a batch adds to the line of each event, for COPY or as JSON."""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime

from domain.event_lines import COLUMNS as OF_EVENT
from domain.events import Event

COLUMNS = ("batch_id", "received_at", "raw_days", *OF_EVENT)

ESCAPE = "\\"
NULL = "null"
"""COPY's options for the lines, in format csv: JSON's null is its null, JSON's quotes and \\" its own."""

_CONTROLS = bytes(range(0x20))


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


def json_lines(events: Iterable[Event], raw_days: int) -> str | None:
    """The lines as a JSON array of arrays, each with its `raw_days` at the end.

    None where a text holds control characters: they are all that a line spells unlike JSON.
    """
    lines = [
        b"[%b,%d]" % (each.line, raw_days if each.raw_days is None else each.raw_days)
        for each in events
    ]
    joined = b"[" + b",".join(lines) + b"]"
    if len(joined.translate(None, _CONTROLS)) < len(joined):
        return None
    return joined.decode()
