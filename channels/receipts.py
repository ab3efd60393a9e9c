"""What became of one attempt to send."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from domain.news import Message

TIMEOUT = 10.0
"""Seconds that a provider has for one attempt; a lease lasts longer than that."""


class Outcome(StrEnum):
    """The provider has it, has it not, or may have it."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Receipt:
    """`retryable`: sending the same again may help. `after` is the wait that the provider asks for."""

    outcome: Outcome
    retryable: bool
    provider_id: str | None = None
    detail: str = ""
    after: timedelta | None = None


class Sender(Protocol):
    """One channel. Never raises for what a provider does."""

    async def __call__(self, message: Message) -> Receipt: ...


Senders = Mapping[str, Sender]
"""By channel; one that is not set up is not in it."""


def accepted(provider_id: str | None, detail: str = "") -> Receipt:
    """The provider has taken it over."""
    return Receipt(Outcome.ACCEPTED, retryable=False, provider_id=provider_id, detail=detail)


def refused(detail: str, *, retryable: bool, after: timedelta | None = None) -> Receipt:
    """The provider does not have it."""
    return Receipt(Outcome.REFUSED, retryable=retryable, detail=detail, after=after)


def unknown(detail: str) -> Receipt:
    """It was on its way when the line went dead: it is sent again, and may arrive twice."""
    return Receipt(Outcome.UNKNOWN, retryable=True, detail=detail)
