"""When deliveries are tried again, and how many may leave."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.notifications import ALLOWANCES, allowed_at
from domain.recipients import Channel
from domain.retries import FIRST, GIVE_UP_AFTER, LONGEST, LONGEST_ASKED, gives_up, pause

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@given(attempts=st.integers(1, 10_000), draw=st.floats(0, 1, exclude_max=True))
def test_pauses_grow_up_to_a_bound_and_spread(attempts: int, draw: float) -> None:
    assert FIRST / 2 <= pause(attempts, draw) <= LONGEST
    assert pause(attempts, 0.0) <= pause(attempts + 1, 0.0)
    assert pause(attempts, draw) <= pause(attempts, 0.0)


def test_a_provider_is_not_asked_before_it_says_but_never_waited_for_too_long() -> None:
    assert pause(1, 0.0, timedelta(minutes=20)) == timedelta(minutes=20)
    assert pause(20, 0.0, timedelta(seconds=1)) == LONGEST
    assert pause(1, 0.0, timedelta(days=30)) == LONGEST_ASKED


def test_retries_go_on_for_more_than_a_day() -> None:
    at, attempts = NOW, 0
    while not gives_up(NOW, at):
        attempts += 1
        at += pause(attempts, 0.0)
    assert at - NOW >= GIVE_UP_AFTER > timedelta(hours=24)
    assert attempts > 100


@given(st.lists(st.integers(0, 3600), max_size=40, unique=True))
def test_no_window_ever_holds_more_than_its_allowance(arrivals: list[int]) -> None:
    sent: list[datetime] = []
    for second in sorted(arrivals):
        now = max([NOW + timedelta(seconds=second), *sent[-1:]])
        sent.append(allowed_at(Channel.SMS, sent, now))
    for allowance in ALLOWANCES[Channel.SMS]:
        for first, beyond in zip(sent, sent[allowance.count :], strict=False):
            assert beyond - first >= allowance.window


def test_webhooks_have_no_allowance() -> None:
    assert allowed_at(Channel.WEBHOOK, [NOW] * 1_000, NOW) == NOW
