"""Logs of child processes, which take bounded room however long the children live."""

import asyncio
import contextlib
import shutil
from pathlib import Path
from typing import BinaryIO

LARGEST = 16 * 1024 * 1024
_LOOK_EVERY = 60.0


def open_log(path: Path) -> BinaryIO:
    """Append to the log; what is large already is put aside first."""
    put_aside(path, LARGEST)
    return path.open("ab")


def put_aside(path: Path, largest: int) -> None:
    """Move what a log of more than so many bytes holds into `NAME.1`, in the place of what was there.

    The file itself stays, and is emptied: processes that append to it go on doing so. Lines written between
    copying and emptying are lost.
    """
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > largest:
            shutil.copyfile(path, path.with_name(f"{path.name}.1"))
            with path.open("r+b") as file:
                file.truncate()


async def bounded_logs(folder: Path, stop: asyncio.Event) -> None:
    """Put aside what has grown large, once a minute until told to stop."""
    while not stop.is_set():
        _look(folder)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _LOOK_EVERY)


def _look(folder: Path) -> None:
    for path in folder.glob("*.log"):
        put_aside(path, LARGEST)
