"""Everything that workers do: the one place where loops, jobs and their times are listed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import asyncpg
from arq.cron import CronJob, cron
from redis.asyncio import Redis

from db.alert_bell import ALERTS, OUTBOX
from db.doorbell import ROLLUPS
from domain.catalogue import Catalogue
from domain.grains import Grain
from domain.recipients import Reach
from workers.alert_loops import evaluate_alerts, forget_old, watch_alerts
from workers.alerts import Engine
from workers.jobs import Jobs
from workers.loops import Loop
from workers.notifications import Clock, Courier, bell, compose_news, give_up_unset, watch_dead
from workers.rollups import (
    Keeping,
    go_on_rebuilding,
    keep_house,
    merge_pending,
    seal_finished,
)


@dataclass(frozen=True, slots=True)
class Work:
    """What the work is done with."""

    pool: asyncpg.Pool
    redis: Redis
    catalogue: Catalogue
    keeping: Keeping
    clock: Clock
    couriers: tuple[Courier, ...]
    reach: Reach


def loops(work: Work) -> tuple[Loop, ...]:
    """What is looked for all the time; it also finds what a lost job left undone."""
    pool, catalogue = work.pool, work.catalogue
    engine = Engine(pool, catalogue)
    return (
        Loop(ROLLUPS, 5.0, partial(merge_pending, pool, catalogue), rest=0.5, ease=1.0),
        Loop("seal", 60.0, partial(seal_finished, pool, catalogue)),
        Loop("rebuild", 5.0, partial(go_on_rebuilding, pool, catalogue)),
        Loop(ALERTS, 1.0, partial(evaluate_alerts, engine, work.redis), rest=0.2),
        Loop("watch", 30.0, partial(watch_alerts, engine, work.redis)),
        Loop(OUTBOX, 5.0, partial(compose_news, pool, work.redis, work.reach, work.clock)),
        *(Loop(bell(each.channel), 5.0, each.run) for each in work.couriers),
        Loop("unset", 60.0, partial(give_up_unset, pool, work.reach, work.clock)),
        Loop("undelivered", 60.0, partial(watch_dead, pool, work.clock)),
        Loop("house", 60.0, partial(keep_house, pool, catalogue, work.keeping)),
        Loop("alert_house", 600.0, partial(_forget_old_alerts, work)),
    )


async def _forget_old_alerts(work: Work) -> bool:
    return await forget_old(work.pool, work.clock(), work.keeping.alert_days)


def jobs(work: Work) -> Jobs:
    """What runs at set times or when asked for; every job finds the `Work` in `ctx["work"]`."""
    return Jobs(crons=_crons(), context={"work": work})


async def seal_job(ctx: dict[str, Any]) -> None:
    """Sum up what has just ended."""
    work: Work = ctx["work"]
    await seal_finished(work.pool, work.catalogue)


def _crons() -> tuple[CronJob, ...]:
    """Each grain is sealed as its buckets end, in UTC: on the hour, at midnight, on Sunday, on the first."""
    at: Callable[..., CronJob] = partial(cron, seal_job, minute=0, second=1)
    return (
        at(name=f"seal_{Grain.HOUR.label}"),
        at(name=f"seal_{Grain.DAY.label}", hour=0),
        at(name=f"seal_{Grain.WEEK.label}", hour=0, weekday="sun"),
        at(name=f"seal_{Grain.MONTH.label}", hour=0, day=1),
    )
