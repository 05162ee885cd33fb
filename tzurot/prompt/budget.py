"""Fits blocks into a model's window and says what it cut."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from tzurot.prompt.tokens import estimate

if TYPE_CHECKING:
    from collections.abc import Sequence


class Keep(IntEnum):
    """What goes first when the window is full: the lowest value; ALWAYS is shortened only when nothing else is left."""

    EXAMPLES = 1
    HISTORY = 2
    MEMORIES = 3
    REFERENCES = 4
    ALWAYS = 9


CUT = {
    Keep.EXAMPLES: "example dialogues",
    Keep.HISTORY: "of the oldest lines",
    Keep.MEMORIES: "of the weakest memories",
    Keep.REFERENCES: "quoted messages",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One part of a prompt; of equal `keep` the lowest `rank` goes first, of equal rank the first in order."""

    kind: str
    text: str
    keep: Keep
    tokens: int
    rank: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The kept blocks in their given order, how many of the newest lines are kept, and a sentence for each cut."""

    blocks: tuple[Block, ...]
    lines: int
    tokens: int
    cuts: tuple[str, ...]


def fit(blocks: Sequence[Block], lines: Sequence[int], limit: int) -> Fit:
    """Drop what may go first until `limit` tokens hold the rest; shorten what must stay if even that is more.

    `lines` are the tokens of the history, oldest first; it goes after examples, because real history shows a voice
    better than they do.
    """
    total = sum(block.tokens for block in blocks) + sum(lines)
    if total <= limit:
        return Fit(blocks=tuple(blocks), lines=len(lines), tokens=total, cuts=())
    dropped: set[int] = set()
    skipped = 0
    for keep in (Keep.EXAMPLES, Keep.HISTORY, Keep.MEMORIES, Keep.REFERENCES):
        while keep is Keep.HISTORY and total > limit and skipped < len(lines):
            total -= lines[skipped]
            skipped += 1
        weakest = sorted((i for i, block in enumerate(blocks) if block.keep is keep), key=lambda i: blocks[i].rank)
        while total > limit and weakest:
            dropped.add(weakest[0])
            total -= blocks[weakest.pop(0)].tokens
    cuts = [_sentence(keep, [blocks[i].tokens for i in dropped if blocks[i].keep is keep]) for keep in Keep]
    cuts.append(_sentence(Keep.HISTORY, lines[:skipped]))
    kept = [block for position, block in enumerate(blocks) if position not in dropped]
    if total > limit:
        kept, total = _shorten(kept, limit)
        cuts.append("the longest texts were shortened to fit the model's window")
    return Fit(blocks=tuple(kept), lines=len(lines) - skipped, tokens=total, cuts=tuple(cut for cut in cuts if cut))


def _sentence(keep: Keep, tokens: Sequence[int]) -> str:
    return f"{len(tokens)} {CUT[keep]} ({sum(tokens)} tokens) left out" if tokens else ""


def _shorten(blocks: list[Block], limit: int) -> tuple[list[Block], int]:
    """Halve the longest block until all fit: a card of a hundred pages still answers, from its beginning."""
    shortened = list(blocks)
    total = sum(block.tokens for block in shortened)
    while total > limit:
        longest = max(range(len(shortened)), key=lambda i: shortened[i].tokens)
        block = shortened[longest]
        if not block.text:
            break
        text = block.text[: len(block.text) // 2]
        shorter = Block(
            kind=block.kind,
            text=text,
            keep=block.keep,
            tokens=min(block.tokens - 1, estimate(text) + block.tokens - estimate(block.text)),
        )
        shortened[longest] = shorter
        total += shorter.tokens - block.tokens
    return shortened, total
