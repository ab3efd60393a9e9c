"""The audit log: who changed what."""

from collections.abc import Sequence
from dataclasses import dataclass

from db.audit import AuditFilter, page_of_changes
from domain.audit import AuditEntry
from domain.limits import check_page
from domain.ranges import RangeSpec
from domain.streams import cursor_of
from resolvers.scope import Scope
from resolvers.windows import span_in_utc


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
    made = span_in_utc(scope, asked.range)
    wanted = AuditFilter(asked.subject, asked.action, asked.object_type, asked.object_id, made)
    before = cursor_of(asked.after)
    return AuditPage(*await page_of_changes(scope.rooms.alerts.pool, wanted, asked.first, before))
