"""E-mail over SMTP."""

import asyncio
import ssl
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import Literal

import aiosmtplib

from channels.receipts import TIMEOUT, Receipt, accepted, refused, unknown
from domain.message_mail import html, plain_text
from domain.news import Message
from domain.wording import subject

Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. `sender` is an address, maybe with a name: `Tidemark <alerts@example.com>`."""

    host: str
    port: int
    security: Security
    sender: str
    username: str | None = None
    password: str | None = None
    trusted: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """Sends by e-mail. A retry has the Message-ID of the first attempt, so that mailboxes show it once."""

    server: MailServer

    async def __call__(self, message: Message) -> Receipt:
        """Hand the message in, over a connection of its own."""
        try:
            mail = written(message, self.server)
        except (ValueError, IndexError) as error:
            return refused(f"no address: {error}", retryable=False)
        client = self._client()
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._greet(client)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            client.close()
            return refused(_said(error), retryable=True)
        try:
            async with asyncio.timeout(TIMEOUT):
                return await _handed_in(client, mail)
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        server = self.server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=server.trusted,
            timeout=TIMEOUT / 2,
        )

    async def _greet(self, client: aiosmtplib.SMTP) -> None:
        await client.connect()
        if self.server.username is not None:
            await client.login(self.server.username, self.server.password or "")


async def _handed_in(client: aiosmtplib.SMTP, mail: EmailMessage) -> Receipt:
    try:
        _, answer = await client.send_message(mail)
    except aiosmtplib.SMTPRecipientsRefused as error:
        return _answered(error.recipients[0])
    except aiosmtplib.SMTPResponseException as error:
        return _answered(error)
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        return unknown(_said(error))
    return accepted(mail["Message-ID"], answer)


def written(message: Message, server: MailServer) -> EmailMessage:
    """The mail as it is handed in; the same bytes for the same message but for its MIME boundary."""
    mail = EmailMessage(policy=SMTP)
    name, address = parseaddr(server.sender)
    sender = Address(name, addr_spec=address)
    mail["From"] = sender
    mail["To"] = Address(addr_spec=message.address)
    mail["Subject"] = subject(message)
    mail["Date"] = message.created_at
    mail["Message-ID"] = f"<{message.id}@{sender.domain or 'tidemark'}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(plain_text(message))
    mail.add_alternative(html(message), subtype="html")
    return mail


def _answered(error: aiosmtplib.SMTPResponseException) -> Receipt:
    """4yz: later. 5yz: never."""
    return refused(f"SMTP {error.code} {error.message}", retryable=error.code < 500)


def _said(error: BaseException) -> str:
    return f"SMTP: {type(error).__name__} {error}".strip()
