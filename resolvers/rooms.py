"""The rooms of a process, opened onto its database."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from db.analytics import answer
from db.database_health import database_health
from db.event_rows import page
from db.funnel import followed
from db.outage import outages_stated
from db.pool import Pool
from db.rollup_state import StateCache
from db.rollups import roll_all
from db.seal import seal as seal_buckets
from db.stock import levels
from db.user_totals import user_totals
from domain.catalogue import Catalogue
from domain.clock import Weekday
from domain.database_health import DatabaseHealth
from domain.funnels import DEFAULT_WINDOW, Followed, FunnelRead
from domain.limits import Limits
from domain.pages import Page
from domain.questions import Frame, Read
from domain.stock import Stock, StockKey
from domain.user_totals import UserTotals
from resolvers.alert_room import AlertRoom
from resolvers.follow_room import open_follow_room
from resolvers.scope import ReadPresent, RecordEvents, Rolled, Rooms, no_present


def open_rooms(
    pool: Pool,
    catalogue: Catalogue,
    record: RecordEvents,
    *,
    alerts: AlertRoom | None = None,
    limits: Limits | None = None,
    week_start: Weekday = Weekday.MONDAY,
    raw_days: int = 7,
    realtime: ReadPresent = no_present,
    funnel_window: timedelta = DEFAULT_WINDOW,
) -> Rooms:
    """Rooms that read from and write to this database. `raw_days` is the default retention of raw events."""
    state = StateCache()

    async def answered(reads: Sequence[Read]) -> list[Frame]:
        with outages_stated():
            return await answer(pool, catalogue, reads, state)

    async def paged(**asked: Any) -> Page:
        with outages_stated():
            return await page(pool, catalogue, **asked)

    async def totals_of_user(user_id: str, types: Sequence[str]) -> UserTotals | None:
        with outages_stated():
            return await user_totals(pool, user_id, types)

    async def follow(read: FunnelRead) -> Followed | None:
        with outages_stated():
            return await followed(pool, catalogue, read)

    async def stock(keys: Sequence[StockKey]) -> list[Stock | None]:
        with outages_stated():
            return await levels(pool, keys)

    async def look() -> DatabaseHealth:
        with outages_stated():
            return await database_health(pool)

    async def roll_up(now: datetime, *, seal: bool) -> Rolled:
        with outages_stated():
            report = await roll_all(pool, catalogue)
            moved = await seal_buckets(pool, now) if seal else {}
        return Rolled(report.batches, report.events, len(moved))

    return Rooms(
        catalogue=catalogue,
        answer=answered,
        page=paged,
        record=record,
        roll_up=roll_up,
        user_totals=totals_of_user,
        database=look,
        realtime=realtime,
        alerts=alerts or AlertRoom(pool),
        follow=follow,
        stock=stock,
        streams=open_follow_room(pool),
        limits=limits or Limits(),
        week_start=week_start,
        raw_days=raw_days,
        funnel_window=funnel_window,
    )
