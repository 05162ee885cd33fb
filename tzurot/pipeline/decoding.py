"""From the bytes of a file to its text, if it is one, and to as much of it as there is room for."""

from __future__ import annotations

import codecs
import re
from email.message import Message
from typing import TYPE_CHECKING

from tzurot.prompt.tokens import estimate
from tzurot.talk import storable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MARKED = (  # the longer mark first: that of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CONTROLS = re.compile(
    r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f\ufffe\uffff]"
)  # tab, new lines, page and escape are text's own
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b")  # colours of a terminal's log
LOOKED_AT = 4096
TOLERATED = 0.01
LONGEST_CHARACTER = 4  # bytes


def decoded(content: bytes, media_type: str, *, whole: bool = True) -> str | None:
    """The text of a file, or None where it is none; where it is not the `whole` file its last character may be cut.

    The mark at its beginning says how it is written; without one UTF-8 is tried, then UTF-16, which shows by its
    zeroes, and last what the media type names: a text in an old encoding is taken only from who says that it is text.
    """
    for mark, encoding in MARKED:
        if content.startswith(mark):
            return _clean(_read(content, encoding, whole=whole))
    text = _clean(_read(content, "utf-8", whole=whole))
    if text is not None:
        return text
    for encoding in _by_zeroes(content):
        return _clean(_read(content, encoding, whole=whole))
    header = Message()
    header["content-type"] = media_type or "application/octet-stream"
    if header.get_content_maintype() != "text":
        return None
    named = str(header.get_content_charset("cp1252"))
    return _clean(_read(content, named if named != "utf-8" else "cp1252", whole=whole))


def _read(content: bytes, encoding: str, *, whole: bool) -> str | None:
    for missing in range(1 if whole else LONGEST_CHARACTER):
        try:
            return content[: len(content) - missing].decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return None


def _by_zeroes(content: bytes) -> Iterator[str]:
    """UTF-16 without a mark: every other byte of western text is zero."""
    looked_at = content[:LOOKED_AT]
    half = max(1, len(looked_at) // 2)
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if looked_at[start::2].count(0) / half > 0.5 > looked_at[1 - start :: 2].count(0) / half + 0.4:  # noqa: PLR2004
            yield encoding


def _clean(text: str | None) -> str | None:
    """None where it is full of what no text holds."""
    if text is None or len(CONTROLS.findall(text)) > len(text) * TOLERATED:
        return None
    return ESCAPES.sub("", CONTROLS.sub("", storable(text))).replace("\r\n", "\n").replace("\r", "\n")


def shares(wanted: Sequence[int], room: int) -> list[int]:
    """What each of several gets of a room: the small ones all they want, the large ones the rest in equal parts."""
    given = [0] * len(wanted)
    left = room
    for number, position in enumerate(sorted(range(len(wanted)), key=lambda i: wanted[i])):
        given[position] = min(wanted[position], left // (len(wanted) - number))
        left -= given[position]
    return given


def beginning(text: str, tokens: int) -> str:
    """As much of a text as so many tokens hold, up to the end of a line where one is near."""
    if estimate(text) <= tokens:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if estimate(text[:middle]) <= tokens else (low, middle - 1)
    line_end = text.rfind("\n", low - low // 5, low)
    return text[: line_end if line_end > 0 else low].rstrip()
