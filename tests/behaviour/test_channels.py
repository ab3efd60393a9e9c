"""Each channel against a provider on a real socket: what is sent, and what its answers mean."""

import asyncio
import hmac
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import channels.http
import channels.mail
from channels.guard import Guard, may_reach
from channels.http import open_client
from channels.mail import Mail, MailServer
from channels.receipts import Outcome, Receipt
from channels.slack import Slack
from channels.sms import Sms, TwilioAccount
from channels.webhook import Webhook
from tests.desk import SECRET
from tests.providers import Answer, HttpProvider, http_provider, mail_provider
from tests.unit.test_messages import AT, message

LOOPBACK = ip_network("127.0.0.0/8")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with open_client() as opened:
        yield opened


@pytest.fixture
async def provider() -> AsyncIterator[HttpProvider]:
    async with http_provider() as opened:
        yield opened


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    """A server's context for 127.0.0.1 and hooks.example, and the file that says to trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = datetime.now(UTC)
    names = [x509.DNSName("hooks.example"), x509.IPAddress(ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "own.pem"
    pem = serialization.Encoding.PEM
    kind = serialization.PrivateFormat.PKCS8
    file.write_bytes(
        key.private_bytes(pem, kind, serialization.NoEncryption()) + made.public_bytes(pem)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, str(file)


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Providers that hang are waited for shortly."""
    for module in (channels.http, channels.mail):
        monkeypatch.setattr(module, "TIMEOUT", 0.3)


def webhook(client: httpx.AsyncClient, **options: Any) -> Webhook:
    return Webhook(Guard(client, **{"allowed": (LOOPBACK,), **options}), SECRET, lambda: AT)


async def post(client: httpx.AsyncClient, url: str, **options: Any) -> Receipt:
    return await webhook(client, **options)(replace(message(), address=url))


async def test_slack_gets_blocks(client: httpx.AsyncClient, provider: HttpProvider) -> None:
    sender = Slack(client, f"{provider.url}/services/T/B/x", Guard(client))
    receipt = await sender(replace(message(), address="default"))
    assert receipt.outcome is Outcome.ACCEPTED
    (asked,) = provider.asked
    assert asked.path == "/services/T/B/x"
    assert asked.json["text"] == "[CRITICAL] Checkout errors (source=web)"
    assert asked.json["blocks"][0]["type"] == "section"


async def test_twilio_gets_a_form_with_the_accounts_credentials(
    client: httpx.AsyncClient, provider: HttpProvider
) -> None:
    provider.behave = lambda _: Answer(201, b'{"sid": "SM123", "status": "queued"}')
    account = TwilioAccount("AC1", "token", "+15550100", provider.url)
    receipt = await Sms(client, account)(replace(message(), address="+4915112345678"))
    assert (receipt.outcome, receipt.provider_id) == (Outcome.ACCEPTED, "SM123")
    (asked,) = provider.asked
    assert asked.path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert asked.headers["authorization"] == "Basic QUMxOnRva2Vu"
    assert (asked.form["To"], asked.form["From"]) == ("+4915112345678", "+15550100")
    service = replace(account, sender="MG77")
    await Sms(client, service)(replace(message(), address="+4915112345678"))
    assert provider.asked[1].form["MessagingServiceSid"] == "MG77"


async def test_a_webhook_is_signed_over_time_and_body(
    client: httpx.AsyncClient, provider: HttpProvider
) -> None:
    assert (await post(client, f"{provider.url}/in?x=1")).outcome is Outcome.ACCEPTED
    (asked,) = provider.asked
    stated = dict(part.split("=") for part in asked.headers["tidemark-signature"].split(","))
    assert int(stated["t"]) == int(AT.timestamp())
    signed = f"{stated['t']}.".encode() + asked.body
    assert stated["v1"] == hmac.new(SECRET.encode(), signed, "sha256").hexdigest()
    assert asked.headers["tidemark-delivery"] == asked.json["id"] == str(message().id)
    assert (asked.path, asked.headers["host"]) == ("/in?x=1", f"127.0.0.1:{provider.port}")


@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        (301, False),
        (302, False),
        (307, False),
        (400, False),
        (401, True),
        (404, False),
        (410, False),
        (429, True),
        (500, True),
        (503, True),
    ],
)
async def test_what_an_answer_means(
    client: httpx.AsyncClient, provider: HttpProvider, status: int, retryable: bool
) -> None:
    moved = {"Location": f"{provider.url}/elsewhere"}
    provider.behave = lambda asked: Answer(status, b"no", moved)
    receipt = await post(client, f"{provider.url}/in")
    assert (receipt.outcome, receipt.retryable) == (Outcome.REFUSED, retryable)
    assert f"HTTP {status}" in receipt.detail
    assert [each.path for each in provider.asked] == ["/in"]


@pytest.mark.parametrize(
    ("given", "least", "most"),
    [("120", 120, 120), ("Wed, 21 Oct 2099 07:28:00 GMT", 86_400, None), ("soon", None, None)],
)
async def test_retry_after_is_read_as_seconds_or_date(
    client: httpx.AsyncClient,
    provider: HttpProvider,
    given: str,
    least: int | None,
    most: int | None,
) -> None:
    provider.behave = lambda _: Answer(503, headers={"Retry-After": given})
    receipt = await post(client, provider.url)
    if least is None:
        assert receipt.after is None
        return
    assert receipt.after is not None
    assert receipt.after >= timedelta(seconds=least)
    assert most is None or receipt.after <= timedelta(seconds=most)


@pytest.mark.usefixtures("_impatient")
async def test_silence_after_sending_is_unknown_and_no_connection_is_not(
    client: httpx.AsyncClient, provider: HttpProvider
) -> None:
    provider.behave = lambda _: Answer(hangs=True)
    silent = await post(client, provider.url)
    assert (silent.outcome, silent.retryable) == (Outcome.UNKNOWN, True)
    nobody = await post(client, "http://127.0.0.1:1/")
    assert (nobody.outcome, nobody.retryable) == (Outcome.REFUSED, True)


async def test_an_endless_answer_is_not_read_to_its_end(
    client: httpx.AsyncClient, provider: HttpProvider
) -> None:
    provider.behave = lambda _: Answer(400, b"x" * 3_000_000)
    assert len((await post(client, provider.url)).detail) < 1_000


@pytest.mark.parametrize(
    ("address", "reachable"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("127.8.9.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b:1::1", False),
        ("2002:7f00:1::", False),
        ("2002:a00:1::", False),
        ("2001:db8::1", False),
    ],
)
def test_only_public_addresses_may_be_reached(address: str, reachable: bool) -> None:
    assert may_reach(ip_address(address)) is reachable


def test_allowed_networks_may_be_reached_and_no_others() -> None:
    allowed = (ip_network("10.1.0.0/16"),)
    assert may_reach(ip_address("10.1.2.3"), allowed)
    assert may_reach(ip_address("::ffff:10.1.2.3"), allowed)
    assert not may_reach(ip_address("10.2.2.3"), allowed)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f000001:{port}/",
        "http://127.1:{port}/",
        "http://0:{port}/",
        "http://user@127.0.0.1:{port}/",
        "ftp://127.0.0.1:{port}/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
        "not a url",
    ],
)
async def test_what_leads_to_loopback_is_refused_for_good(
    client: httpx.AsyncClient, provider: HttpProvider, url: str
) -> None:
    receipt = await post(client, url.format(port=provider.port), allowed=())
    assert receipt.outcome is Outcome.REFUSED
    assert provider.asked == []


async def test_a_name_with_any_private_address_is_refused(
    client: httpx.AsyncClient, provider: HttpProvider
) -> None:
    async def mixed(host: str, port: int) -> list[str]:
        return ["93.184.216.34", "127.0.0.1"]

    url = f"http://mixed.example:{provider.port}/"
    receipt = await post(client, url, allowed=(), resolve=mixed)
    assert (receipt.outcome, receipt.retryable) == (Outcome.REFUSED, False)
    assert provider.asked == []


async def test_a_name_is_resolved_once_and_the_connection_goes_where_that_led(
    client: httpx.AsyncClient, provider: HttpProvider
) -> None:
    """Were the name resolved again to connect, it would not be found at all."""
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    url = f"http://rebinding.invalid:{provider.port}/"
    receipt = await post(client, url, resolve=rebinding)
    assert receipt.outcome is Outcome.ACCEPTED
    assert asked == ["rebinding.invalid"]
    assert provider.asked[0].headers["host"] == f"rebinding.invalid:{provider.port}"


async def test_a_name_that_nobody_knows_is_tried_again(client: httpx.AsyncClient) -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    receipt = await post(client, "https://gone.example/", resolve=nowhere)
    assert (receipt.outcome, receipt.retryable) == (Outcome.REFUSED, True)


def mail_server(port: int, **options: Any) -> MailServer:
    known = {"security": "none", "sender": "Tidemark <t@tide.example>", **options}
    return MailServer("127.0.0.1", port, **known)


async def test_a_mail_has_both_bodies_and_the_same_id_in_every_attempt() -> None:
    async with mail_provider() as box:
        sender = Mail(mail_server(box.port))
        receipts = [await sender(message()) for _ in range(2)]
    first, again = box.mails
    assert {each.outcome for each in receipts} == {Outcome.ACCEPTED}
    assert first["Message-ID"] == again["Message-ID"] == receipts[0].provider_id
    assert [part.get_content_type() for part in first.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


@pytest.mark.parametrize(
    ("answer", "retryable"), [("451 later", True), ("550 no", False), ("552 full", False)]
)
@pytest.mark.parametrize("part", ["verdict", "refuses"])
async def test_a_mail_server_that_says_no(answer: str, retryable: bool, part: str) -> None:
    async with mail_provider() as box:
        setattr(box, part, answer)
        receipt = await Mail(mail_server(box.port))(message())
    assert (receipt.outcome, receipt.retryable) == (Outcome.REFUSED, retryable)
    assert answer[:3] in receipt.detail


@pytest.mark.usefixtures("_impatient")
async def test_a_mail_server_that_is_silent_after_the_mail_may_have_it() -> None:
    async with mail_provider() as box:
        box.hangs = True
        receipt = await Mail(mail_server(box.port))(message())
    assert (receipt.outcome, receipt.retryable, len(box.mails)) == (Outcome.UNKNOWN, True, 1)


async def test_no_mail_server_is_tried_again() -> None:
    receipt = await Mail(mail_server(1))(message())
    assert (receipt.outcome, receipt.retryable) == (Outcome.REFUSED, True)


async def test_login_and_starttls_are_used(certificate: tuple[ssl.SSLContext, str]) -> None:
    context, trusted = certificate
    seen: list[tuple[bytes, bytes]] = []

    def authenticator(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        seen.append((data.login, data.password))
        return AuthResult(success=True)

    options = {
        "tls_context": context,
        "require_starttls": True,
        "auth_required": True,
        "authenticator": authenticator,
    }
    async with mail_provider(**options) as box:
        known = {"username": "me", "password": "pw", "security": "starttls"}
        untrusted = await Mail(mail_server(box.port, **known))(message())
        assert (untrusted.outcome, untrusted.retryable) == (Outcome.REFUSED, True)
        own = ssl.create_default_context(cafile=trusted)
        receipt = await Mail(mail_server(box.port, **known, trusted=own))(message())
    assert receipt.outcome is Outcome.ACCEPTED, receipt
    assert seen == [(b"me", b"pw")]


async def test_a_certificate_is_checked_against_the_name_not_the_pinned_address(
    certificate: tuple[ssl.SSLContext, str],
) -> None:
    context, trusted = certificate
    provider = HttpProvider()
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]

    async def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    verify = ssl.create_default_context(cafile=trusted)
    async with httpx.AsyncClient(verify=verify, trust_env=False) as own:
        right = await post(own, f"https://hooks.example:{port}/", resolve=here)
        wrong = await post(own, f"https://other.example:{port}/", resolve=here)
    server.close()
    assert (right.outcome, wrong.outcome) == (Outcome.ACCEPTED, Outcome.REFUSED)
    assert len(provider.asked) == 1
