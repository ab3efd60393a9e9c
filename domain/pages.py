"""Pages of raw events: the rows, and cursors that say where a page ended."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from domain.errors import InvalidInput
from domain.questions import Warning

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended: the last row's instant and id. Rows are ordered by both, newest first."""

    occurred_at: datetime
    id: UUID

    def cursor(self) -> str:
        """The position as opaque text."""
        micros = (self.occurred_at - _EPOCH) // _MICROSECOND
        packed = micros.to_bytes(8, "big", signed=True) + self.id.bytes
        return base64.urlsafe_b64encode(packed).decode()


def position(cursor: str, *, field: str = "after") -> Position:
    """The position that a cursor stands for."""
    try:
        packed = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
        if len(packed) != 24:
            raise ValueError("length")
        micros = int.from_bytes(packed[:8], "big", signed=True)
        return Position(_EPOCH + micros * _MICROSECOND, UUID(bytes=packed[8:]))
    except (ValueError, OverflowError, binascii.Error):
        raise InvalidInput(
            f"{field} is no cursor of this list; pass an endCursor as it came.",
            code="INVALID_CURSOR",
            field=field,
        ) from None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One raw event as it is kept. `id` is the sender's own, where it had one."""

    position: Position
    id: str
    event_type: str
    received_at: datetime
    source: str | None
    user_id: str | None
    device_id: str | None
    session_id: str | None
    correlation_id: str
    duration_ms: Decimal | None
    status_code: int | None
    error_message: str | None
    provider: str | None
    value: Decimal | None
    currency: str | None
    cost: Decimal | None
    properties: Mapping[str, object] | None

    @property
    def occurred_at(self) -> datetime:
        return self.position.occurred_at

    @property
    def cursor(self) -> str:
        return self.position.cursor()

    @property
    def is_error(self) -> bool:
        """A status of 400 or more, or an error message."""
        return (self.status_code or 0) >= 400 or self.error_message is not None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of raw events, newest first. A warning says where older ones are no longer kept."""

    events: tuple[StoredEvent, ...]
    has_next: bool
    warnings: tuple[Warning, ...] = ()
