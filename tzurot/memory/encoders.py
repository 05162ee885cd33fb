"""The encoders there are, each with the weights that were fitted with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tzurot.memory.embed import Embedder
from tzurot.memory.rank import MINILM, STATIC

if TYPE_CHECKING:
    from tzurot.memory.embed import Encoder
    from tzurot.memory.rank import Weights

EncoderName = Literal["static", "minilm"]


def encoding(name: EncoderName) -> tuple[Encoder, Weights]:
    """Open an encoder.

    Raises:
        Invalid: its package is not installed, or holds other files than those that are known.

    """
    if name == "static":
        return Embedder(), STATIC
    from tzurot.memory.minilm import MiniLM  # noqa: PLC0415 - not where it is not asked for

    return MiniLM(), MINILM
