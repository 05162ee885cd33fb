"""The OpenAI-compatible chat protocol: what is sent, and the pieces that come back."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast
from urllib.parse import urlsplit

import orjson

from tzurot.errors import ProviderFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_TOKENS = 2**31 - 1
DEAREST_USD = 1_000_000
DATA_URL = re.compile(r"data:[\w.+/-]*;base64,[\w+/=\\-]*")  # some servers quote what they refuse
Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    text: str
    type: Literal["text"] = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageUrl:
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePart:
    """A picture, as a data URL."""

    image_url: ImageUrl
    type: Literal["image_url"] = "image_url"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """Words, or parts where there are pictures, which orjson writes as the protocol wants them."""

    role: Role
    content: str | tuple[TextPart | ImagePart, ...]

    @property
    def text(self) -> str:
        """The words alone."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content if isinstance(part, TextPart))

    @property
    def pictures(self) -> int:
        return 0 if isinstance(self.content, str) else sum(isinstance(part, ImagePart) for part in self.content)

    @property
    def in_words(self) -> str:
        """The words with one for the pictures, as they may be kept."""
        return self.content if isinstance(self.content, str) else f"{self.text}\n\n[pictures: {self.pictures}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Which model is asked, where, and within what limits; `samplers` are sent as they are, beside `temperature`."""

    base_url: str
    model: str
    api_key: str = field(default="", repr=False)
    temperature: float = 0.9
    context_tokens: int = 16384
    reply_tokens: int = 800
    attempts: int = 3
    first_token_s: float = 60
    stall_s: float = 30
    total_s: float = 180
    reply_limit_bytes: int = 32 * 1024
    samplers: Mapping[str, float | str] = field(default_factory=dict[str, "float | str"])

    @property
    def host(self) -> str:
        """The server, as people are told of it."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the server says it counted; `cost_usd` only where it names a price."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    reply_tokens: int = 0
    cost_usd: float | None = None


class Piece(NamedTuple):
    """What one event of the stream added; a named tuple because a reply may have a thousand."""

    text: str = ""
    reasoning: str = ""
    finish: str = ""
    model: str = ""
    usage: Usage | None = None


def request_body(route: Route, messages: Sequence[ChatMessage]) -> bytes:
    body: dict[str, Any] = {
        "model": route.model,
        # orjson takes four times as long for dataclasses
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": route.temperature,
        "max_tokens": route.reply_tokens,
    }
    body.update(route.samplers)
    if route.host.endswith("openrouter.ai"):
        body["usage"] = {"include": True}  # OpenRouter's own: puts the price beside the counts
    return orjson.dumps(body)


def piece_of(data: bytes | str) -> Piece:
    """Read one event's data, or a whole answer of a server that does not stream.

    Raises:
        ProviderFailed: it is not JSON, or the server reports an error in it.

    """
    try:
        event: object = orjson.loads(data)
    except orjson.JSONDecodeError:
        event = _leniently(data)
    if not isinstance(event, dict):
        raise not_the_api()
    fields = cast("dict[str, Any]", event)
    if fields.get("error"):
        raise ProviderFailed(
            "llm.error",
            f"The language model's server reported an error: {error_text(fields['error'])}",
            "Try again; if it stays, choose another model.",
        )
    try:
        return _piece(fields)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise not_the_api() from None


def _leniently(data: bytes | str) -> object:
    """JSON with broken characters in its texts, which orjson refuses: halves of emoji come from careless servers."""
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise not_the_api() from None


def _piece(fields: dict[str, Any]) -> Piece:
    choices: list[dict[str, Any]] = fields.get("choices") or [{}]
    choice: dict[str, Any] = choices[0] or {}
    said: dict[str, Any] = choice.get("delta") or choice.get("message") or {}
    return Piece(
        _text(said.get("content")),
        _text(said.get("reasoning_content")) or _text(said.get("reasoning")),
        _text(choice.get("finish_reason")),
        _text(fields.get("model")),
        _usage(fields.get("usage")),
    )


def not_the_api() -> ProviderFailed:
    return ProviderFailed(
        "llm.not_api",
        "The language model's address answered with something that is not a model's reply.",
        "The host should check llm.base_url: it usually ends in /v1.",
    )


def error_text(error: object) -> str:
    """The message inside an error as the servers write it, cut to a sentence's length."""
    inner: object = cast("dict[str, Any]", error).get("message", error) if isinstance(error, dict) else error
    return " ".join(DATA_URL.sub("data:…", str(inner)).split())[:300]


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):  # content as parts, which some servers send
        parts = cast("list[object]", value)
        return "".join(_text(cast("dict[str, Any]", part).get("text")) for part in parts if isinstance(part, dict))
    return ""


def _count(value: object) -> int:
    return min(max(int(value), 0), MOST_TOKENS) if isinstance(value, int | float) else 0


def _usage(value: object) -> Usage | None:
    if not isinstance(value, dict):
        return None
    counts = cast("dict[str, Any]", value)
    details: dict[str, Any] = counts.get("prompt_tokens_details") or {}
    cost = counts.get("cost")
    return Usage(
        prompt_tokens=_count(counts.get("prompt_tokens")),
        cached_tokens=_count(details.get("cached_tokens")),
        reply_tokens=_count(counts.get("completion_tokens")),
        cost_usd=float(cost) if isinstance(cost, int | float) and 0 <= cost < DEAREST_USD else None,
    )
