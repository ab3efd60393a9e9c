"""Webhooks of the user's own, signed."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import orjson

from channels.guard import Guard
from channels.receipts import Receipt
from domain.message_json import document
from domain.news import Message

SIGNATURE = "Tidemark-Signature"
DELIVERY = "Tidemark-Delivery"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Posts JSON, signed at the time of `clock`. `Tidemark-Delivery` is the same in every attempt."""

    guard: Guard
    secret: str
    clock: Callable[[], datetime]

    async def __call__(self, message: Message) -> Receipt:
        """Post the message to its address."""
        content = orjson.dumps(document(message))
        headers = {
            "Content-Type": "application/json",
            DELIVERY: str(message.id),
            SIGNATURE: signature(content, self.secret, self.clock()),
        }
        return await self.guard.post(message.address, content, headers)


def signature(content: bytes, secret: str, now: datetime) -> str:
    """`t=<seconds since 1970>,v1=<hex>`: HMAC-SHA256 over `<t>.<body>`, so that neither can be exchanged."""
    at = int(now.timestamp())
    signed = hmac.new(secret.encode(), f"{at}.".encode() + content, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"
