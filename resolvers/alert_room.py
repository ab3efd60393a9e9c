"""What resolvers of alerts share."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from db.notification_ledger import told_of
from db.pool import Pool
from domain.errors import InvalidInput
from domain.told import Told


async def _nobody() -> None:
    """Nobody is waiting."""


@dataclass(frozen=True, slots=True)
class AlertRoom:
    """The way to the database of alerts, and whom to wake after a change.

    `happened` is called after history was written, `due` after a config changed.
    """

    pool: Pool
    happened: Callable[[], Awaitable[None]] = _nobody
    due: Callable[[], Awaitable[None]] = _nobody

    async def told(self, alert_ids: Sequence[UUID]) -> list[list[Told]]:
        """What was told of each of these alerts."""
        return await told_of(self.pool, alert_ids)


def uuid_of(text: str, *, field: str = "id") -> UUID:
    """The id that a text is; raises INVALID_ID."""
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput(
            f"{field} {text!r} is no id: a UUID is.", code="INVALID_ID", field=field
        ) from None
