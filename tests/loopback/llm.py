"""`ScriptedLLM`: an OpenAI-compatible server that answers what the test wrote for it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import orjson
from aiohttp import web
from aiohttp.multipart import BodyPartReader

from tests.loopback.llm_answers import (
    Empty,
    HalfStream,
    Html,
    Huge,
    Never,
    Nothing,
    Scripted,
    Slow,
    Status,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Json = dict[str, Any]

__all__ = [
    "Empty",
    "HalfStream",
    "Html",
    "Huge",
    "LLMRequest",
    "Never",
    "Nothing",
    "ScriptedLLM",
    "Slow",
    "Status",
    "Text",
]


@dataclass
class LLMRequest:
    """A request as it came; times are monotonic, in ns. `finished_ns` is 0 until the last byte was sent."""

    body: dict[str, Any]
    headers: dict[str, str]
    received_ns: int
    finished_ns: int = 0
    answer: Scripted | None = None
    disconnected: bool = False
    stalled: bool = False  # all that will ever come was sent

    @property
    def messages(self) -> list[dict[str, Any]]:
        return list(self.body["messages"])

    @property
    def pictures(self) -> list[bytes]:
        """What the pictures in the messages hold, in their order; each has to be a data URL."""
        contents = [one["content"] for one in self.messages if isinstance(one.get("content"), list)]
        parts = [part for content in contents for part in content if part["type"] == "image_url"]
        urls = [part["image_url"]["url"].partition(";base64,") for part in parts]
        assert all(head.startswith("data:image/") and mark for head, mark, _ in urls)
        return [base64.b64decode(data, validate=True) for _, _, data in urls]

    @property
    def prompt(self) -> str:
        """All messages as one text, for `in`."""
        return "\n".join(_flat(one.get("content")) for one in self.messages)


@dataclass
class Recorded:
    """A recording that was sent to be transcribed."""

    fields: dict[str, str]
    name: str
    media_type: str
    content: bytes
    headers: dict[str, str]


@dataclass
class ScriptedLLM:
    """Queue answers with `say` (or `queue.append`); what is not scripted gets `default`."""

    default: Callable[[LLMRequest], str | Scripted] = lambda request: f"I heard: {_last_words(request)}"
    models: list[str] = field(default_factory=lambda: ["scripted/one", "scripted/two"])
    context_length: int = 32_768
    more: dict[str, Json] = field(default_factory=dict)  # what the list says besides, by model
    keys: set[str] = field(default_factory=set[str])  # others are refused; none: whoever asks is answered

    def __post_init__(self) -> None:
        self.queue: deque[Scripted] = deque()
        self.requests: list[LLMRequest] = []
        self.transcripts: deque[str | Scripted] = deque()
        self.recordings: list[Recorded] = []
        self.listed = 0
        self.base_url = ""
        self._runner: web.ServerRunner | None = None
        self._stopping = asyncio.Event()
        self._changed = asyncio.Event()

    async def start(self, port: int = 0) -> Self:
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def stop(self) -> None:
        self._stopping.set()
        if self._runner:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_failure: object) -> None:
        await self.stop()

    def say(self, *answers: str | Scripted) -> None:
        """Answer the next requests with these, in this order."""
        self.queue.extend(Text(one) if isinstance(one, str) else one for one in answers)

    def hear(self, *transcripts: str | Scripted) -> None:
        """Hear this in the next recordings; without it the words are "nothing"."""
        self.transcripts.extend(transcripts)

    async def asked(self, times: int = 1, timeout: float = 10.0) -> LLMRequest:  # noqa: ASYNC109
        """Wait until so many requests came; the last of them."""
        try:
            async with asyncio.timeout(timeout):
                while len(self.requests) < times:
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"the language model was asked {len(self.requests)} times, not {times}") from None
        return self.requests[times - 1]

    @property
    def stalled(self) -> int:
        """How many requests have all that they will ever get, and no end."""
        return sum(one.stalled for one in self.requests)

    async def stalls(self, times: int, timeout: float = 10.0) -> None:  # noqa: ASYNC109
        """Wait until so many requests stall."""
        async with asyncio.timeout(timeout):
            while self.stalled < times:
                await self._changed.wait()

    def _wake(self) -> None:
        waiting, self._changed = self._changed, asyncio.Event()
        waiting.set()

    # -- answering ---------------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if self.keys and request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.keys:
            return web.json_response({"error": {"message": "Incorrect API key provided"}}, status=401)
        if request.path.endswith("/models"):
            self.listed += 1
            about = {
                "object": "model",
                "created": 0,
                "owned_by": "tests",
                "context_length": self.context_length,
            }
            listed = [{"id": one, **about, **self.more.get(one, {})} for one in self.models]
            return web.json_response({"object": "list", "data": listed})
        if request.path.endswith("/audio/transcriptions"):
            return await self._transcribe(request)
        if not request.path.endswith("/chat/completions"):
            return web.json_response({"error": {"message": f"no {request.path} here"}}, status=404)
        body, received_ns = await request.read(), time.monotonic_ns()  # to read it takes this process time, not the bot
        came = LLMRequest(orjson.loads(body), dict(request.headers), received_ns)
        self.requests.append(came)
        self._wake()
        planned: str | Scripted = self.queue.popleft() if self.queue else self.default(came)
        came.answer = Text(planned) if isinstance(planned, str) else planned
        try:
            return await self._answer(request, came, came.answer)
        except ConnectionError:
            came.disconnected = True
            return web.Response(status=500)
        finally:
            came.finished_ns = time.monotonic_ns()

    async def _transcribe(self, request: web.BaseRequest) -> web.StreamResponse:
        fields: dict[str, str] = {}
        came = Recorded(fields, "", "", b"", dict(request.headers))
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            if part.name == "file":
                came.name, came.content = part.filename or "", bytes(await part.read())
                came.media_type = part.headers.get("Content-Type", "")
            else:
                fields[part.name or ""] = await part.text()
        if not came.name or not fields.get("model"):
            return web.json_response({"error": {"message": "file and model are required"}}, status=400)
        self.recordings.append(came)
        planned: str | Scripted = self.transcripts.popleft() if self.transcripts else "nothing"
        if isinstance(planned, str):
            return web.json_response({"text": planned})
        return await self._answer(request, LLMRequest({}, came.headers, time.monotonic_ns()), planned)

    async def _answer(  # noqa: PLR0911
        self, request: web.BaseRequest, came: LLMRequest, answer: Scripted
    ) -> web.StreamResponse:
        match answer:
            case Status(status, headers, body):
                shown = {"error": {"message": f"scripted {status}", "code": status}} if body is None else body
                return web.json_response(shown, status=status, headers=headers)
            case Html(status):
                page = "<!doctype html><title>Bad gateway</title><h1>Oh no</h1>"
                return web.Response(status=status, text=page, content_type="text/html")
            case Never(headers, words):
                return await self._stall(request, came, words, send_headers=headers == "sent" or bool(words))
            case Nothing():
                return await self._cut(request, b"")
            case HalfStream(text):
                return await self._half(request, came, text)
            case Huge(megabytes):
                return await self._huge(request, came, megabytes)
            case Empty(finish):
                return await self._speak(request, came, Text("", finish=finish))
            case Text():
                return await self._speak(request, came, answer)

    async def _speak(self, request: web.BaseRequest, came: LLMRequest, answer: Text) -> web.StreamResponse:
        if answer.after:
            await answer.after.wait()
        if answer.delay_s:
            await self._pause(answer.delay_s)
        if not came.body.get("stream"):
            response = _stream_of(request, "application/json")
            whole = orjson.dumps(_completion(came, answer))
            response.content_length = len(whole)
            await response.prepare(request)
            await response.write(whole)
            await response.write_eof()
            return response
        response = await self._open(request)
        for event in _events(came, answer):
            await response.write(b"data: " + orjson.dumps(event) + b"\n\n")
            if answer.between_chunks_s:
                await self._pause(answer.between_chunks_s)
        await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response

    async def _open(self, request: web.BaseRequest) -> web.StreamResponse:
        response = _stream_of(request, "text/event-stream")
        await response.prepare(request)
        return response

    async def _pause(self, seconds: float) -> None:
        """Wait as the script says, but not beyond the server's own end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def _stall(
        self, request: web.BaseRequest, came: LLMRequest, words: str, *, send_headers: bool
    ) -> web.StreamResponse:
        if send_headers:
            response = await self._open(request)
            for event in list(_events(came, Text(words, usage=False)))[:-1] if words else ():
                await response.write(b"data: " + orjson.dumps(event) + b"\n\n")
        came.stalled = True
        self._wake()
        await self._stopping.wait()
        return await self._cut(request, b"", opened=send_headers)

    async def _cut(self, request: web.BaseRequest, data: bytes, *, opened: bool = False) -> web.StreamResponse:
        response = web.StreamResponse() if opened else await self._open(request)
        if data:
            await response.write(data)
        if request.transport:
            request.transport.close()
        return response

    async def _half(self, request: web.BaseRequest, came: LLMRequest, text: str) -> web.StreamResponse:
        events = list(_events(came, Text(text, tokens_per_chunk=1, usage=False)))[:-1]
        whole = b"".join(b"data: " + orjson.dumps(one) + b"\n\n" for one in events)
        return await self._cut(request, whole + b'data: {"id":"cut","choices":[{"index":0,"del')

    async def _huge(self, request: web.BaseRequest, came: LLMRequest, megabytes: float) -> web.StreamResponse:
        response = await self._open(request)
        event = next(_events(came, Text("word " * 20_000, tokens_per_chunk=20_000)))
        piece = b"data: " + orjson.dumps(event) + b"\n\n"
        for _ in range(int(megabytes * 1_000_000 / len(piece)) + 1):
            await response.write(piece)
        await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response


def _stream_of(request: web.BaseRequest, content_type: str) -> web.StreamResponse:
    return web.StreamResponse(headers={"Content-Type": content_type, "Cache-Control": "no-cache"})


def _usage(came: LLMRequest, answer: Text) -> Json:
    if isinstance(answer.usage, dict):
        return answer.usage
    prompt, spoken = len(came.prompt) // 4 + 1, len(answer.text) // 4 + 1
    return {"prompt_tokens": prompt, "completion_tokens": spoken, "total_tokens": prompt + spoken}


def _completion(came: LLMRequest, answer: Text) -> Json:
    message: Json = {"role": "assistant", "content": answer.text}
    if answer.reasoning:
        message["reasoning"] = answer.reasoning
    whole: Json = _head(came, "chat.completion") | {
        "choices": [{"index": 0, "message": message, "finish_reason": answer.finish}]
    }
    return whole | ({"usage": _usage(came, answer)} if answer.usage else {})


def _events(came: LLMRequest, answer: Text) -> Iterator[Json]:
    """The events of a stream: reasoning, words, the end, and the bill where it was asked for."""
    head = _head(came, "chat.completion.chunk")
    if answer.reasoning:
        yield head | {"choices": [{"index": 0, "delta": {"reasoning": answer.reasoning}, "finish_reason": None}]}
    words = answer.text.split(" ")
    for start in range(0, len(words), answer.tokens_per_chunk):
        piece = " ".join(words[start : start + answer.tokens_per_chunk])
        piece = (" " if start else "") + piece
        yield head | {"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]}
    yield head | {"choices": [{"index": 0, "delta": {}, "finish_reason": answer.finish}]}
    if answer.usage and (came.body.get("stream_options") or {}).get("include_usage"):
        yield head | {"choices": [], "usage": _usage(came, answer)}


def _head(came: LLMRequest, kind: str) -> Json:
    return {
        "id": f"chatcmpl-{came.received_ns}",
        "object": kind,
        "created": 0,
        "model": came.body.get("model", ""),
    }


def _flat(content: Any) -> str:
    """Words of a message whose content may be parts."""
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content)
    return str(content or "")


def _last_words(request: LLMRequest) -> str:
    said = [_flat(one.get("content")) for one in request.messages if one["role"] == "user"]
    return said[-1].strip().splitlines()[-1] if said and said[-1].strip() else "nothing"
