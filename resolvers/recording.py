"""Recording events that came in a mutation."""

from collections.abc import Sequence
from typing import Any

from domain.events import Receipt
from domain.limits import check_limit
from resolvers.scope import Scope


async def record(scope: Scope, events: Sequence[dict[str, Any]]) -> Receipt:
    """Commit the events; each as it was sent, checked one by one."""
    check_limit(
        len(events),
        scope.limits.events_per_mutation,
        "events",
        code="TOO_MANY_EVENTS",
        field="input.events",
    )
    return await scope.rooms.record(events, scope.caller, scope.now)
