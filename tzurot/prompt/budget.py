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
    """The kept blocks in their given order, and one sentence for each kind that was cut."""

    blocks: tuple[Block, ...]
    tokens: int
    cuts: tuple[str, ...]


def fit(blocks: Sequence[Block], limit: int) -> Fit:
    """Drop blocks by what may go first until `limit` tokens hold them; shorten what must stay if even that is more.

    Examples go before history, because real history shows a voice better than examples do.
    """
    total = sum(block.tokens for block in blocks)
    dropped: set[int] = set()
    if total > limit:
        for position in sorted(range(len(blocks)), key=lambda i: (blocks[i].keep, blocks[i].rank)):
            if total <= limit or blocks[position].keep is Keep.ALWAYS:
                break
            dropped.add(position)
            total -= blocks[position].tokens
    cuts = [_sentence(keep, [blocks[i] for i in dropped if blocks[i].keep is keep]) for keep in Keep]
    kept = [block for position, block in enumerate(blocks) if position not in dropped]
    if total > limit:
        kept, total = _shorten(kept, limit)
        cuts.append("the longest texts were shortened to fit the model's window")
    return Fit(blocks=tuple(kept), tokens=total, cuts=tuple(cut for cut in cuts if cut))


def _sentence(keep: Keep, blocks: Sequence[Block]) -> str:
    if not blocks:
        return ""
    return f"{len(blocks)} {keep.name.lower()} ({sum(block.tokens for block in blocks)} tokens) left out"


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
