"""Asks a language model: retries what may pass, keeps every deadline, and names each way it can fail."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import monotonic, time
from typing import TYPE_CHECKING

import httpx
import stamina

from tzurot.errors import ProviderFailed
from tzurot.llm.chat import Piece, Usage, error_text, not_the_api, piece_of, request_body
from tzurot.log import Redaction
from tzurot.talk import storable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Sequence

    from tzurot.llm.chat import ChatMessage, Route
    from tzurot.outbound import Outbound

HTTP_OK = 200
HTTP_SERVER_FAULT = 500
ERROR_BODY_BYTES = 16 * 1024
LONGEST_WAIT_S = 30.0
LINGER_S = 0.1
STALL_STEP_S = 0.5
WIRE_BYTES_PER_BYTE = 200
RETRIED = frozenset({"llm.busy", "llm.down", "llm.unreachable", "llm.timeout", "llm.cut_off", "llm.empty"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request: how it ended (`ok` or an error's code) and how long it took."""

    outcome: str
    took_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All that a model said; `finish` is its own word (`stop`, `length`, …)."""

    text: str
    reasoning: str
    finish: str
    model: str
    usage: Usage
    attempts: tuple[Attempt, ...]


class Client:
    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def ask(
        self,
        route: Route,
        messages: Sequence[ChatMessage],
        *,
        heard: Callable[[Piece], None],
        restarted: Callable[[], bool],
        attempts: list[Attempt],
    ) -> Answer:
        """Ask until an answer is whole.

        `heard` receives every piece as it comes. Before another attempt `restarted` is asked to take back what was
        heard; where it cannot (it was shown already), the failure stands. `attempts` is filled as they end.

        Raises:
            ProviderFailed: see `failure_of` and `_read` for the codes.

        """
        body = request_body(route, messages)
        started = monotonic()

        def again(error: Exception) -> bool | float:
            if not isinstance(error, ProviderFailed) or error.code not in RETRIED or not restarted():
                return False
            wait_s = error.retry_after_s or 0
            if wait_s > LONGEST_WAIT_S or monotonic() - started + wait_s > route.total_s:
                return False  # the person is told how long, and may come back
            return error.retry_after_s if error.retry_after_s is not None else True

        try:
            async with asyncio.timeout(route.total_s):
                try:
                    with _timed(attempts):
                        return await self._once(route, body, heard, attempts)
                except ProviderFailed as error:
                    failed = [error]
                async for attempt in stamina.retry_context(
                    on=again, attempts=route.attempts, timeout=route.total_s, wait_initial=0.4, wait_max=8
                ):
                    with attempt:
                        if failed:  # the first try was made above: what repeating takes costs it a quarter more
                            raise failed.pop()
                        with _timed(attempts):
                            return await self._once(route, body, heard, attempts)
        except TimeoutError:
            attempts.append(Attempt(outcome="llm.timeout", took_ms=(monotonic() - started) * 1000))
            raise _too_slow(route) from None
        raise AssertionError("stamina either returns or raises")

    async def _once(self, route: Route, body: bytes, heard: Callable[[Piece], None], attempts: list[Attempt]) -> Answer:
        text: list[str] = []
        reasoning: list[str] = []
        finish = model = ""
        usage = Usage()
        begun = monotonic()
        length = 0
        async with aclosing(self._pieces(route, body)) as arriving:
            async for pieces in arriving:
                for piece in pieces:
                    length += len(piece.text)
                    if length > route.reply_limit_bytes:
                        raise _too_much()
                    text.append(piece.text)
                    reasoning.append(piece.reasoning)
                    finish = piece.finish or finish
                    model = piece.model or model
                    usage = piece.usage or usage
                    heard(piece)
        said, thought = storable("".join(text)), storable("".join(reasoning))
        if not said.strip() and not thought.strip():
            raise _empty()
        done = Attempt(outcome="ok", took_ms=(monotonic() - begun) * 1000)
        return Answer(
            text=said,
            reasoning=thought,
            finish=finish,
            model=storable(model) or route.model,
            usage=usage,
            attempts=(*attempts, done),
        )

    async def _pieces(self, route: Route, body: bytes) -> AsyncGenerator[list[Piece]]:
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        if route.api_key:
            headers["Authorization"] = f"Bearer {route.api_key}"
        url = f"{route.base_url}/chat/completions"
        try:
            async with (
                asyncio.timeout(route.first_token_s) as deadline,
                self._outbound.stream("POST", url, body=body, headers=headers) as response,
            ):
                if response.status_code != HTTP_OK:
                    raise await failure_of(response, route)
                clock = asyncio.get_running_loop()
                moved_at = 0.0
                async for pieces in _read(response, route):
                    if (now := clock.time()) - moved_at > STALL_STEP_S:  # a timer for each read costs as much as it
                        moved_at = now
                        deadline.reschedule(now + STALL_STEP_S + route.stall_s)
                    yield pieces
        except TimeoutError:
            raise _too_slow(route) from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL, ValueError):
            raise ProviderFailed(
                "llm.unreachable",
                f"The language model's server at {route.host} cannot be reached.",
                "Try again in a minute; the host should check that it runs and that llm.base_url is right.",
            ) from None
        except httpx.HTTPError:
            raise _cut_off() from None


async def _read(response: httpx.Response, route: Route) -> AsyncIterator[list[Piece]]:
    """The pieces of a good response, streamed or whole, as many at once as came at once.

    Raises:
        ProviderFailed: llm.not_api, llm.cut_off, llm.too_much, llm.error.

    """
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("text/event-stream", "application/json", ""):
        raise not_the_api()
    received = 0
    rest = b""
    ended = False
    stream = response.aiter_bytes()
    async for data in stream:
        received += len(data)
        # a reply's text is a small part of its events, and thoughts may be many times as long
        if received > route.reply_limit_bytes * WIRE_BYTES_PER_BYTE:
            raise _too_much()
        if kind == "application/json":
            rest += data
            continue
        *lines, rest = (rest + data).split(b"\n")
        events = [line[5:].strip() for line in lines if line.startswith(b"data:")]
        done = b"[DONE]" in events
        pieces, failed = _pieces_of(events[: events.index(b"[DONE]")] if done else events)
        if pieces:
            ended = ended or any(piece.finish for piece in pieces)
            yield pieces
        if failed is not None:
            raise failed
        if done:
            await _finish(stream)
            return
    if pieces := _ending(rest, whole=kind == "application/json"):
        ended = ended or any(piece.finish for piece in pieces) or not rest.startswith(b"data:")
        yield pieces
    if not ended and rest.removeprefix(b"data:").strip() != b"[DONE]":
        raise _cut_off() if received else _empty()


def _pieces_of(events: Sequence[bytes]) -> tuple[list[Piece], ProviderFailed | None]:
    """What came together, up to the first that cannot be read, and why it cannot."""
    pieces: list[Piece] = []
    for event in filter(None, events):
        try:
            pieces.append(piece_of(event))
        except ProviderFailed as error:
            return pieces, error
    return pieces, None


def _ending(rest: bytes, *, whole: bool) -> list[Piece]:
    """What stands after the last line's end: an answer that was not streamed, or an event that ends with the stream."""
    event = rest.removeprefix(b"data:").strip()
    if whole:
        return [piece_of(event)]
    if not event.startswith(b"{") or not event.endswith(b"}"):
        return []  # nothing, or half of something
    return [piece_of(event)]


async def _finish(stream: AsyncIterator[bytes]) -> None:
    """Read to the end of a stream that has said it is done, so that its connection serves again; but do not wait."""
    with suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(LINGER_S):
            async for _ in stream:
                pass


async def failure_of(response: httpx.Response, route: Route) -> ProviderFailed:
    """A refusal of the server's as the sentence a person needs."""
    received = bytearray()
    async for data in response.aiter_bytes():
        received += data
        if len(received) > ERROR_BODY_BYTES:
            break
    detail = Redaction((route.api_key,))(_detail(bytes(received)))
    match response.status_code:
        case 401 | 403:
            return ProviderFailed(
                "llm.key",
                f"{route.host} does not accept the API key.",
                "The host should check llm.api_key in config.toml.",
            )
        case 402:
            return ProviderFailed(
                "llm.credit",
                f"The account at {route.host} has no credit left.",
                "Top it up, or choose a free model.",
            )
        case 404:
            return ProviderFailed(
                "llm.model_unknown",
                f"{route.host} does not know the model “{route.model}”.",
                "Choose another model; the host sets llm.model in config.toml.",
            )
        case 429:
            return ProviderFailed(
                "llm.busy",
                f"{route.host} is busy or the key's limit is reached.",
                "Try again in a minute.",
                retry_after_s=_retry_after(response.headers.get("retry-after")),
            )
        case status if status in (408, 425) or status >= HTTP_SERVER_FAULT:
            return ProviderFailed(
                "llm.down", f"The language model's server failed (HTTP {status}).", "Try again in a minute."
            )
        case status:
            return ProviderFailed(
                "llm.refused",
                f"The language model's server refused the request (HTTP {status}){detail}.",
                "Shorten the message, or choose another model.",
            )


@contextmanager
def _timed(attempts: list[Attempt]) -> Generator[None]:
    """Record how an attempt that fails ended."""
    begun = monotonic()
    try:
        yield
    except ProviderFailed as error:
        attempts.append(Attempt(outcome=error.code, took_ms=(monotonic() - begun) * 1000))
        raise


def _detail(body: bytes) -> str:
    try:
        return f": {error_text(piece_of(body))}" if body else ""
    except ProviderFailed as error:
        return f": {error.sentence.partition(': ')[2]}" if error.code == "llm.error" else ""


def _retry_after(header: str | None) -> float | None:
    """Seconds, from seconds or a date."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time()
        except ValueError:
            return None
    return max(0.0, seconds)


def _empty() -> ProviderFailed:
    return ProviderFailed(
        "llm.empty", "The language model answered with nothing.", "Try again, or say it in other words."
    )


def _too_slow(route: Route) -> ProviderFailed:
    return ProviderFailed(
        "llm.timeout",
        f"The language model at {route.host} took too long to answer.",
        "Try again in a minute.",
    )


def _cut_off() -> ProviderFailed:
    return ProviderFailed(
        "llm.cut_off", "The language model's server stopped in the middle of its answer.", "Try again."
    )


def _too_much() -> ProviderFailed:
    return ProviderFailed(
        "llm.too_much",
        "The language model would not stop talking, so its answer was dropped.",
        "Try again, or choose another model.",
    )
