"""The channels that the settings set up."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import httpx
from pydantic import SecretStr

from app.settings import Settings
from channels.guard import Guard
from channels.http import open_client
from channels.mail import Mail, MailServer
from channels.receipts import Sender
from channels.slack import Slack
from channels.sms import Sms, TwilioAccount
from channels.webhook import Webhook
from domain.recipients import Channel, Reach


@dataclass(frozen=True, slots=True)
class Channels:
    """Senders by channel, and what can be reached by them. In-app needs none."""

    senders: dict[Channel, Sender]
    reach: Reach


@asynccontextmanager
async def open_channels(
    settings: Settings, clock: Callable[[], datetime]
) -> AsyncIterator[Channels]:
    """The senders, sharing one HTTP client. A channel that is not set up is left out."""
    async with open_client() as client:
        found = {**_mail(settings), **_http(settings, client, clock)}
        slack_default = settings.slack_analytics_webhook is not None
        yield Channels(found, Reach(frozenset(found), slack_default))


def _mail(settings: Settings) -> dict[Channel, Sender]:
    if settings.smtp_host is None:
        return {}
    server = MailServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.smtp_from,
        settings.smtp_username,
        _plain(settings.smtp_password),
    )
    return {Channel.EMAIL: Mail(server)}


def _http(
    settings: Settings, client: httpx.AsyncClient, clock: Callable[[], datetime]
) -> dict[Channel, Sender]:
    guard = Guard(client, settings.webhook_allowed_networks)
    found: dict[Channel, Sender] = {
        Channel.SLACK: Slack(client, _plain(settings.slack_analytics_webhook), guard)
    }
    if settings.twilio_account_sid and settings.twilio_auth_token and settings.twilio_from:
        account = TwilioAccount(
            settings.twilio_account_sid,
            settings.twilio_auth_token.get_secret_value(),
            settings.twilio_from,
            settings.twilio_base_url,
        )
        found[Channel.SMS] = Sms(client, account)
    secret = _plain(settings.webhook_secret)
    if secret is not None:
        found[Channel.WEBHOOK] = Webhook(guard, secret, clock)
    return found


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None
