"""One small site for whoever watches the process: alive, ready and why not, metrics; and faces for Discord to fetch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web
from loguru import logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Reasons = Callable[[], Awaitable[tuple[str, ...]]]
    FaceOf = Callable[[str], Awaitable[tuple[bytes, str] | None]]


class Health:
    """`reasons` says what keeps the bot from answering, nothing when it can; `face` finds an avatar by its digest."""

    def __init__(self, host: str, port: int, reasons: Reasons, face: FaceOf) -> None:
        self._host = host
        self._port = port
        self._reasons = reasons
        self._face = face
        self._runner: web.AppRunner | None = None

    async def open(self) -> None:
        """Listen; a port that is taken is said and lived without."""
        if not self._port:
            return
        site = web.Application()
        site.router.add_get("/livez", self._livez)
        site.router.add_get("/readyz", self._readyz)
        site.router.add_get("/metrics", self._metrics)
        site.router.add_get("/faces/{digest:[0-9a-f]{64}}", self._faces)
        self._runner = web.AppRunner(site, access_log=None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            logger.warning(
                "no health page: port {} cannot be used ({}); health.port in config.toml names another",
                self._port,
                error.strerror,
            )

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _livez(self, _: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        reasons = await self._reasons()
        return web.Response(status=503 if reasons else 200, text="".join(f"{r}\n" for r in reasons) or "ready\n")

    async def _metrics(self, _: web.Request) -> web.Response:
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest  # noqa: PLC0415 - 2 MB, when somebody asks

        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _faces(self, request: web.Request) -> web.Response:
        face = await self._face(request.match_info["digest"])
        if face is None:
            raise web.HTTPNotFound
        content, media_type = face
        return web.Response(
            body=content,
            content_type=media_type,
            headers={"Cache-Control": "public, max-age=31536000, immutable"},
        )
