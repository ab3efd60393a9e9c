"""What a caller sees of groups: some roles see none that is small enough to be about single people."""

from dataclasses import replace

from domain.catalogue import EventType
from domain.errors import Forbidden
from domain.policy import check_dimensions, smallest_group
from domain.questions import COUNT, USERS, Filter, Read
from resolvers.scope import Scope
from resolvers.windows import Window


def of_groups(scope: Scope, read: Read) -> Read:
    """The same read with as small groups as the caller may see."""
    smallest = smallest_group(scope.caller.role)
    if smallest == 1:
        return read
    return replace(read, measures=read.measures | {COUNT, USERS}, smallest=smallest)


async def check_sight(
    scope: Scope,
    event_type: EventType,
    span: Window,
    groups: tuple[str, ...],
    filter: Filter | None,
    condition: Filter | None,
) -> None:
    """Refuse what would tell single people apart to a role that sees totals alone.

    That is a dimension that identifies, and a caller's `filter` that leaves a small group; `condition` is
    the filter as it is read, with what the caller may see at all.
    """
    role = scope.caller.role
    check_dimensions(role, event_type, (*groups, *(filter.dimensions() if filter else ())))
    smallest = smallest_group(role)
    if filter is None or smallest == 1:
        return
    for edges in (span.edges, span.earlier_edges()):
        if edges is None:
            continue
        read = Read(event_type.name, edges, frozenset({COUNT, USERS}), filter=condition)
        found = (await scope.loaders.frames.load(read)).groups[()].values
        size = int(found[USERS][0] or found[COUNT][0] or 0)
        if 0 < size < smallest:
            raise Forbidden(
                f"The filter leaves a group of fewer than {smallest} users, which your role may not see.",
                code="GROUP_TOO_SMALL",
                field="filter",
            )
