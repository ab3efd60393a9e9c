"""One worker process: heartbeat, steady loops and arq, side by side."""

import asyncio
import os
import socket

from workers.heart import keep_beating
from workers.jobs import keep_arq
from workers.loops import keep_running
from workers.notifications import finish_at_end
from workers.registry import Work, jobs, loops


async def run_worker(work: Work, redis_url: str) -> None:
    """Work until cancelled. Neither Redis nor PostgreSQL going away ends it."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(keep_beating(work.redis, worker_name()))
        tasks.create_task(keep_arq(redis_url, jobs(work)))
        tasks.create_task(finish_at_end(work.couriers))
        for loop in loops(work):
            tasks.create_task(keep_running(loop, work.redis))


def worker_name() -> str:
    """A name that no other living worker has."""
    return f"{socket.gethostname()}:{os.getpid()}"
