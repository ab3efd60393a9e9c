"""What one user did in all, as far as the caller may see."""

from domain.catalogue import ALL_EVENTS
from domain.policy import visible_types
from domain.user_totals import UserTotals
from resolvers.events import checked_user
from resolvers.scope import Scope


async def user_analytics(scope: Scope, user_id: str) -> UserTotals | None:
    """Totals over the types of events that the caller may ask about; None where there are none."""
    seen = visible_types(scope.caller.role, scope.rooms.catalogue)
    types = [each.name for each in seen if each.name != ALL_EVENTS]
    return await scope.rooms.user_totals(checked_user(user_id), types)
