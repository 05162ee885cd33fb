"""From any picture to a face as Discord takes it."""

from __future__ import annotations

import asyncio
from io import BytesIO

from tzurot.errors import Invalid

SIDE = 512
MOST_PIXELS = 50_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


async def portrait(content: bytes) -> tuple[bytes, str]:
    """A square PNG of at most 512 pixels, and its media type; worked out beside the event loop.

    Raises:
        Invalid: it is no picture that can be read, or an enormous one.

    """
    return await asyncio.to_thread(_portrait, content)


def _portrait(content: bytes) -> tuple[bytes, str]:
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415 - 5 MB, when a picture comes

    try:
        with Image.open(BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Invalid("avatar.too_large", "That picture has too many pixels.", "Send one below 50 megapixels.")
            upright = ImageOps.exif_transpose(image).convert("RGBA")
            side = min(SIDE, *upright.size)
            face = ImageOps.fit(upright, (side, side))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise Invalid(
            "avatar.unreadable", "That file is not a picture I can read.", "Send a PNG, JPEG, WebP or GIF."
        ) from None
    made = BytesIO()
    face.save(made, "PNG", optimize=True)
    return made.getvalue(), "image/png"
