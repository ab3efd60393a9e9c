"""Keeps child processes running until told to stop."""

import asyncio
import contextlib
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from app.child import Command, spawn

STOP_PATIENCE = 15.0
_LOOK_AGAIN = 0.05
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 10.0
_STEADY_AFTER = 30.0

log = structlog.get_logger("tidemark.up")


@dataclass(slots=True)
class Child:
    """A program that should run; `process` is the one that does. `command` is asked at each start."""

    command: Callable[[], Command]
    inherit: tuple[int, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None
    pause: float = field(default=_FIRST_PAUSE)


async def supervise(children: Sequence[Child], stop: asyncio.Event) -> None:
    """Run the children, start again those that end, and end all once `stop` is set."""
    async with asyncio.TaskGroup() as tasks:
        for child in children:
            tasks.create_task(_keep(child, stop))


async def _keep(child: Child, stop: asyncio.Event) -> None:
    try:
        while not stop.is_set():
            await _run_once(child, stop)
    finally:
        await _end(child)


async def _run_once(child: Child, stop: asyncio.Event) -> None:
    """One life of the child and, where it ended by itself, the pause after it."""
    process = child.process or spawn(child.command(), child.inherit)
    child.process = process
    started = time.monotonic()
    if not await ended(process, stop):
        return
    child.process = None
    steady = time.monotonic() - started > _STEADY_AFTER
    child.pause = _FIRST_PAUSE if steady else child.pause
    log.warning(
        "a process ended and is started again",
        name=child.command().name,
        returncode=process.returncode,
        pause=child.pause,
    )
    await _stopped_within(stop, child.pause)
    child.pause = min(child.pause * 2, _LONGEST_PAUSE)


async def ended(process: "subprocess.Popen[bytes]", stop: asyncio.Event) -> bool:
    """Wait for the end of the process or for `stop`; whether it was the process."""
    while process.poll() is None:
        if await _stopped_within(stop, _LOOK_AGAIN):
            return False
    return True


async def _end(child: Child) -> None:
    process = child.process
    if process is None or process.poll() is not None:
        return
    process.send_signal(child.command().stop)
    deadline = time.monotonic() + STOP_PATIENCE
    while process.poll() is None:
        if time.monotonic() > deadline:
            process.kill()
        await asyncio.sleep(_LOOK_AGAIN)


async def _stopped_within(stop: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()
