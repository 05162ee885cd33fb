"""Pictures and what pretends to be one, made for tests."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image


def picture(kind: str = "PNG", size: tuple[int, int] = (1600, 400), colour: object = "red", **how: Any) -> bytes:
    made = BytesIO()
    Image.new(how.pop("mode", "RGB"), size, colour).save(made, kind, **how)  # pyright: ignore[reportArgumentType]
    return made.getvalue()


def animated(*colours: str) -> bytes:
    frames = [Image.new("RGB", (64, 64), colour) for colour in colours]
    made = BytesIO()
    frames[0].save(made, "GIF", save_all=True, append_images=frames[1:], duration=50)
    return made.getvalue()


def bomb(side: int = 30_000) -> bytes:
    """Ten kilobytes that say they are a picture of so many pixels each way."""
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 10_000_000)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def seen(content: bytes) -> tuple[str, tuple[int, int], tuple[int, ...]]:
    """Format, size, and the colour in the upper left corner."""
    with Image.open(BytesIO(content)) as image:
        return str(image.format), image.size, image.convert("RGB").getpixel((0, 0))  # pyright: ignore[reportReturnType]
