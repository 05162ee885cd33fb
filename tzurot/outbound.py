"""The only HTTP client of the product: one pool of connections, streamed answers, capped sizes.

`Outbound` reaches what the operator configured (language models) and what Discord's own CDN serves; addresses that
come from people's messages are never fetched with it.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from tzurot.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

CONNECT_S = 10.0
LIMITS = httpx.Limits(max_connections=200, keepalive_expiry=30)


class Outbound:
    """One client for the life of the process: a client per request costs fifteen milliseconds each."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = httpx.AsyncClient(
            # aiohttp underneath, which hikari brings anyway: half the processor time of httpx's own transport
            transport=transport or AiohttpTransport(limits=LIMITS),
            timeout=httpx.Timeout(None, connect=CONNECT_S),
            headers={"User-Agent": "tzurot (self-hosted character bot)"},
            follow_redirects=False,
            trust_env=True,
        )

    async def close(self) -> None:
        await self._client.aclose()

    @asynccontextmanager
    async def stream(
        self, method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[httpx.Response]:
        """A streamed answer; the caller owns its deadlines. Raises httpx.HTTPError as it comes."""
        request = self._client.build_request(method, url, content=body, headers=headers)
        try:
            response = await self._client.send(request, stream=True)
            try:
                yield response
            finally:
                await response.aclose()
        except aiohttp.ClientError as error:  # what the transport does not translate: malformed answers
            raise httpx.RemoteProtocolError(type(error).__name__) from error

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
            raise Invalid("fetch.failed", "That file could not be fetched.", "Try again in a minute.") from None
        return bytes(received)

    async def status(self, url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 15.0) -> int:
        """How a GET is answered; raises Invalid (`fetch.failed`) where it is not."""
        try:
            async with asyncio.timeout(timeout_s), self.stream("GET", url, headers=headers) as response:
                return response.status_code
        except (httpx.HTTPError, TimeoutError):
            raise Invalid("fetch.failed", "That address does not answer.", "Try again in a minute.") from None
