"""Waiting until what was committed is in the rollups, so that the first questions are quick ones."""

import asyncio

from app.progress import progress
from db.pool import Connection
from db.probes import waiting_events

_LOOK_AGAIN = 0.2
_PATIENCE = 15.0


async def caught_up(connection: Connection, stop: asyncio.Event) -> bool:
    """Show how the tail shrinks until it is gone; False where that stops or is to be stopped."""
    now = asyncio.get_running_loop().time
    whole = left = await waiting_events(connection)
    moved = now()
    with progress("rolling up", whole, "events") as show:
        while left and not stop.is_set() and now() - moved < _PATIENCE:
            await asyncio.sleep(_LOOK_AGAIN)
            before, left = left, await waiting_events(connection)
            moved = now() if left < before else moved
            show(max(whole - left, 0), max(whole - left, 0))
    return not left
