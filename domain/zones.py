"""Time zones by IANA name. The machine's own database is read, and the tzdata package where it has none."""

import re
from difflib import get_close_matches
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from domain.errors import InvalidInput

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9][A-Za-z0-9_+-]*){0,3}")
_LONGEST_NAME = 64
_MACHINE_OWN = frozenset({"localtime", "Factory"})
"""Files of some databases that name no place: their meaning differs from machine to machine."""


def zone(name: str, *, field: str | None = None) -> ZoneInfo:
    """The zone of that exact name; otherwise UNKNOWN_TIME_ZONE with the names that come close."""
    if len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) and name in zone_names():
        return ZoneInfo(name)
    raise _unknown(name[:_LONGEST_NAME], field)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every name that `zone` takes."""
    return frozenset(available_timezones()) - _MACHINE_OWN


def _unknown(name: str, field: str | None) -> InvalidInput:
    close = _close_names(name)
    advice = (
        f"Did you mean {' or '.join(close)}?"
        if close
        else "Give an IANA name, as Europe/Berlin or UTC."
    )
    return InvalidInput(
        f"Unknown time zone {name!r}. {advice}",
        code="UNKNOWN_TIME_ZONE",
        field=field,
        closeMatches=close,
    )


def _close_names(name: str) -> list[str]:
    """At most three names that are spelt alike, whatever the case, or whose city is."""
    asked = name.casefold().replace(" ", "_")
    whole = {each.casefold(): each for each in sorted(zone_names())}
    cities = {each.casefold().rsplit("/", 1)[-1]: each for each in sorted(zone_names())}
    found = [
        *(whole[each] for each in get_close_matches(asked, whole, n=3, cutoff=0.75)),
        *(cities[each] for each in get_close_matches(asked, cities, n=3, cutoff=0.75)),
    ]
    return list(dict.fromkeys(found))[:3]
