"""What streams may take, and why one is ended before its time."""

from dataclasses import dataclass

from domain.errors import Forbidden, InvalidInput, OverLimit, TidemarkError

_LARGEST_CURSOR = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Each field is the most that is allowed; callers are counted in each process by itself."""

    init_seconds: float = 10.0
    per_connection: int = 100
    per_caller: int = 200
    per_process: int = 5_000
    send_seconds: float = 10.0
    keepalive_seconds: float = 15.0


class TooSlow(TidemarkError):
    """The reader takes nothing; it resumes by its cursor."""

    code = "TOO_SLOW"


class TooManyStreams(OverLimit):
    """More streams at once than one may have."""

    code = "TOO_MANY_SUBSCRIPTIONS"


class ForeignOrigin(Forbidden):
    """A web page that may not call the API."""

    code = "FOREIGN_ORIGIN"


def cursor_of(after: str | None, *, field: str = "after") -> int | None:
    """The number that a cursor of a stream or of the audit log is; raises INVALID_CURSOR."""
    if after is None:
        return None
    if after.isascii() and after.isdigit() and len(after) <= 19 and int(after) <= _LARGEST_CURSOR:
        return int(after)
    raise InvalidInput(
        f"{field} {after[:40]!r} is no cursor that is given here; pass one as it came.",
        code="INVALID_CURSOR",
        field=field,
    )
