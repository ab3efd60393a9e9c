"""The audit log: who changed what."""

from collections.abc import Sequence
from dataclasses import dataclass

from db.audit import AuditEntry, AuditFilter, page_of_changes
from domain.errors import InvalidInput
from domain.limits import check_page
from domain.ranges import RangeSpec
from domain.ranges import resolve as resolve_range
from domain.zones import zone
from resolvers.scope import Scope

_LONGEST = 18


@dataclass(frozen=True, slots=True)
class AuditAsked:
    """The question; None for any."""

    subject: str | None
    action: str | None
    object_type: str | None
    object_id: str | None
    range: RangeSpec | None
    first: int
    after: str | None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """One page of changes, the newest first."""

    entries: Sequence[AuditEntry]
    has_next: bool


async def audit_log(scope: Scope, asked: AuditAsked) -> AuditPage:
    """A page of the changes that were made."""
    check_page(asked.first, scope.limits.page_size)
    made = None
    if asked.range is not None:
        made = resolve_range(asked.range, scope.now, zone("UTC"), scope.rooms.week_start)
    wanted = AuditFilter(asked.subject, asked.action, asked.object_type, asked.object_id, made)
    before = None if asked.after is None else _cursor(asked.after)
    return AuditPage(*await page_of_changes(scope.rooms.alerts.pool, wanted, asked.first, before))


def _cursor(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST):
        raise InvalidInput(
            "after is no cursor of this list; pass an endCursor as it came.",
            code="INVALID_CURSOR",
            field="after",
        )
    return int(text)
