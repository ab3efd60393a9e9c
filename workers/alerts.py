"""The alert engine: what is due is claimed, read together, judged and written in one transaction."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID
from zlib import crc32

import asyncpg
import orjson
import structlog

from db.alert_outcomes import save
from db.alert_reading import read_apart
from db.alert_schedule import Advance, Due, advance, claim, forget, missed, record_evaluations
from db.alert_silences import active_silences
from db.alert_states import standings
from db.internal_alerts import MISSED, observe
from db.pool import Connection
from db.rollup_state import StateCache
from domain.alert_configs import AlertConfig, floored
from domain.alert_detection import window_edges
from domain.alert_documents import parse_config
from domain.alert_evaluation import Found, Outcome, Standing, evaluate, problem_of
from domain.alert_reads import Asked, ReadKey, asked, read_key, shared
from domain.alert_records import Group, Silence
from domain.catalogue import Catalogue
from domain.errors import TidemarkError
from domain.questions import Frame

MOST_AT_ONCE = 20_000
"""Configs of one transaction, so that all that are due at once share their reads and writes."""

MOST_STATES = 20_000
"""States of those configs and their groups: with a detector each they are 200 MB."""

_IN_A_TURN = 200
"""Configs that are worked on before others of the process have a turn."""

_AGAIN = timedelta(minutes=1)
_JITTER = timedelta(seconds=5)
_CLAIMS_KEPT = timedelta(hours=3)
_CLAIMS_DROPPED = 20_000
_MISSED_WITHIN = timedelta(minutes=10)
_OVERDUE = timedelta(minutes=2)

log = structlog.get_logger("tidemark.worker")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Engine:
    """What evaluations are made with. `configs` keeps parsed definitions by id and version."""

    pool: asyncpg.Pool
    catalogue: Catalogue
    state: StateCache = field(default_factory=StateCache)
    configs: dict[UUID, tuple[int, AlertConfig]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tick:
    """What one run did: evaluations made, things that happened, and whether more are due."""

    evaluated: int
    happened: int
    left: bool


@dataclass(frozen=True, slots=True)
class _Task:
    """One config to evaluate for `slot`; `asked` None: its detector has seen every whole bucket."""

    due: Due
    config: AlertConfig
    slot: datetime
    edges: tuple[datetime, ...]
    asked: Asked | None


@dataclass(frozen=True, slots=True)
class _Judged:
    """What became of each group, and what each config was judged by."""

    outcomes: list[Outcome] = field(default_factory=list)
    found: dict[UUID, Found] = field(default_factory=dict)


async def evaluate_due(engine: Engine, now: datetime) -> Tick:
    """Evaluate what is due, at most `MOST_AT_ONCE` configs.

    A config is evaluated once per slot over any number of workers: its row in the schedule is locked, the
    claim of its slot is unique, and both are one transaction with what the evaluation came to. A worker
    that dies leaves nothing behind and another takes over.
    """
    async with engine.pool.acquire() as connection, connection.transaction():
        claimed = await claim(connection, now, MOST_AT_ONCE, MOST_STATES)
        if not claimed.due:
            return Tick(0, 0, left=False)
        tasks, unreadable = await _tasks(engine, claimed.due, now)
        own = await _recorded(connection, tasks)
        found = await _read(engine, own)
        judged = await _judged(connection, own, found, now)
        advances = [_advance(task, judged.found.get(task.due.config_id)) for task in tasks]
        await advance(connection, advances + unreadable)
        happened = await save(connection, judged.outcomes)
    return Tick(len(own), happened, claimed.left)


async def watch_evaluations(engine: Engine, now: datetime) -> bool:
    """Raise or end the alert about evaluations that nobody made; drop old claims.

    Returns whether there are more of those.
    """
    lost, overdue = await missed(engine.pool, now - _MISSED_WITHIN, now - _OVERDUE)
    if await observe(engine.pool, MISSED, float(lost + overdue), now):
        log.warning("evaluations missed", missed=lost, overdue=overdue)
    return await forget(engine.pool, now - _CLAIMS_KEPT, _CLAIMS_DROPPED)


async def _tasks(
    engine: Engine, due: Sequence[Due], now: datetime
) -> tuple[list[_Task], list[Advance]]:
    """What there is to do; configs that cannot be understood are put off, so that they stop no other."""
    tasks: list[_Task] = []
    unreadable: list[Advance] = []
    async for each in _in_turns(due):
        try:
            tasks.append(_task(engine, each, now))
        except TidemarkError as problem:
            log.warning("config not read", config=str(each.config_id), problem=problem.message)
            slot = floored(now, _AGAIN)
            unreadable.append(
                Advance(each.config_id, slot + _AGAIN, each.fed_until, problem.message, slot)
            )
    return tasks, unreadable


async def _in_turns(items: Sequence[T]) -> AsyncIterator[T]:
    """The items, with a turn for others now and then."""
    for number, item in enumerate(items, 1):
        yield item
        if number % _IN_A_TURN == 0:
            await asyncio.sleep(0)


def _task(engine: Engine, due: Due, now: datetime) -> _Task:
    config = _config(engine, due)
    slot = config.slot(now)
    edges = window_edges(config, due.fed_until, slot)
    return _Task(due, config, slot, edges, asked(config, edges) if len(edges) > 1 else None)


def _config(engine: Engine, due: Due) -> AlertConfig:
    version, config = engine.configs.get(due.config_id, (0, None))
    if config is None or version != due.version:
        config = parse_config(orjson.loads(due.definition), None)
        engine.configs[due.config_id] = (due.version, config)
    return config


def _missed(task: _Task) -> int:
    """How many slots went by since the config was due."""
    return max((task.slot - task.config.slot(task.due.due_at)) // task.config.every, 0)


async def _recorded(connection: Connection, tasks: Sequence[_Task]) -> list[_Task]:
    """Those whose slots were not evaluated before."""
    if not tasks:
        return []
    claims = [(each.slot, each.due.config_id, _missed(each)) for each in tasks]
    new = await record_evaluations(connection, claims)
    return [each for each in tasks if each.due.config_id in new]


async def _read(engine: Engine, tasks: Sequence[_Task]) -> dict[UUID, Found]:
    reads = shared(read for task in tasks if task.asked for read in task.asked.reads)
    answers = await read_apart(engine.pool, engine.catalogue, list(reads.values()), engine.state)
    frames = dict(zip(reads, answers, strict=True))
    return {task.due.config_id: _found(task, frames) for task in tasks}


def _found(task: _Task, frames: dict[ReadKey, Frame | TidemarkError]) -> Found:
    if task.asked is None:
        return Found(task.edges, None)
    baseline = task.asked.baseline
    return Found(
        task.edges,
        frames[read_key(task.asked.current)],
        None if baseline is None else frames[read_key(baseline)],
    )


async def _judged(
    connection: Connection, tasks: Sequence[_Task], found: dict[UUID, Found], now: datetime
) -> _Judged:
    standing = await standings(connection, list(found))
    silences = await active_silences(connection, now)
    judged = _Judged()
    async for task in _in_turns(tasks):
        id = task.due.config_id
        outcomes, seen = _outcomes(task, standing[id], found[id], silences)
        judged.outcomes.extend(outcomes)
        judged.found[id] = seen
    return judged


def _outcomes(
    task: _Task, standing: dict[Group, Standing], found: Found, silences: Sequence[Silence]
) -> tuple[list[Outcome], Found]:
    """What became of one config; a fault of ours is an error of that config alone."""
    id, config, slot = task.due.config_id, task.config, task.slot
    try:
        return evaluate(id, config, standing, found, silences, slot), found
    except Exception as fault:
        log.exception("evaluation failed", config=str(id))
        problem = TidemarkError(f"The measure could not be judged: {type(fault).__name__}.")
        failed = Found(task.edges, problem)
        return evaluate(id, config, standing, failed, silences, slot), failed


def _advance(task: _Task, found: Found | None) -> Advance:
    """Due again in the next slot. Configs that watch the same are due together, others some seconds apart.

    Without `found` this slot was evaluated before, and nothing else changes.
    """
    due, every = task.due, task.config.every
    watched = repr((task.config.measure, task.config.window)).encode()
    jitter = crc32(watched) % 1_000 / 1_000 * min(_JITTER, every / 10)
    fed = found is not None and found.current is not None and found.problem is None
    return Advance(
        due.config_id,
        task.slot + every + jitter,
        task.edges[-1] if fed else due.fed_until,
        due.problem if found is None else problem_of(task.config, found),
        task.slot,
    )
