"""The state machine against a plain reference that looks at the whole past at every step."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from domain.alerts import (
    NONE,
    AlertType,
    Event,
    NoData,
    Notice,
    Phase,
    Rule,
    Sample,
    Transition,
    closed,
    fresh,
    next_state,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class Reference:
    """Says what should be from all findings so far: words, not state."""

    rule: Rule
    findings: list[tuple[datetime, str]] = field(default_factory=list)
    opened_at: list[datetime] = field(default_factory=list)
    closed_at: list[datetime] = field(default_factory=list)
    told: list[tuple[datetime, bool]] = field(default_factory=list)
    phase: str = "ok"

    @property
    def open(self) -> bool:
        return len(self.opened_at) > len(self.closed_at)

    def see(self, now: datetime, sample: Sample) -> str | None:
        """The notice of this step: None where nothing is to be said."""
        was_open, finding = self.open, self.word(sample)
        self.findings.append((now, finding))
        if finding == "breach":
            if (
                not self.open
                and now - self.first_of_run({"breach", "error", "keep"}) >= self.rule.hold
            ):
                self.opened_at.append(now)
            self.phase = "firing" if self.open else "pending"
        elif finding in ("clear", "between"):
            self.calm(now, finding)
        elif finding != "keep":
            self.phase = finding
        return self.notice(now, sample.silenced, changed=self.open is not was_open)

    def calm(self, now: datetime, finding: str) -> None:
        if not self.open:
            self.phase = "ok"
        elif finding == "between":
            self.phase = "firing"
        elif now - self.first_of_run({"clear", "keep"}) >= self.rule.keep_firing:
            self.closed_at.append(now)
            self.phase = "ok"
        else:
            self.phase = "recovering"

    def first_of_run(self, alike: set[str]) -> datetime:
        """When the unbroken run up to now began, counted from its first telling finding."""
        telling = self.findings[-1][1]
        first = self.findings[-1][0]
        since = self.closed_at[-1] if self.closed_at and telling == "clear" else None
        for at, finding in reversed(self.findings):
            if finding not in alike or (since is not None and at <= since):
                break
            if finding == telling:
                first = at
        return first

    def notice(self, now: datetime, silenced: bool, *, changed: bool) -> str | None:
        known = self.told[-1][1] if self.told else False
        if known is self.open:
            return "stale" if changed else None
        if silenced:
            return "silenced" if changed else None
        if self.told and now - self.told[-1][0] < self.rule.cooldown:
            return "cooldown" if changed else None
        self.told.append((now, self.open))
        return "send"

    def word(self, sample: Sample) -> str:
        rule = self.rule
        if sample.error:
            return "error"
        if sample.compared is None:
            return {"ok": "clear", "alert": "breach", "keep": "keep", "no_data": "no_data"}[
                rule.no_data
            ]
        if rule.type is AlertType.ANOMALY:
            return "breach" if sample.anomalous else "clear"
        assert rule.threshold is not None and rule.recovery is not None
        if rule.type is AlertType.THRESHOLD_BELOW:
            if sample.compared < rule.threshold:
                return "breach"
            return "clear" if sample.compared >= rule.recovery else "between"
        if sample.compared > rule.threshold:
            return "breach"
        return "clear" if sample.compared <= rule.recovery else "between"


def some_rule(chance: random.Random) -> Rule:
    kind = chance.choice(list(AlertType))
    band = chance.choice([0, 0, 2])
    down = kind is AlertType.THRESHOLD_BELOW
    minutes = [0, 0, 1, 2, 5]
    return Rule(
        kind,
        5.0,
        5.0 + (band if down else -band),
        hold=chance.choice(minutes) * MINUTE,
        keep_firing=chance.choice(minutes) * MINUTE,
        cooldown=chance.choice([0, 3, 10]) * MINUTE,
        no_data=chance.choice(list(NoData)),
    )


def some_sample(chance: random.Random, level: float) -> Sample:
    dice = chance.random()
    silenced = chance.random() < 0.1
    if dice < 0.06:
        return Sample(error="the database is away", silenced=silenced)
    if dice < 0.15:
        return Sample(silenced=silenced)
    value = level + chance.choice([-1, 0, 0, 1])
    return Sample(value, value, anomalous=chance.random() < 0.4, silenced=silenced)


@pytest.mark.parametrize("seed", range(8))
def test_the_machine_does_what_the_reference_says_over_100_000_steps(seed: int) -> None:
    chance = random.Random(seed)
    fired = 0
    for _ in range(220):
        rule, now, level = some_rule(chance), START, 5.0
        state, reference = fresh(now), Reference(rule)
        for _ in range(60):
            now += chance.choice([1, 1, 1, 2, 7]) * MINUTE
            level = min(max(level + chance.choice([-2, 0, 0, 2]), 1), 9)
            sample = some_sample(chance, level)
            before = state
            state, steps = next_state(state, sample, rule, now)
            notice = reference.see(now, sample)
            assert (state.phase.value, state.open) == (reference.phase, reference.open)
            check_step(before.phase, state.phase, before.open, state.open, steps, notice)
            fired += any(step.event is Event.FIRED for step in steps)
    assert fired > 500


def check_step(
    before: Phase,
    after: Phase,
    was_open: bool,
    is_open: bool,
    steps: Sequence[Transition],
    notice: str | None,
) -> None:
    if before is after and notice is None:
        assert steps == ()
        return
    (step,) = steps
    assert (step.before, step.after) == (before, after)
    assert step.notice.value == (notice or "none")
    expected = Event.CHANGED if before is not after else Event.REMINDED
    if was_open is not is_open:
        expected = Event.FIRED if is_open else Event.RESOLVED
    assert step.event is expected


ABOVE = Rule(AlertType.THRESHOLD_ABOVE, 10.0, 10.0)


def run(rule: Rule, values: Sequence[float | str | None]) -> list[Transition]:
    state, found = fresh(START), []
    for minute, value in enumerate(values):
        at = START + minute * MINUTE
        sample = Sample(error=value) if isinstance(value, str) else Sample(value, value)
        state, steps = next_state(state, sample, rule, at)
        found += steps
    return found


def events(found: Sequence[Transition]) -> list[str]:
    return [step.event.value for step in found]


@pytest.mark.parametrize("gap", [None, "the database is away"])
def test_no_data_and_errors_never_end_a_firing_alert(gap: str | None) -> None:
    found = run(ABOVE, [11, gap, gap, 11, gap, 9])
    assert events(found) == ["fired", "changed", "changed", "changed", "resolved"]
    assert [step.after.value for step in found if step.event is Event.CHANGED][1] == "firing"


def test_a_value_on_the_threshold_is_not_beyond_it() -> None:
    assert run(ABOVE, [10, 10]) == []
    below = Rule(AlertType.THRESHOLD_BELOW, 10.0, 10.0)
    assert run(below, [10, 10]) == []
    assert events(run(below, [9.9])) == ["fired"]


def test_a_condition_must_hold_for_the_whole_time() -> None:
    rule = Rule(AlertType.THRESHOLD_ABOVE, 10.0, 10.0, hold=2 * MINUTE)
    assert [step.after.value for step in run(rule, [11, 11, 9, 11, 11, 11])] == [
        "pending",
        "ok",
        "pending",
        "firing",
    ]


def test_what_a_cooldown_held_back_is_told_when_it_is_over_and_still_true() -> None:
    rule = Rule(AlertType.THRESHOLD_ABOVE, 10.0, 10.0, cooldown=5 * MINUTE)
    found = run(rule, [11, 9, 9, 9, 9, 9, 9])
    assert [(step.event.value, step.notice.value) for step in found] == [
        ("fired", "send"),
        ("resolved", "cooldown"),
        ("reminded", "send"),
    ]
    assert found[-1].at == START + 5 * MINUTE
    assert found[-1].after is Phase.OK


def test_an_hour_of_crossings_is_one_alert_with_hysteresis_and_few_notices_without() -> None:
    crossing = [11 if minute % 2 == 0 else 9 for minute in range(60)]
    steady = Rule(AlertType.THRESHOLD_ABOVE, 10.0, 5.0)
    assert events(run(steady, [*crossing, 4])) == ["fired", "resolved"]
    for cooldown in (5, 10, 15):
        rule = Rule(AlertType.THRESHOLD_ABOVE, 10.0, 10.0, cooldown=cooldown * MINUTE)
        told = [step for step in run(rule, crossing) if step.notice is Notice.SEND]
        assert 1 <= len(told) <= 60 // cooldown + 1


def test_an_alert_ended_by_hand_is_told_and_fires_again_while_its_condition_holds() -> None:
    state, _ = next_state(fresh(START), Sample(11, 11), ABOVE, START)
    state, step = closed(state, START + MINUTE, "by hand")
    assert (step.event, step.notice, state.open) == (Event.RESOLVED, Notice.SEND, False)
    state, steps = next_state(state, Sample(11, 11), ABOVE, START + 2 * MINUTE)
    assert events(steps) == ["fired"]


def test_the_defaults_wait_for_nothing() -> None:
    assert (ABOVE.hold, ABOVE.keep_firing, ABOVE.cooldown) == (NONE, NONE, NONE)
