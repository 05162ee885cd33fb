"""The HTTP side: read a request, judge it, break it if told to, answer it, judge the answer."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web
from aiohttp.multipart import BodyPartReader

from tests.loopback import routes_application, routes_channels, routes_guilds, routes_webhooks
from tests.loopback.faults import Budgets, Fault
from tests.loopback.messages import Upload
from tests.loopback.model import File
from tests.loopback.refusals import Refusal
from tests.loopback.routing import NO_CONTENT, Answer, Call, match

if TYPE_CHECKING:
    from tests.loopback.honesty import Honesty
    from tests.loopback.interactions import Interactions

PREFIX = "/api/v10"
ANSWERED_BY = (routes_application, routes_channels, routes_guilds, routes_webhooks)


@dataclass
class Request:
    """A request of the bot, as the log keeps it; times are monotonic, in ns."""

    received_ns: int
    method: str
    path: str
    query: dict[str, str]
    body: Any
    files: int = 0
    status: int = 0  # 0 while unanswered or cut
    answered_ns: int = 0


class Server:
    """One aiohttp server for REST, gateway and CDN."""

    def __init__(self, discord: Interactions, honesty: Honesty) -> None:
        self._discord = discord
        self._honesty = honesty
        self._runner: web.ServerRunner | None = None
        self.requests: list[Request] = []
        self.downloads: list[Request] = []
        self.faults: list[Fault] = []
        self.budgets = Budgets()
        self._stopping = asyncio.Event()

    async def start(self, port: int) -> str:
        self._stopping.clear()
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        self._stopping.set()
        await self._discord.gateway.close()
        if self._runner:
            await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith(PREFIX + "/"):
            return await self._api(request)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._discord.gateway.connect(request)
        return await self._cdn(request)

    async def _cdn(self, request: web.BaseRequest) -> web.StreamResponse:
        logged = Request(time.monotonic_ns(), "GET", request.path, dict(request.query), None)
        self.downloads.append(logged)
        self._discord.changed()
        fault = next((one for one in self.faults if one.takes("CDN", request.path)), None)
        if fault:
            return await self._break(request, logged, fault)
        file = self._discord.files.get(request.path.lstrip("/"))
        logged.status = 404 if file is None else 200
        if file is None:
            return web.Response(status=404, text="no such file")
        return web.Response(body=file.data, headers={"Content-Type": file.content_type})

    # -- one request of the API --------------------------------------------------------------------

    async def _api(self, request: web.BaseRequest) -> web.StreamResponse:
        body, uploads, broken = await _read(request)
        path = request.path.removeprefix(PREFIX)
        call = Call(self._discord, request.method, path, dict(request.query), body, uploads)
        logged = Request(time.monotonic_ns(), call.method, path, call.query, body, len(uploads))
        self.requests.append(logged)
        self._discord.changed()
        complaint = self._honesty.request(call, request.content_type, broken)
        fault = next((one for one in self.faults if one.takes(call.method, path)), None)
        if fault and not fault.after_accepting:
            return await self._break(request, logged, fault)
        headers, wait_s = self.budgets.spend(call.method, path)
        if wait_s:
            limited = {
                "message": "You are being rate limited.",
                "retry_after": round(wait_s, 3),
                "global": False,
            }
            return self._respond(logged, Answer(limited, 429), headers)
        answer = complaint or await self._answer(call, request.headers.get("Authorization", ""))
        if fault:
            fault.done += 1
        self._discord.changed()
        if fault:
            return await self._break(request, logged, fault)
        self._honesty.response(call, answer)
        return self._respond(logged, answer, headers)

    async def _answer(self, call: Call, authorization: str) -> Answer:
        found = match(call.method, call.path)
        if found is None:
            self._honesty.unanswered(call)
            return Answer({"message": "404: Not Found", "code": 0}, 404)
        route, call.parts = found
        if not route.open and authorization != f"Bot {self._discord.token}":
            return Answer({"message": "401: Unauthorized", "code": 0}, 401)
        try:
            return await route.handler(call)
        except Refusal as refusal:
            if refusal.malformed:
                self._honesty.malformed(call, refusal)
            return Answer(refusal.body, refusal.status)
        except Exception as error:  # noqa: BLE001  -- the loopback's own fault, and it must show
            self._honesty.broke(call, error)
            return Answer({"message": f"loopback broke: {error!r}", "code": 0}, 500)

    async def _break(self, request: web.BaseRequest, logged: Request, fault: Fault) -> web.StreamResponse:
        if fault.hang_s:
            stopping = asyncio.ensure_future(self._stopping.wait())
            await asyncio.wait({stopping}, timeout=fault.hang_s)
            stopping.cancel()
        if fault.status is None:
            if request.transport:
                request.transport.abort()
            return web.Response(status=500)
        return self._respond(logged, Answer(fault.json, fault.status), fault.headers)

    def _respond(self, logged: Request, answer: Answer, headers: dict[str, str]) -> web.Response:
        logged.status, logged.answered_ns = answer.status, time.monotonic_ns()
        self._discord.changed()
        if answer.status == NO_CONTENT:
            return web.Response(status=NO_CONTENT, headers=headers)
        if isinstance(answer.body, str):
            return web.Response(status=answer.status, text=answer.body, content_type="text/html", headers=headers)
        data = orjson.dumps(answer.body)
        return web.Response(status=answer.status, body=data, headers={**headers, "Content-Type": "application/json"})


async def _read(request: web.BaseRequest) -> tuple[Any, dict[int, Upload], str]:
    """The JSON, the uploads by their number, and what was wrong with the form."""
    if request.content_type != "multipart/form-data":
        data = await request.read()
        try:
            return (orjson.loads(data) if data else None), {}, ""
        except orjson.JSONDecodeError as error:
            return None, {}, f"body is no JSON: {error}"
    body: Any = None
    broken = ""
    files: dict[int, File] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        content = bytes(await part.read())
        number = re.fullmatch(r"files\[(\d)\]", part.name or "")
        if part.name == "payload_json":
            body = orjson.loads(content)
        elif number:
            content_type = part.headers.get("Content-Type", "application/octet-stream")
            files[int(number[1])] = File(part.filename or "file", content, content_type.split(";")[0])
        else:
            broken = f"form part {part.name!r} is neither payload_json nor files[n]"
    described = {int(one["id"]): one for one in (_data(body).get("attachments") or []) if int(one["id"]) < 10}
    uploads: dict[int, Upload] = {}
    for place, file in files.items():
        about = described.get(place, {})
        named = File(about.get("filename") or file.name, file.data, file.content_type)
        uploads[place] = Upload(named, about.get("description"))
    return body, uploads, broken


def _data(body: Any) -> dict[str, Any]:
    """Where a body keeps its message: an interaction's callback nests it."""
    if not isinstance(body, dict):
        return {}
    nested = body.get("data")
    return nested if isinstance(nested, dict) else body
