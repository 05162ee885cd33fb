"""From any picture to one that models take: upright, still, no longer than 1024 pixels on its longest side."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from tzurot.errors import Invalid
from tzurot.pipeline.turn import Picture

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 1024
MOST_PIXELS = 50_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM")
QUALITY = 85


def is_picture(content: bytes) -> bool:
    """Whether it begins like one, whatever it is called."""
    return content.startswith(BEGINNINGS) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP")


def shrunk(content: bytes) -> Picture:
    """The picture, or the first frame of an animated one; made in a thread, because it takes up to a second.

    Raises:
        Invalid: it cannot be read, or unpacks to more than fifty million pixels.

    """
    from PIL import Image  # noqa: PLC0415 - 5 MB, when a picture comes

    Image.MAX_IMAGE_PIXELS = None  # the sizes are looked at here, before anything is unpacked
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as image:
            _bounded(image)
            image.draft("RGB", (SIDE, SIDE))  # a JPEG is unpacked no larger than needed
            return _packed(image)
    except Invalid:
        raise
    except Exception:  # noqa: BLE001 - what strangers send breaks decoders in every way there is
        raise Invalid(
            "picture.unreadable", "It is damaged, or no picture of a known kind.", "Send a PNG or JPEG."
        ) from None


def _bounded(image: Image) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise Invalid("picture.too_large", "It has more than 50 megapixels.", "Send a smaller one.")


def _packed(image: Image) -> Picture:
    from PIL import ImageOps  # noqa: PLC0415

    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("P", "1"):  # between colours of a table nothing can be mixed: small writing would crumble
        upright = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    upright.thumbnail((SIDE, SIDE))
    made = BytesIO()
    if upright.has_transparency_data:
        # models see transparent as black, and what is drawn on it is often black as well
        upright = upright.convert("RGBA")
        ground = upright.copy()
        ground.paste((255, 255, 255, 255), (0, 0, *upright.size))
        ground.alpha_composite(upright)
        upright = ground
    upright.convert("RGB").save(made, "JPEG", quality=QUALITY)
    return Picture(content=made.getvalue(), media_type="image/jpeg", width=upright.width, height=upright.height)
