"""The points that callers spend on questions."""

from typing import Protocol

from domain.token_bucket import Allowance


class Points(Protocol):
    """A bucket per caller; see domain/cost.py for what things cost."""

    allowance: Allowance

    async def charge(self, caller: str, points: int) -> None:
        """Take points out. Raises RateLimited where they are not there."""

    def spend(self, caller: str, points: int) -> bool:
        """Take points out where that needs no asking. False: none were taken."""

    def refund(self, caller: str, points: float) -> None:
        """Give back what was not needed."""

    def remaining(self, caller: str) -> int:
        """About how many are left."""
