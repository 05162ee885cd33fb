"""CHARX: a ZIP archive of a V3 card (`card.json` at its root) and what belongs to it.

Nothing is ever unpacked to a disk. An archive in the wild may hang behind a JPEG.
"""

from __future__ import annotations

import binascii
import struct
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from tzurot.cards.payload import TEXT_BYTES
from tzurot.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tzurot.cards.card import Asset

CARD = "card.json"
EMBEDDED = ("embeded://", "embedded://")  # the first is the specification's own spelling
LOCAL_FILE = b"PK\x03\x04"
END_OF_DIRECTORY = b"PK\x05\x06"
END_BYTES = 22
LONGEST_COMMENT = 65535
DIRECTORY_BYTES = 256 * 1024
FILE_BYTES = 12 * 1024 * 1024
TOTAL_BYTES = 20 * 1024 * 1024
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
PREFIX_BYTES = 8 * 1024 * 1024
WHERE = "Export it again from the program that made it."
DATA_URI_LIMIT = 8 * 1024 * 1024
DAMAGE = (zipfile.BadZipFile, ValueError, OSError, EOFError, RuntimeError, zlib.error, struct.error)
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Something that came with a card, under the path it had there."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The JSON of a card, and everything else in its archive that could be read."""

    payload: bytes
    files: tuple[File, ...]
    warnings: tuple[str, ...] = ()


def is_archive(content: bytes) -> bool:
    """Whether a ZIP archive begins here, or after a JPEG."""
    if content.startswith(b"\xff\xd8\xff"):
        return content.find(LOCAL_FILE, 0, PREFIX_BYTES) >= 0
    return content.startswith((LOCAL_FILE, END_OF_DIRECTORY))


def read(content: bytes) -> Found:
    """The card of an archive with its files; files that are too large, hidden or broken are left out with a warning.

    Raises:
        Invalid: not an archive, a damaged one, or without a card.

    """
    try:
        with zipfile.ZipFile(BytesIO(_measured(content))) as archive:
            if CARD not in archive.NameToInfo:
                raise Invalid(
                    "card.no_card", "There is no card.json at the root of that archive.", "A CHARX file has one."
                )
            payload = _member(archive, archive.NameToInfo[CARD], TEXT_BYTES)
            if payload is None:
                raise Invalid("card.too_large", "The card in that archive is too large or cannot be read.", WHERE)
            files, warnings = _files(archive)
    except DAMAGE:
        raise _damaged() from None
    return Found(payload=payload, files=files, warnings=warnings)


def _measured(content: bytes) -> bytes:
    """The archive up to the end of its directory, which is what the reader then takes it by.

    The size of the directory is what bounds the reader's work; only the last end record counts.
    """
    end = content.rfind(
        END_OF_DIRECTORY, max(0, len(content) - END_BYTES - LONGEST_COMMENT), len(content) - END_BYTES + 4
    )
    if end < 0:
        raise _damaged()
    if int.from_bytes(content[end + 12 : end + 16], "little") > DIRECTORY_BYTES:
        raise Invalid("card.too_many_files", "That archive holds too many files.", "Export it with fewer assets.")
    whole = content[: end + END_BYTES]
    return whole if whole.endswith(b"\0\0") else whole[:-2] + b"\0\0"  # without its comment


def _damaged() -> Invalid:
    return Invalid("card.bad_archive", "That CHARX archive is damaged.", WHERE)


def _files(archive: zipfile.ZipFile) -> tuple[tuple[File, ...], tuple[str, ...]]:
    files: list[File] = []
    left_out: list[str] = []
    room = TOTAL_BYTES
    for name, info in archive.NameToInfo.items():
        if not name or name.endswith("/") or name == CARD:
            continue
        content = None if _is_hidden(name) else _member(archive, info, min(FILE_BYTES, room))
        if content is None:
            left_out.append(name)
        else:
            room -= len(content)
            files.append(File(path=name, content=content))
    if not left_out:
        return tuple(files), ()
    names = ", ".join(ascii(name[:60]) for name in left_out[:5])
    more = f" and {len(left_out) - 5} more" if len(left_out) > 5 else ""  # noqa: PLR2004
    return tuple(files), (f"of its files {names}{more} could not be kept (too large, damaged or badly named)",)


def _is_hidden(path: str) -> bool:
    """A path that would lead out of the archive, were it ever unpacked."""
    return path.startswith("/") or "\\" in path or ":" in path or "\0" in path or ".." in path.split("/")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes | None:
    """What a member holds, never more than `limit` bytes of it unpacked; None where it cannot be had."""
    if info.file_size > limit or info.compress_type not in METHODS or info.flag_bits & 0x1:
        return None
    try:
        with archive.open(info) as member:
            content = member.read(limit + 1)
    except DAMAGE:
        return None
    return content if len(content) <= limit else None


def write(payload: bytes, files: Iterable[File]) -> bytes:
    """An archive of a card and its files; the same input makes the same bytes."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(CARD), payload, zipfile.ZIP_DEFLATED)
        for file in {file.path: file for file in files}.values():
            if file.path != CARD:
                method = zipfile.ZIP_STORED if file.content.startswith(PICTURES) else zipfile.ZIP_DEFLATED
                archive.writestr(zipfile.ZipInfo(file.path), file.content, method)
    return target.getvalue()


def content_of(asset: Asset, files: Sequence[File]) -> bytes | None:
    """The bytes that an asset's address stands for, where they came with the card; paths are case-sensitive."""
    path = next((asset.uri.removeprefix(start) for start in EMBEDDED if asset.uri.startswith(start)), "")
    if asset.uri.startswith("__asset:"):
        path = asset.uri
    if path:
        return next((file.content for file in files if file.path == path), None)
    if asset.uri.startswith("data:") and len(asset.uri) <= DATA_URI_LIMIT:
        head, _, text = asset.uri.partition(",")
        try:
            return binascii.a2b_base64(text) if head.endswith(";base64") else None
        except binascii.Error:
            return None
    return None


def picture(assets: Sequence[Asset], files: Sequence[File]) -> bytes | None:
    """The PNG that held the card, else the main icon, else any icon whose bytes are a picture."""
    own = next((file.content for file in files if file.path == "card.png"), None)
    icons = sorted((asset for asset in assets if asset.kind == "icon"), key=lambda asset: asset.name != "main")
    named = (content_of(asset, files) for asset in icons)
    return own or next((content for content in named if content and content.startswith(PICTURES)), None)
