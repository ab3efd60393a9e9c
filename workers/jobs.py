"""arq: jobs at set times and jobs that others ask for. A job is a hint, PostgreSQL is the truth."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from arq.connections import RedisSettings
from arq.cron import CronJob
from arq.worker import Function, Worker
from redis.exceptions import RedisError

from db.ending import end_if_cancelled

QUEUE = "tidemark:jobs"
JOB_TIMEOUT = 60
"""Seconds. A job whose worker was killed runs again ten seconds after that."""

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0

log = structlog.get_logger("tidemark.worker")


@dataclass(frozen=True, slots=True)
class Jobs:
    """What arq runs; `context` is what every job finds in its `ctx`."""

    functions: Sequence[Function] = ()
    crons: Sequence[CronJob] = ()
    context: dict[str, Any] | None = None


async def keep_arq(redis_url: str, jobs: Jobs) -> None:
    """Run jobs for good. arq ends when Redis goes away; it is started again until Redis is back."""
    pause = _FIRST_PAUSE
    while jobs.functions or jobs.crons:
        worker = _worker(redis_url, jobs)
        try:
            await worker.async_run()
        except (RedisError, OSError) as error:
            log.warning("arq stopped", error=repr(error), pause=pause)
        finally:
            await _close(worker)
        end_if_cancelled()
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE) if worker.jobs_complete == 0 else _FIRST_PAUSE


def to_json(job: dict[str, Any]) -> bytes:
    """A job or its result; arq's default is pickle, which would run what it reads."""
    return orjson.dumps(job, default=str)


def _worker(redis_url: str, jobs: Jobs) -> Worker:
    return Worker(
        functions=jobs.functions,
        cron_jobs=jobs.crons,
        queue_name=QUEUE,
        redis_settings=RedisSettings.from_dsn(redis_url),
        ctx=dict(jobs.context or {}),
        handle_signals=False,
        job_timeout=JOB_TIMEOUT,
        keep_result=0,
        max_tries=3,
        health_check_interval=60,
        job_serializer=to_json,
        job_deserializer=orjson.loads,
    )


async def _close(worker: Worker) -> None:
    try:
        await worker.close()
    except (RedisError, OSError) as error:
        log.warning("arq did not close", error=repr(error))
