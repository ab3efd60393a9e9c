"""A verdict in a sentence, for the text of an alert."""

from collections.abc import Sequence
from datetime import datetime

from domain.anomaly_state import BLOCKS

AS_USUAL = "As usual."
MISSING = "No value."

_SPANS = (16, 8, 1, 40)
_KINDS = (
    "the level of the last {} points",
    "the run of the last {} points against its cycle",
    "the value for this hour of the week",
    "the ups and downs of the last {} points",
)
_MEAN = "the mean of the last {} points for this hour of the week"
_MOMENT = 2
_MOST = 6


def describe(
    value: float,
    lower: float | None,
    upper: float | None,
    at: datetime,
    parts: Sequence[Sequence[float]],
) -> str:
    """Where the value lies against what was expected, and which measurement is the most unusual.

    `parts` are the surprises per scale in the order level, run, moment, swing: 3 is one in a thousand.
    """
    scale, kind = max(
        ((scale, kind) for scale in range(len(parts)) for kind in range(len(_SPANS))),
        key=lambda place: parts[place[0]][place[1]],
    )
    odds = 10 ** min(max(round(parts[scale][kind]), 1), _MOST)
    where = _against(value, lower, upper)
    return f"{where} on {at:%A at %H:%M}; {_measured(scale, kind)} 1 in {odds:,}."


def _measured(scale: int, kind: int) -> str:
    """What was measured; a coarse scale's spans are in means of several points."""
    length = (1, *BLOCKS)[scale]
    form = _MEAN if kind == _MOMENT and scale else _KINDS[kind]
    return f"{form.format(_SPANS[kind] * length)} is as unusual as"


def _against(value: float, lower: float | None, upper: float | None) -> str:
    if lower is None or upper is None:
        return number(value)
    where = "above" if value > upper else "below" if value < lower else "within"
    return f"{number(value)} is {where} the expected {number(lower)} to {number(upper)}"


def number(value: float) -> str:
    """Four significant digits; from 1,000 on whole and with separators, below 1e15 without exponent."""
    text = f"{value:,.0f}" if 1_000 <= abs(value) < 1e15 else f"{value:.4g}"
    return "0" if text == "-0" else text
