"""What an answer over HTTP means for a message."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from channels.receipts import TIMEOUT, Receipt, accepted, refused, unknown

_LATER = frozenset({401, 403, 408, 425, 429})
"""Not the message's fault; and wrong credentials can be mended while it waits. So is every 5xx."""

_LONGEST_DETAIL = 300
_MOST_READ = 16_384
_BODY_TIMEOUT = 2.0


def open_client() -> httpx.AsyncClient:
    """Follows no redirects and knows no proxies, so that nothing leads to where it may not go."""
    return httpx.AsyncClient(
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
        limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
    )


async def exchange(
    client: httpx.AsyncClient,
    request: httpx.Request,
    provider_id: Callable[[httpx.Response, bytes], str | None],
) -> Receipt:
    """Send the request and judge what comes back, of which only the beginning is read."""
    try:
        async with asyncio.timeout(TIMEOUT):
            response = await client.send(request, stream=True)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        return refused(f"no connection: {_named(error)}", retryable=True)
    except (httpx.HTTPError, TimeoutError) as error:
        return unknown(f"no answer: {_named(error)}")
    body = await _beginning(response)
    status = response.status_code
    if response.is_success:
        return accepted(provider_id(response, body), f"HTTP {status}")
    said = body[:_LONGEST_DETAIL].decode("utf-8", "replace")
    later = status >= 500 or status in _LATER
    return refused(f"HTTP {status} {said}".strip(), retryable=later, after=retry_after(response))


async def _beginning(response: httpx.Response) -> bytes:
    """At most some KiB of the body; what breaks or dawdles after the status changes nothing."""
    read = b""
    with contextlib.suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(_BODY_TIMEOUT):
            async for chunk in response.aiter_raw(_MOST_READ):
                read += chunk
                if len(read) >= _MOST_READ:
                    break
    await response.aclose()
    return read


def retry_after(response: httpx.Response) -> timedelta | None:
    """The Retry-After of an answer, in seconds or as a date; None where it makes no sense."""
    text = response.headers.get("retry-after", "")
    try:
        seconds = float(text)
    except ValueError:
        return _until(text)
    return timedelta(seconds=min(seconds, 86_400)) if seconds >= 0 else None


def _until(text: str) -> timedelta | None:
    try:
        wait = parsedate_to_datetime(text) - datetime.now(UTC)
    except (ValueError, TypeError):
        return None
    return max(wait, timedelta(0))


def _named(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()
