"""Everything that workers do: the one place where loops, jobs and their times are listed."""

from dataclasses import dataclass

import asyncpg
from redis.asyncio import Redis

from domain.catalogue import Catalogue
from workers.jobs import Jobs
from workers.loops import Loop


@dataclass(frozen=True, slots=True)
class Work:
    """What the work is done with."""

    pool: asyncpg.Pool
    redis: Redis
    catalogue: Catalogue


def loops(work: Work) -> tuple[Loop, ...]:
    """What is looked for all the time."""
    return ()


def jobs(work: Work) -> Jobs:
    """What runs at set times or when asked for; every job finds the `Work` in `ctx["work"]`."""
    return Jobs(context={"work": work})
