"""Token counts without a tokenizer: estimated by script and UTF-8 bytes."""

from __future__ import annotations

ASCII_CHARACTERS_PER_TOKEN = 3.8
OTHER_BYTES_PER_TOKEN = 3.5
MESSAGE_OVERHEAD = 4


def estimate(text: str) -> int:
    """About how many tokens a text is; rather too many than too few.

    English chat measures 4.4 characters a token, code and links 3.2; other scripts 3.3 (emoji) to 6.2 (Cyrillic)
    UTF-8 bytes a token.
    """
    if text.isascii():
        return int(len(text) / ASCII_CHARACTERS_PER_TOKEN) + 1
    plain = len(text.encode("ascii", "ignore"))
    other = len(text.encode("utf-8", "replace")) - plain
    return int(plain / ASCII_CHARACTERS_PER_TOKEN + other / OTHER_BYTES_PER_TOKEN) + 1
