"""Requests to addresses that users give: none of them may reach into the operator's own network.

The name is resolved once; every address it has must be public or allowed, and the connection goes to one
of those very addresses, so that a name that resolves differently a moment later (DNS rebinding) is of no
use. Certificates are checked against the name, and no connection is used twice: one that was opened for
another name of the same address would skip that check. Redirects are not followed.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import httpx

from channels.http import exchange
from channels.receipts import Receipt, refused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}


async def resolve(host: str, port: int) -> list[str]:
    """Every address of a name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


@dataclass(frozen=True, slots=True)
class Guard:
    """Posts to public addresses, and to those of `allowed` networks."""

    client: httpx.AsyncClient
    allowed: tuple[Network, ...] = ()
    resolve: Resolve = resolve

    async def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> Receipt:
        """Post, if the address may be reached."""
        try:
            target = httpx.URL(url)
        except (httpx.InvalidURL, TypeError) as error:
            return refused(f"no URL: {error}", retryable=False)
        if target.scheme not in _PORTS or not target.host or target.userinfo:
            return refused("valid: http:// or https:// without a user", retryable=False)
        try:
            addresses = await self._addresses(target)
        except (OSError, UnicodeError) as error:
            return refused(f"{target.host} has no address: {error}", retryable=True)
        for address in addresses:
            if not may_reach(address, self.allowed):
                return refused(f"{target.host} is {address}, not public", retryable=False)
        request = self._pinned(target, addresses[0], content, headers)
        return await exchange(self.client, request, _request_id)

    async def _addresses(self, target: httpx.URL) -> list[Address]:
        port = target.port or _PORTS[target.scheme]
        found = await self.resolve(target.raw_host.decode("ascii").strip("[]"), port)
        if not found:
            raise OSError("none")
        return [ipaddress.ip_address(each.partition("%")[0]) for each in found]

    def _pinned(
        self, target: httpx.URL, address: Address, content: bytes, headers: Mapping[str, str]
    ) -> httpx.Request:
        host = target.netloc.decode("ascii")
        return self.client.build_request(
            "POST",
            target.copy_with(host=str(address)),
            content=content,
            headers={**headers, "Host": host, "Connection": "close"},
            extensions={"sni_hostname": target.raw_host.decode("ascii")},
        )


def may_reach(address: Address, allowed: Sequence[Network] = ()) -> bool:
    """Whether it is on the public internet or allowed, also as what an IPv6 address wraps."""
    inner = _inner(address)
    if any(inner in network for network in allowed):
        return True
    return inner.is_global and not inner.is_multicast and not inner.is_reserved


def _inner(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address


def _request_id(response: httpx.Response, _: bytes) -> str | None:
    request_id: str | None = response.headers.get("x-request-id")
    return request_id
