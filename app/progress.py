"""Progress of long work: a bar with rate and time left on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

_LINE_EVERY = 2.0


class Show(Protocol):
    """Called with how much of the whole is done, and how many things that was."""

    def __call__(self, done: int, count: int) -> None: ...


@contextmanager
def progress(title: str, whole: int, unit: str) -> Iterator[Show]:
    """Show the progress of `whole` (bytes, days, …) of work that is counted in `unit`."""
    if sys.stderr.isatty():
        with _bar() as bar:
            task = bar.add_task(title, total=whole, said="")
            started = time.monotonic()

            def advance(done: int, count: int) -> None:
                rate = count / max(time.monotonic() - started, 1e-3)
                bar.update(task, completed=done, said=f"{count:,} {unit}, {rate:,.0f}/s")

            yield advance
    else:
        yield _Lines(title, whole, unit)


class _Lines:
    """At most one line every two seconds."""

    def __init__(self, title: str, whole: int, unit: str) -> None:
        self._title, self._whole, self._unit = title, max(whole, 1), unit
        self._started = self._last = time.monotonic()

    def __call__(self, done: int, count: int) -> None:
        now = time.monotonic()
        if now - self._last < _LINE_EVERY:
            return
        self._last, passed = now, now - self._started
        left = f", {passed * (self._whole - done) / done:.0f} s left" if done else ""
        print(
            f"{self._title}: {done / self._whole:.0%}, {count:,} {self._unit},"
            f" {count / passed:,.0f}/s{left}",
            file=sys.stderr,
            flush=True,
        )


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[said]}"),
        TimeRemainingColumn(),
        transient=True,
    )
