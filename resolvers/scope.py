"""What one request works with: who asks, when it is, what may be asked, and its loaders."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from domain.callers import Caller
from domain.catalogue import Catalogue, EventType
from domain.clock import Weekday
from domain.database_health import DatabaseHealth
from domain.events import Receipt
from domain.funnels import DEFAULT_WINDOW, Followed, FunnelRead
from domain.limits import Limits
from domain.pages import Page
from domain.policy import permitted_type
from domain.questions import Filter, Interval
from domain.realtime import Realtime
from domain.user_totals import UserTotals
from resolvers.alert_room import AlertRoom
from resolvers.follow_room import FollowRoom
from resolvers.loaders import Answer, Loaders, StockLevels
from resolvers.points import Points
from resolvers.tally import Tally


class PageOfEvents(Protocol):
    """Raw events, newest first."""

    def __call__(
        self,
        *,
        interval: Interval,
        event_type: str,
        filter: Filter | None,
        user_id: str | None,
        first: int,
        after: str | None,
    ) -> Awaitable[Page]: ...


LookAtDatabase = Callable[[], Awaitable[DatabaseHealth]]
"""How the database is now."""

ReadPresent = Callable[[datetime], Awaitable[Realtime | None]]
"""What Prometheus says of the present; None where nothing says where to look."""


async def no_present(now: datetime) -> Realtime | None:
    """Where no source of the present is set."""
    return None


class TotalsOfUser(Protocol):
    """What a user did in all, of these event types; None for one who did nothing."""

    def __call__(self, user_id: str, types: Sequence[str]) -> Awaitable[UserTotals | None]: ...


class RecordEvents(Protocol):
    """Commits events as they came and says what became of each."""

    def __call__(
        self, events: Sequence[dict[str, Any]], caller: Caller, now: datetime
    ) -> Awaitable[Receipt]: ...


class FollowFunnel(Protocol):
    """Who got how far in a funnel; None where that cannot be followed event by event."""

    def __call__(self, read: FunnelRead) -> Awaitable[Followed | None]: ...


@dataclass(frozen=True, slots=True)
class Rolled:
    """What one run of the rollups did."""

    batches: int
    events: int
    sealed: int


class RollUp(Protocol):
    """Rolls up what is pending and, if asked, seals finished buckets."""

    def __call__(self, now: datetime, *, seal: bool) -> Awaitable[Rolled]: ...


@dataclass(frozen=True, slots=True)
class Rooms:
    """What all requests of a process share: the rules, and the ways into the database."""

    catalogue: Catalogue
    answer: Answer
    page: PageOfEvents
    record: RecordEvents
    roll_up: RollUp
    user_totals: TotalsOfUser
    database: LookAtDatabase
    alerts: AlertRoom
    follow: FollowFunnel
    stock: StockLevels
    streams: FollowRoom
    limits: Limits = field(default_factory=Limits)
    week_start: Weekday = Weekday.MONDAY
    raw_days: int = 7
    realtime: ReadPresent = no_present
    funnel_window: timedelta = DEFAULT_WINDOW


@dataclass(frozen=True, slots=True)
class Scope:
    """One request. `now` is when it came; every field of it means the same moment.

    `resume_after` is the cursor that a stream's transport names, which goes before the operation's own.
    """

    rooms: Rooms
    caller: Caller
    now: datetime
    loaders: Loaders
    may_introspect: bool
    tally: Tally
    points: Points
    resume_after: str | None = None

    @property
    def limits(self) -> Limits:
        return self.rooms.limits

    def event_type(self, name: str, *, field: str = "eventType") -> EventType:
        """The event type, if this caller may ask about it."""
        return permitted_type(self.caller.role, self.rooms.catalogue, name, field=field)
