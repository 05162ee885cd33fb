"""Cards in PNG and APNG files: base64 of their JSON in a text chunk, `chara` for V1 and V2, `ccv3` for V3.

Chunks are only walked, never decoded: pixels and foreign chunks leave as they came.
"""

from __future__ import annotations

import binascii
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import compress, crc32

from tzurot.cards.charx import File
from tzurot.cards.payload import TEXT_BYTES
from tzurot.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS = 20_000
MAX_TEXT = TEXT_BYTES * 4 // 3 + 1024
PICTURE = "card.png"
ASSET_CHUNK = re.compile(rb"chara-ext-asset_:?([^\0]+)")
NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
WHERE = "Export the card again from the program that made it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The JSON of a card, which chunk held it, and the picture without it among the files."""

    payload: bytes
    chunk: str
    files: tuple[File, ...]
    warnings: tuple[str, ...] = ()


def chunks(content: bytes) -> Iterator[tuple[bytes, memoryview, memoryview]]:
    """Kind, data and whole of every chunk.

    Raises:
        Invalid: not a PNG, cut off, damaged, or of too many chunks.

    """
    if not content.startswith(SIGNATURE):
        raise Invalid("card.not_png", "That file is not a PNG.", WHERE)
    view = memoryview(content)
    position = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        header = content[position : position + 8]
        size = int.from_bytes(header[:4], "big")
        end = position + 12 + size
        if len(header) < 8 or end > len(content):  # noqa: PLR2004 - length and kind
            raise Invalid(
                "card.png_truncated", "That PNG ends in the middle.", "Download it again, or " + WHERE.lower()
            )
        kind = header[4:]
        if crc32(view[position + 4 : end - 4]) != int.from_bytes(content[end - 4 : end], "big"):
            raise Invalid("card.png_crc", f"That PNG is damaged (in its chunk {kind!r}).", WHERE)
        yield kind, view[position + 8 : end - 4], view[position:end]
        position = end
        if kind == b"IEND":
            return
    raise Invalid("card.png_chunks", f"That PNG has more than {MAX_CHUNKS} chunks.", WHERE)


def read(content: bytes) -> Found:
    """The card in a PNG: that of the first `ccv3` chunk, else of the first `chara` chunk.

    Raises:
        Invalid: no PNG, or none with a card in it.

    """
    cards: dict[str, memoryview] = {}
    assets: list[File] = []
    kept: list[bytes | memoryview] = [SIGNATURE]
    for kind, data, whole in chunks(content):
        keyword = _keyword(kind, data)
        if keyword.lower() in {b"chara", b"ccv3"}:
            cards.setdefault(keyword.lower().decode(), data[len(keyword) + 1 :])
            continue
        kept.append(whole)
        if asset := ASSET_CHUNK.fullmatch(keyword):
            path = asset[1].decode("latin-1")
            assets.append(File(path=f"__asset:{path}", content=_decoded(bytes(data[len(keyword) + 1 :]))))
    chunk = next((name for name in ("ccv3", "chara") if name in cards), None)
    if chunk is None:
        raise Invalid(
            "card.no_card",
            "That PNG is only a picture: there is no card in it.",
            "Some places remove cards from pictures: use the file as its program exported it.",
        )
    if len(cards[chunk]) > MAX_TEXT:
        raise Invalid(
            "card.too_large", f"The card in that PNG is larger than {TEXT_BYTES // 1024} KiB.", "Export a smaller one."
        )
    payload = _decoded(bytes(cards[chunk]))
    if not payload.lstrip().startswith((b"{", b"\xef\xbb\xbf")):
        raise Invalid("card.bad_payload", "What that PNG holds as its card is not a JSON object.", WHERE)
    picture = File(path=PICTURE, content=b"".join(kept))
    return Found(payload=payload, chunk=chunk, files=(picture, *assets))


def write(picture: bytes, texts: dict[str, bytes]) -> bytes:
    """The same picture with these cards in it instead of its own, by chunk name, right before its end.

    Raises:
        Invalid: the picture is not a PNG, or damaged.

    """
    kept: list[bytes | memoryview] = [SIGNATURE]
    for kind, data, whole in chunks(picture):
        if kind == b"IEND":
            kept += [_text_chunk(name, payload) for name, payload in texts.items()]
        if _keyword(kind, data).lower() not in {b"chara", b"ccv3"}:
            kept.append(whole)
    return b"".join(kept)


def plain(red: int = 96, green: int = 96, blue: int = 112, *, width: int = 256, height: int = 384) -> bytes:
    """A picture of one colour, for a card without one."""
    rows = (b"\0" + bytes((red, green, blue)) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", compress(rows, 9)) + _chunk(b"IEND", b"")


def _keyword(kind: bytes, data: memoryview) -> bytes:
    if kind != b"tEXt":
        return b""
    head = bytes(data[:256])
    return head[: head.find(b"\0")] if b"\0" in head else b""


def _decoded(text: bytes) -> bytes:
    """Base64 as browsers take it: URL-safe or not, with line breaks, with or without its end."""
    signs = NOT_BASE64.sub(b"", text.replace(b"-", b"+").replace(b"_", b"/").split(b"=", 1)[0])
    signs = signs[: len(signs) - 1] if len(signs) % 4 == 1 else signs
    return binascii.a2b_base64(signs + b"=" * (-len(signs) % 4))


def _text_chunk(name: str, payload: bytes) -> bytes:
    return _chunk(b"tEXt", name.encode() + b"\0" + binascii.b2a_base64(payload, newline=False))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(data, crc32(kind)))
