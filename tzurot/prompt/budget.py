"""Fits blocks into a model's window and says what it cut."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from tzurot.prompt.tokens import estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.lore.decorators import Role


class Keep(IntEnum):
    """The groups of the budget. When the window is full, the lowest goes first.

    ALWAYS is shortened, and only when nothing else is left.
    """

    EXAMPLES = 1
    LORE = 2
    HISTORY = 3
    MEMORIES = 4
    REFERENCES = 5
    FILES = 6
    ALWAYS = 9


CUT = {
    Keep.EXAMPLES: "example dialogues",
    Keep.LORE: "lore entries",
    Keep.HISTORY: "of the oldest lines",
    Keep.MEMORIES: "of the weakest memories",
    Keep.REFERENCES: "quoted messages",
    Keep.FILES: "attached files",
}


class Block(NamedTuple):
    """One part of a prompt; of equal `keep` the lowest `rank` goes first, of equal rank the first in order.

    `kind` says where it stands. One that stands within the conversation has its `depth` there, counted from the end (or
    from the beginning, where it is negative: -1 is before the first message), and speaks in a `role`.
    A `picture` is a data URL that goes along with the text.
    """

    kind: str
    text: str
    keep: Keep
    tokens: int
    rank: float = 0.0
    role: Role = "system"
    depth: int = 0
    picture: str = ""

    def __repr__(self) -> str:
        """Without the picture, which is for no log."""
        return f"Block({self.kind}, {self.text!r}, {self.keep.name}, {self.tokens} tokens)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The kept blocks in their given order, how many of the newest lines are kept, and a sentence for each cut."""

    blocks: tuple[Block, ...]
    lines: int
    tokens: int
    cuts: tuple[str, ...]


def fit(blocks: Sequence[Block], lines: Sequence[int], limit: int, *, slack: float = 0.0) -> Fit:
    """Drop what may go first until `limit` tokens hold the rest; shorten what must stay if even that is more.

    `lines` are the tokens of the history, oldest first; it goes after examples, because real history shows a voice
    better than they do. With `slack` a history that has to be cut leaves that share of its room free: so it may grow
    for some turns before it is cut again, and the prompt's beginning stays the same meanwhile.
    """
    total = sum([block.tokens for block in blocks]) + sum(lines)
    if total <= limit:  # as most do
        return Fit(blocks=tuple(blocks), lines=len(lines), tokens=total, cuts=())
    dropped: set[int] = set()
    skipped = 0
    for keep in (Keep.EXAMPLES, Keep.LORE, Keep.HISTORY, Keep.MEMORIES, Keep.REFERENCES, Keep.FILES):
        if keep is Keep.HISTORY and total > limit:
            skipped = _skipped(lines, limit - total + sum(lines), slack)
            total -= sum(lines[:skipped])
        if total <= limit:
            break
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


def _skipped(lines: Sequence[int], room: int, slack: float) -> int:
    """How many of the oldest lines go: until the rest leaves its slack free, though never the last that fits."""
    left, skipped = sum(lines), 0
    while skipped < len(lines) and (left > room or (left > room * (1 - slack) and skipped < len(lines) - 1)):
        left -= lines[skipped]
        skipped += 1
    return skipped


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
        tokens = min(block.tokens - 1, estimate(text) + block.tokens - estimate(block.text))
        shorter = block._replace(text=text, tokens=tokens)
        shortened[longest] = shorter
        total += shorter.tokens - block.tokens
    return shortened, total
