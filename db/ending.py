"""Ending a task whose cancellation was lost on the way."""

import asyncio


def end_if_cancelled() -> None:
    """Raise CancelledError in a task that was asked to end; whoever catches errors to go on calls it.

    Where the connection of a cancelled statement is lost as well, the error of the rollback comes in place of
    the cancellation, which nobody repeats.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
