"""Words to the pieces that static embeddings are made of: byte-pair encoding as the tokenizer of Llama 2 does it.

The library that reads the same file keeps 15 MB for it. Its vocabulary says all: two neighbours become one where it has
both together, the likeliest (the lowest id) first, and a sign that it does not have stands for its bytes.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

SPACE = "▁"
LONGEST = 64  # signs of a word that are read together; scripts without spaces have whole sentences for words
WORD = re.compile(f"{SPACE}+[^{SPACE}]*")
NEVER = 2**31
AT_LAST = 2**16  # spaces join each other when everything else is done
FIRST_PIECE = 259  # those before it are marks and single bytes, which nothing becomes by being joined


class Pieces:
    """Reads a `tokenizer.json` of that kind; 4 MB."""

    def __init__(self, path: Path) -> None:
        self._ids: dict[str, int] = orjson.loads(path.read_bytes())["model"]["vocab"]

    def ids(self, word: str) -> list[int]:
        """What one of `words` consists of. About 10 microseconds."""
        known = self._ids
        parts = [
            part
            for sign in word
            for part in ((sign,) if sign in known else (f"<0x{byte:02X}>" for byte in sign.encode("utf-8", "replace")))
        ]
        joined = [self._joined(one, other) for one, other in pairwise(parts)]
        while joined and (least := min(joined)) < NEVER:
            at = joined.index(least)
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
            del joined[at]
            if at:
                joined[at - 1] = self._joined(parts[at - 1], parts[at])
            if at < len(joined):
                joined[at] = self._joined(parts[at], parts[at + 1])
        return [known[part] for part in parts]

    def _joined(self, one: str, other: str) -> int:
        found = self._ids.get(one + other, NEVER)
        if found < FIRST_PIECE:
            return NEVER
        return found + AT_LAST if other[0] == SPACE and found != NEVER else found


def words(text: str) -> Sequence[str]:
    """The text cut before every run of spaces, which no piece reaches over; a very long word is cut further."""
    if not text:
        return []
    plain = SPACE + text.replace(" ", SPACE)
    one_each = 2 * SPACE not in plain  # as a rule; then there is a quicker way
    marked: list[str] = [SPACE + word for word in plain[1:].split(SPACE)] if one_each else WORD.findall(plain)
    if max(map(len, marked)) <= LONGEST:
        return marked
    return [part for word in marked for part in _cut(word)]


def _cut(word: str) -> Iterable[str]:
    return (word[start : start + LONGEST] for start in range(0, len(word), LONGEST))
