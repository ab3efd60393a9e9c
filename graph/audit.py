"""Questions about who changed what."""

from typing import Annotated

import strawberry

from graph.arguments import After, First
from graph.fields import computed
from graph.inputs import RangeInput
from graph.types.audit import AuditLogConnection, shown_audit
from resolvers.audit import AuditAsked, audit_log
from resolvers.scope import Scope

Info = strawberry.Info[Scope, None]
_FIRST = 100


def _only(what: str) -> object:
    return strawberry.argument(description=f"Only changes {what}.")


@strawberry.type
class AuditQuestions:
    @computed("Who changed what, the newest first.", AuditLogConnection | None)
    async def audit_log(
        self,
        info: Info,
        subject: Annotated[str | None, _only("by this subject")] = None,
        action: Annotated[str | None, _only("of this kind, as `create`")] = None,
        object_type: Annotated[
            str | None, _only("of this kind of thing, as `alert_config`")
        ] = None,
        object_id: Annotated[str | None, _only("of this thing")] = None,
        range: Annotated[RangeInput | None, _only("in this span; in UTC")] = None,
        first: First = _FIRST,
        after: After = None,
    ) -> object:
        asked = AuditAsked(
            subject,
            action,
            object_type,
            object_id,
            None if range is None else range.spec(),
            first,
            after,
        )
        return shown_audit(await audit_log(info.context, asked))
