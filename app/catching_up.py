"""Showing how what was committed comes into the rollups."""

import asyncio

from app.progress import progress
from db.pool import Connection
from db.probes import waiting_events

TITLE = "rolling up (answers are right already, and quicker then)"
_LOOK_AGAIN = 0.5
_PATIENCE = 60.0


async def catching_up(connection: Connection, stop: asyncio.Event) -> None:
    """Show how the tail shrinks, until it is gone, does not shrink any more, or `stop` is set."""
    now = asyncio.get_running_loop().time
    whole = left = await waiting_events(connection)
    moved = now()
    with progress(TITLE, whole, "events") as show:
        while left and not stop.is_set() and now() - moved < _PATIENCE:
            await asyncio.sleep(_LOOK_AGAIN)
            before, left = left, await waiting_events(connection)
            if left < before:
                moved = now()
                show(max(whole - left, 0), max(whole - left, 0))
