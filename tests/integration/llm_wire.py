"""What the tests of the language model's client share: a route, a listener, and a server that writes raw bytes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tzurot.errors import ProviderFailed
from tzurot.llm.chat import ChatMessage, Piece, Route
from tzurot.outbound import Outbound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from tzurot.llm.client import Answer, Attempt, Client

    Speak = Callable[[asyncio.StreamWriter], Awaitable[None]]

KEY = "sk-canary-0123456789abcdef"
HELLO = (ChatMessage(role="user", content="hello"),)
STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def route(base_url: str, **given: object) -> Route:
    usual = {"api_key": KEY, "attempts": 1, "first_token_s": 5.0, "stall_s": 5.0, "total_s": 10.0}
    return Route(base_url=base_url, model="scripted", **{**usual, **given})  # pyright: ignore[reportArgumentType]


@dataclass
class Asked:
    """One question to the client with all that a caller learns of it."""

    pieces: list[Piece] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    restarts: int = 0
    answer: Answer | None = None
    error: ProviderFailed | None = None

    @property
    def outcomes(self) -> list[str]:
        return [attempt.outcome for attempt in self.attempts]

    @property
    def code(self) -> str:
        return self.error.code if self.error else "ok"

    @property
    def text(self) -> str:
        assert self.answer is not None, self.error
        return self.answer.text


@asynccontextmanager
async def outbound() -> AsyncIterator[Outbound]:
    made = Outbound()
    try:
        yield made
    finally:
        await made.close()


async def ask(client: Client, at: Route, messages: Sequence[ChatMessage] = HELLO, *, may_restart: bool = True) -> Asked:
    """Ask, and keep what was heard; a failure of the provider's is kept as well."""
    asked = Asked()

    def restarted() -> bool:
        asked.restarts += 1
        if may_restart:
            asked.pieces.clear()
        return may_restart

    try:
        asked.answer = await client.ask(
            at, messages, heard=asked.pieces.append, restarted=restarted, attempts=asked.attempts
        )
    except ProviderFailed as error:
        asked.error = error
    return asked


@asynccontextmanager
async def raw_server(*answers: Speak) -> AsyncIterator[str]:
    """A server on loopback that reads a request and lets each answer in turn write bytes; its base URL."""
    left = list(answers)
    busy: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        busy.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(row[15:]) for row in head.split(b"\r\n") if row.lower().startswith(b"content-length:"))
            await reader.readexactly(length)
            await (left.pop(0) if len(left) > 1 else left[0])(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went
        finally:
            writer.close()
            busy.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)


def says(*parts: bytes, head: bytes = STREAM_HEAD) -> Speak:
    """Write these parts as network writes of their own, and close."""

    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        await writer.drain()
        for part in parts:
            writer.write(part)
            await writer.drain()

    return speak


def plain(status: str, content_type: str, body: bytes) -> Speak:
    head = f"HTTP/1.1 {status}\r\n" + (f"Content-Type: {content_type}\r\n" if content_type else "")
    return says(body, head=f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode())
