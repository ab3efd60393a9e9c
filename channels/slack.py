"""Slack, by an incoming webhook."""

from dataclasses import dataclass

import httpx
import orjson

from channels.guard import Guard
from channels.http import exchange
from channels.receipts import Receipt, refused
from domain.message_slack import slack
from domain.news import Message
from domain.recipients import DEFAULT


@dataclass(frozen=True, slots=True)
class Slack:
    """Sends to the webhook of the settings, or to one that is the recipient; the latter is guarded."""

    client: httpx.AsyncClient
    webhook: str | None
    guard: Guard

    async def __call__(self, message: Message) -> Receipt:
        """Post the message."""
        content = orjson.dumps(slack(message))
        headers = {"Content-Type": "application/json"}
        if message.address != DEFAULT:
            return await self.guard.post(message.address, content, headers)
        if self.webhook is None:
            return refused("SLACK_ANALYTICS_WEBHOOK is not set", retryable=False)
        request = self.client.build_request("POST", self.webhook, content=content, headers=headers)
        return await exchange(self.client, request, lambda *_: None)
