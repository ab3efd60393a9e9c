"""What messages say, and that no name or value can change what they are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.mail import MailServer, written
from domain.alert_records import AlertStatus
from domain.alerts import Severity
from domain.message_json import document
from domain.message_mail import html, plain_text
from domain.message_slack import slack
from domain.message_sms import sms
from domain.news import Message, News
from domain.recipients import Channel
from domain.wording import MOST_SHOWN, subject

AT = datetime(2026, 3, 10, 12, 7, tzinfo=UTC)
NEWS = News(
    id=1,
    channel=Channel.EMAIL,
    recipient="ops@example.com",
    severity=Severity.CRITICAL,
    at=AT,
    over=False,
    told=False,
    config_id=UUID(int=1),
    alert_id=UUID(int=2),
    name="Checkout errors",
    group=(("source", "web"),),
    labels={},
    value=0.125,
    threshold=0.05,
    reason="error rate 12.5 % is above 5 %",
    triggered_at=AT,
    status=AlertStatus.FIRING,
    runbook_url="https://wiki.example/run?a=1&b=2",
)
TAGS = {"html", "head", "meta", "title", "body", "h2", "table", "tr", "td", "p", "a"}
LINK = f"https://tide.example/alerts/{UUID(int=2)}"
NASTY = st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300
) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "a\r\nBcc: x@y.example",
        "<!channel> @here",
        '"><img src=x>',
        "🔥" * 200,
    ]
)


def message(*news: News) -> Message:
    return Message(
        UUID(int=3), Channel.EMAIL, "ops@example.com", AT, news or (NEWS,), "https://tide.example"
    )


def test_a_mail_says_what_is_wrong_since_when_and_where_to_look() -> None:
    assert plain_text(message()) == (
        "[CRITICAL] Checkout errors (source=web)\n"
        "Value: 0.125 (threshold 0.05)\n"
        "Why: error rate 12.5 % is above 5 %\n"
        "Since: 2026-03-10 12:07:00 UTC\n"
        f"Alert: {LINK}\n"
        "Runbook: https://wiki.example/run?a=1&b=2\n"
    )
    assert subject(message()) == "[CRITICAL] Checkout errors (source=web)"
    assert '<a href="https://wiki.example/run?a=1&amp;b=2">' in html(message())


def test_what_is_over_says_so() -> None:
    over = replace(NEWS, over=True, resolved_at=AT + timedelta(minutes=9))
    assert subject(message(over)) == "[RESOLVED] Checkout errors (source=web)"
    assert "Resolved: 2026-03-10 12:16:00 UTC" in plain_text(message(over))
    assert sms(message(over)).startswith("RESOLVED Checkout errors (source=web) at 12:16Z")


def test_several_are_counted_by_the_worst() -> None:
    mild = replace(NEWS, severity=Severity.WARNING, name="Queue")
    over = replace(NEWS, over=True)
    assert subject(message(mild, NEWS, over)) == "[CRITICAL] 3 alerts: 2 firing, 1 resolved"
    assert subject(message(over, over)) == "[RESOLVED] 2 alerts: 2 resolved"


def test_a_long_list_is_cut_and_counted() -> None:
    many = message(*(replace(NEWS, name=f"a{n}") for n in range(MOST_SHOWN + 7)))
    assert plain_text(many).count("[CRITICAL]") == MOST_SHOWN
    assert "and 7 more" in plain_text(many)
    assert "and 7 more" in html(many)
    assert len(slack(many)["blocks"]) == MOST_SHOWN + 1  # type: ignore[arg-type]
    assert len(document(many)["alerts"]) == MOST_SHOWN + 7  # type: ignore[arg-type]


def test_an_sms_has_value_threshold_time_and_link() -> None:
    assert sms(message()) == (
        f"CRITICAL Checkout errors (source=web): 0.125 (threshold 0.05) since 12:07Z {LINK}"
    )


@pytest.mark.parametrize(
    ("name", "longest"), [("Prüfung – “naïve”", 160), ("x" * 500, 160), ("警報" * 100, 70)]
)
def test_an_sms_is_one_sms_long_and_keeps_its_numbers(name: str, longest: int) -> None:
    text = sms(message(replace(NEWS, name=name)))
    assert len(text) <= longest
    assert "0.125 (threshold 0.05) since 12:07Z" in text
    assert text.isascii() is (longest == 160)


@given(name=NASTY, value=NASTY, reason=NASTY)
def test_no_text_from_outside_becomes_markup_or_a_header(
    name: str, value: str, reason: str
) -> None:
    nasty = message(replace(NEWS, name=name, group=(("source", value),), reason=reason))
    tags: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, _: tags.append(tag)  # type: ignore[method-assign]
    parser.feed(html(nasty))
    assert set(tags) <= TAGS
    assert tags.count("a") == 2
    words = slack(nasty)["blocks"][0]["text"]["text"]  # type: ignore[index]
    assert words.count("<") == 2
    assert "<!" not in str(slack(nasty))
    mail = written(nasty, MailServer("h", 25, "none", "T <t@tide.example>"))
    assert set(mail.keys()) == set(written(message(), MailServer("h", 25, "none", "t@x.y")).keys())
    assert mail["To"] == "ops@example.com"
    assert len(sms(nasty)) <= 160


def test_a_retry_is_the_same_mail() -> None:
    server = MailServer("h", 25, "none", "T <t@tide.example>")
    first, again = written(message(), server), written(message(), server)
    assert first["Message-ID"] == again["Message-ID"] == f"<{UUID(int=3)}@tide.example>"
    assert first["Date"] == again["Date"]


def test_a_webhook_document_names_alert_and_event() -> None:
    (alert,) = document(message())["alerts"]  # type: ignore[misc]
    assert alert["event"] == "firing"
    assert alert["group"] == {"source": "web"}
    assert alert["url"] == LINK
