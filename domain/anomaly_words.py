"""A verdict in a sentence or two, for the text of an alert."""

from collections.abc import Sequence
from datetime import datetime

from domain.seasonality import CYCLES

_PARTS = (
    "the level of the last 16 points is",
    "the last 8 points together are",
    "the value for this hour of the week is",
    "the ups and downs of the last 40 points are",
)
_MOST = 6


def describe(
    value: float,
    band: tuple[float | None, float | None],
    cycle: int,
    at: datetime,
    parts: Sequence[float],
) -> str:
    """Where the value lies against what was expected, and which measurement is the most unusual.

    `parts` are surprises in the order level, run, moment, swing: 3 is one in a thousand.
    """
    most = max(range(len(parts)), key=parts.__getitem__)
    odds = 10 ** min(max(round(parts[most]), 1), _MOST)
    return f"{_against(value, *band, cycle, at)}; {_PARTS[most]} unusual (about 1 in {odds:,})."


def _against(
    value: float, lower: float | None, upper: float | None, cycle: int, at: datetime
) -> str:
    if lower is None or upper is None:
        return number(value)
    where = "above" if value > upper else "below" if value < lower else "within"
    usual = f" for this {CYCLES[cycle]} ({at:%A %H:%M})" if cycle else ""
    return f"{number(value)} is {where} the expected {number(lower)} to {number(upper)}{usual}"


def number(value: float) -> str:
    """Four significant digits, thousands separated, no exponent between 1e-4 and 1e15."""
    text = f"{value:,.0f}" if 1_000 <= abs(value) < 1e15 else f"{value:.4g}"
    return "0" if text == "-0" else text
