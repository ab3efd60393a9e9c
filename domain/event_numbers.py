"""Exact decimals as text: one spelling per value, and the limits of the numbers that events may carry."""

import re
from decimal import Decimal

MAX_WHOLE_DIGITS = 18
MAX_DECIMALS = 12
MAX_PROPERTY_DIGITS = 1_000
"""How many digits either side of the point a number inside properties may need."""

_STORABLE = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,12})?").fullmatch


def plain(number: Decimal) -> str | None:
    """The one plain spelling of a number ("12.5", "0", "-3"); None where it is not finite or too long.

    Equal numbers have equal spellings. Nothing is rounded: the result is exactly the number.
    """
    text = str(number)
    if "E" in text or "N" in text or "I" in text:
        if not number.is_finite() or abs(number.adjusted()) > MAX_PROPERTY_DIGITS:
            return "0" if number.is_finite() and not number else None
        text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def storable(number: Decimal) -> str | None:
    """The plain spelling of a number below 1e18 in size with at most 12 decimals; None for any other."""
    text = str(number)
    if (
        len(text) <= MAX_DECIMALS
        and text.replace(".", "", 1).isdecimal()
        and (text[-1] != "0" or "." not in text)
    ):
        return text
    spelled = plain(number)
    return spelled if spelled is not None and _STORABLE(spelled) else None


def why_not_storable(number: Decimal) -> tuple[str, str]:
    """The code and the reason for a number that `storable` turns away."""
    if not number.is_finite():
        return "NOT_FINITE", f"{number} is not a finite number."
    if number.copy_abs() >= Decimal(10) ** MAX_WHOLE_DIGITS:
        return "OUT_OF_RANGE", "The number's size must be below 1e18."
    return "OUT_OF_RANGE", f"The number has more than {MAX_DECIMALS} decimals."


def exact(text: str) -> int | Decimal:
    """A JSON number that is not a plain integer, exactly; equal numbers come out as equal spellings.

    Raises ValueError for one that needs more than 1,000 digits on a side.
    """
    spelled = plain(Decimal(text))
    if spelled is None:
        raise ValueError("The number needs more than 1,000 digits.")
    return Decimal(spelled) if "." in spelled else int(spelled)
