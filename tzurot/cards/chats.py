"""Conversations as files: SillyTavern's JSONL, which other programs read too, and plain text for people.

A line keeps the object it was read from: what other programs wrote into it is written back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from tzurot.cards.payload import dump, is_deep, listing, mapping
from tzurot.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_BYTES = 16 * 1024 * 1024
MAX_LINES = 50_000
TEXT_LIMIT = 200_000
NAME_LIMIT = 255
SECONDS = 1e11  # a larger number is in milliseconds
STAMP = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2}) ?@ ?(\d{1,2})h ?(\d{1,2})m ?(\d{1,2})s ?(?:(\d{1,3})ms)?")
WRITTEN = ("%B %d, %Y %I:%M%p", "%B %d, %Y %I:%M %p", "%B %d, %Y %H:%M")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLine:
    """Something that was said; `swipes` are all its versions, of which `text` is the one at `swipe`."""

    name: str
    text: str
    by_user: bool = False
    is_hidden: bool = False
    said_at: datetime | None = None
    swipes: tuple[str, ...] = ()
    swipe: int = 0
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A conversation, oldest line first; `metadata` is what its file says about it as a whole."""

    user: str = ""
    character: str = ""
    created_at: datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    lines: tuple[ChatLine, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReading:
    """A conversation, and sentences about what of its file could not be used."""

    chat: Chat
    warnings: tuple[str, ...] = ()


def read_jsonl(content: bytes) -> ChatReading:
    """Read a conversation from JSONL: a header, which old group files lack, and a message a line.

    Raises:
        Invalid: too large, or not such a file.

    """
    if len(content) > FILE_BYTES:
        raise Invalid(
            "chat.too_large",
            f"That file is {len(content) // 2**20} MiB; chats of up to {FILE_BYTES // 2**20} MiB are read.",
            "Export a shorter part of it.",
        )
    written = [line for line in content.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()]
    parsed = [_parsed(line) for line in written[:MAX_LINES]]
    header = parsed[0] if parsed and parsed[0] and "mes" not in parsed[0] else {}
    if not header and not any("mes" in line for line in parsed[:10]):
        raise Invalid("chat.not_jsonl", "That file is not a chat in JSONL.", "Export the chat as JSONL and try again.")
    messages = [_line(line) for line in parsed if isinstance(line.get("mes"), str)]
    lost = len(written) - len(messages) - bool(header)
    chat = Chat(
        user=_name(header.get("user_name")),
        character=_name(header.get("character_name")),
        created_at=read_date(header.get("create_date")),
        metadata=mapping(header.get("chat_metadata")),
        lines=tuple(messages),
        raw=header,
    )
    return ChatReading(chat=chat, warnings=(f"{lost} lines could not be read",) if lost else ())


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        parsed = mapping(orjson.loads(line))
    except orjson.JSONDecodeError:
        return {}
    return {} if is_deep(parsed) else parsed


def _line(raw: dict[str, Any]) -> ChatLine:
    swipes = tuple(each[:TEXT_LIMIT] for each in listing(raw.get("swipes")) if isinstance(each, str))
    swipe = raw.get("swipe_id")
    return ChatLine(
        name=_name(raw.get("name")),
        text=raw["mes"][:TEXT_LIMIT],
        by_user=raw.get("is_user") is True,
        is_hidden=raw.get("is_system") is True,
        said_at=read_date(raw.get("send_date")),
        swipes=swipes,
        swipe=swipe if isinstance(swipe, int) and 0 <= swipe < len(swipes) else 0,
        raw=raw,
    )


def _name(value: object) -> str:
    return value[:NAME_LIMIT] if isinstance(value, str) else ""


def read_date(value: object) -> datetime | None:
    """A time in any of the notations that such files were written with; without a zone it is UTC."""
    try:
        if isinstance(value, str):
            return _read_text_date(value.strip())
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if abs(value) > SECONDS else value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _read_text_date(text: str) -> datetime | None:
    if re.fullmatch(r"\d{10,13}", text):
        return read_date(int(text))
    if stamp := STAMP.fullmatch(text):
        year, month, day, hour, minute, second, milliseconds = (int(part or 0) for part in stamp.groups())
        return datetime(year, month, day, hour, minute, second, milliseconds * 1000, UTC)
    for form in WRITTEN:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    then = datetime.fromisoformat(text)
    return then.astimezone(UTC) if then.tzinfo else then.replace(tzinfo=UTC)


def write_date(then: datetime) -> str:
    """A time to the millisecond, as SillyTavern has written it since its first versions."""
    at = then.astimezone(UTC)
    time = f"{at.hour:02}h {at.minute:02}m {at.second:02}s {at.microsecond // 1000:03}ms"
    return f"{at.year}-{at.month}-{at.day} @{time}"


def write_jsonl(chat: Chat) -> bytes:
    """The conversation as a file that SillyTavern opens, with all swipes."""
    header = {
        **chat.raw, "user_name": chat.user, "character_name": chat.character,
        **_dated("create_date", chat.created_at, chat.raw), "chat_metadata": dict(chat.metadata),
    }  # fmt: skip
    return b"\n".join(map(dump, [header, *map(_written, chat.lines)])) + b"\n"


def _written(line: ChatLine) -> dict[str, Any]:
    whole: dict[str, Any] = {
        **line.raw, "name": line.name, "is_user": line.by_user, "is_system": line.is_hidden,
        **_dated("send_date", line.said_at, line.raw), "mes": line.text,
    }  # fmt: skip
    if line.swipes:
        swipes = list(line.swipes)
        swipes[line.swipe] = line.text  # what was edited is edited in the version that is shown
        info = listing(line.raw.get("swipe_info"))[: len(swipes)]
        dates = _dated("send_date", line.said_at, line.raw)
        info += [{**dates, "extra": {}} for _ in range(len(swipes) - len(info))]
        whole |= {"swipes": swipes, "swipe_id": line.swipe, "swipe_info": info}
    return {**whole, "extra": mapping(whole.get("extra"))}


def _dated(key: str, then: datetime | None, raw: Mapping[str, Any]) -> dict[str, Any]:
    """A date as it was written, where it still is that date."""
    if then is None:
        return {}
    known = raw.get(key)
    return {key: known if known is not None and read_date(known) == then else write_date(then)}


def write_text(chat: Chat) -> str:
    """The conversation for people: who said what, an empty line after each; without what is hidden."""
    said = [
        f"{line.name}: {mapping(line.raw.get('extra')).get('display_text') or line.text}\n\n"
        for line in chat.lines
        if not line.is_hidden
    ]
    return "".join(said).replace("\r\n", "\n")
