"""Alerts as the contract shows them."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from domain.alert_records import Alert, AlertEvent
from domain.errors import InvalidInput
from domain.pages import Position
from resolvers.events import PageInfo
from resolvers.user_errors import UserError


@dataclass(frozen=True, slots=True)
class ShownAlert:
    """An alert; `events` is its history where that was asked for."""

    alert: Alert
    events: Sequence[AlertEvent] = ()

    @property
    def position(self) -> Position:
        return Position(self.alert.triggered_at, self.alert.id)


@dataclass(frozen=True, slots=True)
class AlertEdge:
    """One alert and where it stands in the list."""

    node: ShownAlert

    @property
    def cursor(self) -> str:
        return self.node.position.cursor()


@dataclass(frozen=True, slots=True)
class AlertConnection:
    """One page of alerts, the newest first."""

    nodes: Sequence[ShownAlert]
    has_next: bool

    @property
    def edges(self) -> list[AlertEdge]:
        return [AlertEdge(node) for node in self.nodes]

    @property
    def page_info(self) -> PageInfo:
        end = self.nodes[-1].position.cursor() if self.nodes else None
        return PageInfo(self.has_next, end)


@dataclass(frozen=True, slots=True)
class AlertPayload:
    """The alert after a change, or why there was none."""

    alert: ShownAlert | None
    user_errors: Sequence[UserError] = ()


def finite(value: float | None) -> float | None:
    """Numbers that JSON has; growth from nothing is infinite and shown as none."""
    return value if value is not None and isfinite(value) else None


def encoded_name(name: str) -> str:
    """A cursor of a list by name."""
    return base64.urlsafe_b64encode(name.encode()).decode()


def decoded_name(cursor: str) -> str:
    """The name that a cursor stands for."""
    try:
        return base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        raise InvalidInput(
            "after is no cursor of this list; pass an endCursor as it came.",
            code="INVALID_CURSOR",
            field="after",
        ) from None
