"""The only HTTP client of the product: one pool of connections, streamed answers, capped sizes.

`Outbound` reaches what the operator configured (language models) and what Discord's own CDN serves; addresses that
come with people's messages are fetched with its `guarded` client, which reaches nothing inside the operator's network.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import aiohttp
import certifi
import httpx
from aiohttp.abc import AbstractResolver
from httpx_aiohttp import AiohttpTransport

from tzurot.errors import Invalid, Refused

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncGenerator, Iterable, Mapping

    from aiohttp.abc import ResolveResult

CONNECT_S = 10.0
CONNECTIONS = 200
KEPT_S = 30.0
TIMEOUT = {"timeout": {"connect": CONNECT_S}}
# what httpx can decode without further libraries
HEADERS = {"User-Agent": "tzurot (self-hosted character bot)", "Accept-Encoding": "gzip, deflate"}
REDIRECTS = 3
NAT64 = IPv6Network("64:ff9b::/96")
MOVED = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What was fetched; `whole` is False where there was more of it than was asked for."""

    content: bytes
    media_type: str = ""
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How a request was answered, whether it is a success or not."""

    status: int
    content: bytes


class Outbound:
    """One pool of connections for the life of the process: one per request costs fifteen milliseconds each.

    aiohttp carries the requests, which hikari brings anyway: half the processor time of httpx's own transport. httpx's
    client above it would add what nothing here asks for (cookies, redirects, authentication).
    """

    def __init__(self, *, operators: Iterable[str] = ()) -> None:
        """`operators` are addresses the host configured: what stands at the same origin needs no guard."""
        self.guarded = Guarded(self, operators)
        self._transport = AiohttpTransport(verify=trusted(), client=_session)

    async def close(self) -> None:
        await self.guarded.close()
        await self._transport.aclose()

    @asynccontextmanager
    async def stream(
        self, method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[httpx.Response]:
        """A streamed answer; the caller owns its deadlines. Raises httpx.HTTPError as it comes."""
        request = httpx.Request(method, _parsed(url), content=body, headers=_with_ours(headers), extensions=TIMEOUT)
        async with _sent(self._transport, request) as response:
            yield response

    async def get(
        self, url: str, *, limit_bytes: int, headers: Mapping[str, str] | None = None, timeout_s: float = 15.0
    ) -> bytes:
        """The whole answer to a GET, refused beyond `limit_bytes`.

        Raises:
            Invalid: the answer is larger than the limit (`fetch.too_large`), or there was none in time that is a
                success (`fetch.failed`).

        """
        received = bytearray()
        try:
            async with asyncio.timeout(timeout_s), self.stream("GET", url, headers=headers) as response:
                response.raise_for_status()
                async for piece in response.aiter_bytes():
                    received += piece
                    if len(received) > limit_bytes:
                        raise Invalid(
                            "fetch.too_large",
                            f"That file is larger than {limit_bytes // 1024} KiB.",
                            "Send a smaller one.",
                        )
        except (httpx.HTTPError, TimeoutError):
            raise unfetched() from None
        return bytes(received)

    async def upload(
        self,
        url: str,
        *,
        fields: Mapping[str, str],
        file: tuple[str, bytes, str],
        limit_bytes: int,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 60.0,
    ) -> Answered:
        """Post a form with one file (its name, content and media type), and what is answered to it.

        Raises:
            Invalid: no answer in time, or one larger than the limit (`fetch.failed`).

        """
        received = bytearray()
        try:
            request = httpx.Request(
                "POST", url, data=dict(fields), files={"file": file}, headers=_with_ours(headers), extensions=TIMEOUT
            )
            async with asyncio.timeout(timeout_s), _sent(self._transport, request) as response:
                async for piece in response.aiter_bytes():
                    received += piece
                    if len(received) > limit_bytes:
                        raise unfetched()
                return Answered(status=response.status_code, content=bytes(received))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError):
            raise unfetched() from None

    async def status(self, url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 15.0) -> int:
        """How a GET is answered; raises Invalid (`fetch.failed`) where it is not."""
        try:
            async with asyncio.timeout(timeout_s), self.stream("GET", url, headers=headers) as response:
                return response.status_code
        except (httpx.HTTPError, TimeoutError):
            raise Invalid("fetch.failed", "That address does not answer.", "Try again in a minute.") from None


class Guarded:
    """Fetches addresses that came from people: only public ones, at every redirect, and no more than was asked for.

    What a name resolves to is checked where the connection is made, so it cannot change in between. An `operators`
    address (a Discord of one's own in tests, say) is reached like any other configured one.
    """

    def __init__(self, outbound: Outbound, operators: Iterable[str]) -> None:
        self._outbound = outbound
        self._trusted = frozenset(_origin(httpx.URL(address)) for address in operators if address)
        self._transport = AiohttpTransport(verify=trusted(), client=_guarded_session)

    async def close(self) -> None:
        await self._transport.aclose()

    async def get(self, url: str, *, limit_bytes: int, timeout_s: float = 15.0) -> Fetched:
        """What stands at an address, at most its first `limit_bytes`.

        Raises:
            Refused: the address, or one it redirects to, is none of the public internet's (`fetch.private`).
            Invalid: there was no success in time (`fetch.failed`).

        """
        try:
            async with asyncio.timeout(timeout_s):
                for _ in range(REDIRECTS + 1):
                    async with self._open(url) as response:
                        if response.status_code not in MOVED:
                            return await _first(response, limit_bytes)
                        url = urljoin(url, response.headers.get("location", ""))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, UnicodeError, ValueError) as error:
            if isinstance(_origin_of_failure(error), NotPublic):
                raise private() from None
            raise unfetched() from None
        raise unfetched()

    @asynccontextmanager
    async def _open(self, url: str) -> AsyncGenerator[httpx.Response]:
        address = httpx.URL(url)
        # asked for as it is: a small file may unpack into an endless one
        headers = {"Accept-Encoding": "identity"}
        if _origin(address) in self._trusted:
            async with self._outbound.stream("GET", url, headers=headers) as response:
                yield response
            return
        if address.scheme not in ("http", "https") or not _may_be_public(address.host):
            raise private()
        request = httpx.Request("GET", address, headers=_with_ours(headers), extensions=TIMEOUT)
        async with _sent(self._transport, request) as response:
            yield response


class NotPublic(OSError):
    """A name that leads into somebody's own network."""


class PublicResolver(AbstractResolver):
    """Resolves names as usual, and knows none of those that lead to an address that is not public."""

    def __init__(self) -> None:
        self._resolver = aiohttp.DefaultResolver()

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily | int = 0) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)  # pyright: ignore[reportArgumentType]
        if not all(_is_public(one["host"]) for one in found):
            raise NotPublic(host)
        return found

    async def close(self) -> None:
        await self._resolver.close()


_parsed = lru_cache(64)(httpx.URL)  # models are asked at the same few addresses


def unfetched() -> Invalid:
    return Invalid("fetch.failed", "That file could not be fetched.", "Try again in a minute.")


def private() -> Refused:
    return Refused("fetch.private", "That address is not on the public internet.", "Send the file itself.")


@cache
def trusted() -> ssl.SSLContext:
    """Whose certificates are believed: the system's, or certifi's where it has none. One for all: each takes 1 MB."""
    context = ssl.create_default_context()
    known = ssl.get_default_verify_paths()
    if not known.cafile and not (known.capath and any(Path(known.capath).glob("[0-9a-f]" * 8 + ".[0-9]"))):
        context.load_verify_locations(certifi.where())
    return context


def _with_ours(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {**HEADERS, **(headers or {})}


@asynccontextmanager
async def _sent(transport: AiohttpTransport, request: httpx.Request) -> AsyncGenerator[httpx.Response]:
    try:
        response = await transport.handle_async_request(request)
        try:
            yield response
        finally:
            await response.aclose()
    except aiohttp.ClientError as error:  # what the transport does not translate: malformed answers
        raise httpx.RemoteProtocolError(type(error).__name__) from error


async def _first(response: httpx.Response, limit_bytes: int) -> Fetched:
    response.raise_for_status()
    media_type = response.headers.get("content-type", "")
    received = bytearray()
    async for piece in response.aiter_raw():
        received += piece
        if len(received) > limit_bytes:
            return Fetched(content=bytes(received[:limit_bytes]), media_type=media_type, whole=False)
    return Fetched(content=bytes(received), media_type=media_type)


# Neither takes cookies: what one person's request brings is not for another's. Neither knows a proxy of the
# environment: it would resolve names where nobody checks them, and models on this machine are not behind it.


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEPT_S, ssl=trusted()),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


def _guarded_session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=PublicResolver(), limit=CONNECTIONS, ssl=trusted()),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _origin_of_failure(error: BaseException | None) -> BaseException | None:
    """The first of the errors that led to this one."""
    while error is not None and (before := error.__cause__ or error.__context__):
        error = before
    return error


def _may_be_public(host: str) -> bool:
    """Whether it is a name, whose address is checked when it is resolved, or a public address."""
    try:
        ip_address(host)
    except ValueError:
        return bool(host) and not host.replace(".", "").isdigit()  # 127.1 and 2130706433 are loopback too
    return _is_public(host)


def _is_public(host: str) -> bool:
    address = ip_address(host.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in NAT64:
            inner = ip_address(int(address) & 0xFFFFFFFF)
        address = inner or address
    return address.is_global and not address.is_multicast and not address.is_reserved
