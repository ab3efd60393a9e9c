"""Configs tried out before they are kept: now, and over history."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from db.alert_configs import configs_by_id, no_config
from db.alert_states import by_group, look
from domain.alert_backtest import Backtest, Track, backtest, history
from domain.alert_configs import AlertConfig
from domain.alert_detection import window_edges
from domain.alert_documents import document_of, parse_config
from domain.alert_evaluation import Found, Outcome, Standing, evaluate
from domain.alert_reads import Asked, asked, read_key, shared
from domain.alert_records import Group
from domain.alerts import Notice
from domain.errors import InvalidInput, TidemarkError
from domain.fields import duration_text
from domain.questions import Frame, Read, Warning
from domain.ranges import RangeSpec, resolve
from domain.zones import zone
from resolvers.alert_configs import Document
from resolvers.alert_room import uuid_of
from resolvers.scope import Scope
from resolvers.user_errors import UserError, user_errors


@dataclass(frozen=True, slots=True)
class TrialGroup:
    """What an evaluation now would find of one group, and where it would go from where it stands."""

    group: Group
    value: float | None
    compared: float | None
    before: str
    after: str
    would_notify: bool
    reason: str


@dataclass(frozen=True, slots=True)
class TrialPayload:
    """What an evaluation at `at` would find."""

    at: datetime | None
    groups: Sequence[TrialGroup]
    user_errors: Sequence[UserError] = ()


@dataclass(frozen=True, slots=True)
class BacktestPayload:
    """When a config would have fired, looked at every `step`."""

    result: Backtest | None
    step: str | None
    warnings: Sequence[Warning] = ()
    user_errors: Sequence[UserError] = ()


async def try_alert_config(scope: Scope, id: str | None, document: Document | None) -> TrialPayload:
    """Evaluate a config now without keeping anything: one that is kept, one that is given, or the
    first with the second's fields in place of its own.
    """
    try:
        config_id, config = await _subject(scope, id, document)
        standing: dict[Group, Standing] = {}
        if id is not None:
            places = await look(scope.rooms.alerts.pool, [config_id])
            standing = {
                group: replace(each, detector=None)
                for group, each in by_group(places[config_id]).items()
            }
        slot = config.slot(scope.now)
        found = await _found(scope, config, slot)
        outcomes = evaluate(config_id, config, standing, found, (), slot)
    except TidemarkError as problem:
        return TrialPayload(None, (), user_errors(problem))
    return TrialPayload(slot, [_trial(each, each.after) for each in outcomes if each.after])


async def backtest_alert_config(
    scope: Scope, id: str | None, document: Document | None, range: RangeSpec
) -> BacktestPayload:
    """Run a config over history."""
    try:
        _, config = await _subject(scope, id, document)
        interval = resolve(range, scope.now, zone("UTC"), scope.rooms.week_start)
        past = history(config, interval)
        frames = await _frames(scope, [each.asked for each in past.tracks])
        tracks = [
            (track, frames[read_key(track.asked.current)], _baseline(track, frames))
            for track in past.tracks
        ]
        result = await asyncio.to_thread(backtest, config, tracks, interval)
    except TidemarkError as problem:
        return BacktestPayload(None, None, (), user_errors(problem))
    said = dict.fromkeys(warning for frame in frames.values() for warning in frame.warnings)
    return BacktestPayload(result, duration_text(past.step), tuple(said))


async def _subject(
    scope: Scope, id: str | None, document: Document | None
) -> tuple[UUID, AlertConfig]:
    if id is None and document is None:
        raise InvalidInput(
            "Give the id of a config, or a config, or both.", code="REQUIRED", field="config"
        )
    if id is None:
        return uuid4(), parse_config(document or {}, scope.rooms.catalogue)
    config_id = uuid_of(id)
    stored = (await configs_by_id(scope.rooms.alerts.pool, [config_id])).get(config_id)
    if stored is None:
        raise no_config(id)
    changed = {**document_of(stored.config), **(document or {})}
    return config_id, parse_config(changed, scope.rooms.catalogue)


async def _found(scope: Scope, config: AlertConfig, slot: datetime) -> Found:
    edges = window_edges(config, None, slot)
    question = asked(config, edges)
    frames = await _frames(scope, [question])
    baseline = question.baseline
    return Found(
        edges,
        frames[read_key(question.current)],
        None if baseline is None else frames[read_key(baseline)],
    )


async def _frames(scope: Scope, questions: Sequence[Asked]) -> dict[object, Frame]:
    reads: Sequence[Read] = list(shared(read for each in questions for read in each.reads).values())
    frames = await scope.rooms.answer(reads)
    return {read_key(read): frame for read, frame in zip(reads, frames, strict=True)}


def _baseline(track: Track, frames: dict[object, Frame]) -> Frame | None:
    baseline = track.asked.baseline
    return None if baseline is None else frames[read_key(baseline)]


def _trial(outcome: Outcome, standing: Standing) -> TrialGroup:
    sample = standing.sample
    return TrialGroup(
        outcome.group,
        sample.value,
        sample.compared,
        outcome.before.state.phase.name if outcome.before else "OK",
        standing.state.phase.name,
        any(step.notice is Notice.SEND for step in outcome.transitions),
        sample.error or sample.reason,
    )
