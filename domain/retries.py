"""When to try a delivery again, and when to give up."""

from datetime import datetime, timedelta

FIRST = timedelta(seconds=5)
LONGEST = timedelta(minutes=10)
LONGEST_ASKED = timedelta(hours=1)
"""The most of a provider's Retry-After that is honoured."""

GIVE_UP_AFTER = timedelta(hours=25)


def pause(attempts: int, draw: float, asked: timedelta | None = None) -> timedelta:
    """How long to wait after the `attempts`th attempt failed; `draw` is a random number in [0, 1).

    Doubles up to `LONGEST`, of which up to half is taken off so that not all come back at once.
    """
    whole = min(FIRST * (1 << min(attempts - 1, 16)), LONGEST)
    own = whole * (1 - draw / 2)
    return max(own, min(asked, LONGEST_ASKED)) if asked is not None else own


def gives_up(created_at: datetime, now: datetime, after: timedelta = GIVE_UP_AFTER) -> bool:
    """Whether a message was tried for long enough."""
    return now - created_at >= after
