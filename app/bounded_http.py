"""One HTTP answer of bounded size, from an address that an operator configured."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

LARGEST = 2 * 1024 * 1024


class NoAnswer(Exception):
    """Why there is none, in words that may be shown."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of a 200."""

    body: bytes
    content_type: str


async def fetch(
    client: httpx.AsyncClient,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """GET it. Raises NoAnswer. The caller bounds the time.

    Compressed answers are not asked for and not taken: their size is known too late.
    """
    wanted = {"Accept-Encoding": "identity", **(headers or {})}
    try:
        async with client.stream("GET", url, params=params, headers=wanted) as response:
            if response.status_code != 200:
                raise NoAnswer(f"answered {response.status_code}")
            if response.headers.get("content-encoding", "identity") != "identity":
                raise NoAnswer("answered compressed though it was not asked to")
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > LARGEST:
                    raise NoAnswer(f"answered more than {LARGEST:,} bytes")
            return Answer(bytes(body), response.headers.get("content-type", ""))
    except httpx.HTTPError as problem:
        raise NoAnswer(_said(problem)) from problem


def _said(problem: httpx.HTTPError) -> str:
    if isinstance(problem, httpx.ConnectError):
        return "cannot be reached"
    return f"failed ({type(problem).__name__})"
