"""SMS, by Twilio's REST API (https://www.twilio.com/docs/messaging/api/message-resource)."""

from dataclasses import dataclass

import httpx
import orjson

from channels.http import exchange
from channels.receipts import Receipt
from domain.message_sms import sms
from domain.news import Message

TWILIO = "https://api.twilio.com"


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Who pays, and the number or messaging service (MG…) that messages come from."""

    sid: str
    token: str
    sender: str
    base_url: str = TWILIO


@dataclass(frozen=True, slots=True)
class Sms:
    """Sends by SMS. Twilio knows no idempotency: what it accepted unheard may arrive twice."""

    client: httpx.AsyncClient
    account: TwilioAccount

    async def __call__(self, message: Message) -> Receipt:
        """Queue the message at Twilio."""
        account = self.account
        by = "MessagingServiceSid" if account.sender.startswith("MG") else "From"
        request = self.client.build_request(
            "POST",
            f"{account.base_url}/2010-04-01/Accounts/{account.sid}/Messages.json",
            data={"To": message.address, by: account.sender, "Body": sms(message)},
        )
        auth = httpx.BasicAuth(account.sid, account.token)
        return await exchange(self.client, next(auth.auth_flow(request)), _sid)


def _sid(_: httpx.Response, body: bytes) -> str | None:
    try:
        answer = orjson.loads(body)
    except ValueError:
        return None
    sid = answer.get("sid") if isinstance(answer, dict) else None
    return sid if isinstance(sid, str) else None
