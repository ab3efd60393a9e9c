"""The audit log."""

from datetime import datetime

import strawberry

from domain.audit import AuditEntry as Kept
from graph.scalars import JSON
from graph.types.events import PageInfo
from resolvers.audit import AuditPage


@strawberry.type(description="One change that somebody made.")
class AuditEntry:
    id: strawberry.ID = strawberry.field(description="Its id; newer ones are larger.")
    at: datetime = strawberry.field(description="When it was made.")
    subject: str = strawberry.field(description="Who made it: the subject of the credential.")
    action: str = strawberry.field(
        description="What was done: create, update, delete, revoke, acknowledge, resolve, comment, expire."
    )
    object_type: str = strawberry.field(
        description="What kind of thing: alert, alert_config, alert_silence, api_key,"
        " notification_preferences, notification_routes."
    )
    object_id: str = strawberry.field(description="Which one.")
    before: JSON | None = strawberry.field(description="As it was; null where it was made.")
    after: JSON | None = strawberry.field(description="As it became; null where it is gone.")


@strawberry.type(description="One page of changes, the newest first.")
class AuditLogConnection:
    nodes: list[AuditEntry] = strawberry.field(description="The changes.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


def shown_audit(page: AuditPage) -> AuditLogConnection:
    """A page of the audit log as the schema shows it."""
    end = str(page.entries[-1].id) if page.entries else None
    return AuditLogConnection(
        nodes=[_shown(each) for each in page.entries],
        page_info=PageInfo(has_next_page=page.has_next, end_cursor=end),
    )


def _shown(entry: Kept) -> AuditEntry:
    change = entry.change
    return AuditEntry(
        id=strawberry.ID(str(entry.id)),
        at=entry.at,
        subject=change.subject,
        action=change.action,
        object_type=change.object_type,
        object_id=change.object_id,
        before=JSON(change.before) if change.before is not None else None,
        after=JSON(change.after) if change.after is not None else None,
    )
