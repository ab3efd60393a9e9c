"""Raw events behind a number, page by page."""

from dataclasses import dataclass

from domain.errors import InvalidInput
from domain.filters import LONGEST_VALUE
from domain.limits import check_page
from domain.pages import Page, StoredEvent
from domain.questions import Filter
from resolvers.conditions import condition_on
from resolvers.scope import Scope
from resolvers.windows import Meta, When, resolved, window


@dataclass(frozen=True, slots=True)
class EventsAsked:
    """The question."""

    when: When
    event_type: str
    filter: Filter | None
    user_id: str | None
    first: int
    after: str | None


@dataclass(frozen=True, slots=True)
class EventEdge:
    """One event and where it stands."""

    node: StoredEvent

    @property
    def cursor(self) -> str:
        return self.node.cursor


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Where a page ends."""

    has_next_page: bool
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class EventConnection:
    """One page of raw events, the newest first."""

    page: Page
    meta: Meta

    @property
    def nodes(self) -> tuple[StoredEvent, ...]:
        return self.page.events

    @property
    def edges(self) -> list[EventEdge]:
        return [EventEdge(event) for event in self.page.events]

    @property
    def page_info(self) -> PageInfo:
        events = self.page.events
        return PageInfo(self.page.has_next, events[-1].cursor if events else None)


async def events(scope: Scope, asked: EventsAsked) -> EventConnection:
    """A page of at most `limits.page_size` events of types that the caller may see."""
    event_type = scope.event_type(asked.event_type)
    check_page(asked.first, scope.limits.page_size)
    span = window(scope, asked.when)
    page = await scope.rooms.page(
        interval=span.interval,
        event_type=event_type.name,
        filter=condition_on(scope, event_type, asked.filter),
        user_id=None if asked.user_id is None else checked_user(asked.user_id),
        first=asked.first,
        after=asked.after,
    )
    return EventConnection(page, Meta(resolved(span), span.now, ("raw",), page.warnings))


def checked_user(user_id: str) -> str:
    """A user id that an event can have."""
    if "\0" in user_id or len(user_id) > LONGEST_VALUE:
        raise InvalidInput(
            f"userId is no id that an event can have: at most {LONGEST_VALUE} characters, no NUL.",
            code="INVALID_USER_ID",
            field="userId",
        )
    return user_id
