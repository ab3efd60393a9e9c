"""What stays of an answered request: a count of its time, and a line where that is worth one."""

import logging

import structlog

from app.request_times import RequestTimes

SLOW = 1.0
"""Seconds from which a request is worth a log line even where all is well."""

_ROOT = logging.getLogger()

log = structlog.get_logger("tidemark.http")


def note(times: RequestTimes, method: str, route: str, status: int, seconds: float) -> None:
    """Take down an HTTP request that is over."""
    times.observe(method, route, status, seconds)
    note_line(method, route, status, seconds)


def note_line(method: str, route: str, status: int, seconds: float) -> None:
    """The line alone, for what goes on for as long as it likes."""
    if status < 500 and seconds <= SLOW and not _ROOT.isEnabledFor(logging.DEBUG):
        return
    write = log.warning if status >= 500 else log.info if seconds > SLOW else log.debug
    write("request", method=method, route=route, status=status, seconds=round(seconds, 4))
