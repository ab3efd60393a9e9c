"""Quiet hours, as the wall clock of the reader's zone shows them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.recipients import QuietHours

_DAY = timedelta(days=1)


def quiet_until(quiet: QuietHours, now: datetime) -> datetime | None:
    """When the quiet hours end that hold now; None while there are none.

    A clock that is set forward over the end ends them at the change. One that is set back may show the
    end twice: they end when it first shows it, and hold again while it shows earlier times once more.
    """
    local = now.astimezone(ZoneInfo(quiet.zone))
    shown = local.time()
    if quiet.start <= quiet.end:
        holds = quiet.start <= shown < quiet.end
    else:
        holds = shown >= quiet.start or shown < quiet.end
    if not holds:
        return None
    day = local.date() if shown < quiet.end else local.date() + _DAY
    end = datetime.combine(day, quiet.end, local.tzinfo)
    ends = (end.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return min(each for each in ends if each > now)
