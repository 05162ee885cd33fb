"""Texts that stand within the conversation, counted from its end: author's notes and prompts at a depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.lore.decorators import Role

NOTE_DEPTH = 4
ROLE_ORDER = {"assistant": 0, "user": 1, "system": 2}  # at one depth the system's words stand nearest to the end
Place = Literal["in_prompt", "in_chat", "before_prompt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorsNote:
    """A note that a person keeps before a character's eyes, in every `interval`-th of their messages; 0 is never."""

    text: str = ""
    interval: int = 1
    depth: int = NOTE_DEPTH
    role: Role = "system"
    place: Place = "in_chat"
    is_scanned: bool = False

    def is_due(self, user_messages: int) -> bool:
        """Whether it stands in the prompt after that many messages of the person."""
        if self.interval == 1:
            return True
        return 0 < self.interval <= user_messages and user_messages % self.interval == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Insertion:
    """A text `depth` messages before the end of the conversation: 0 is after the newest."""

    text: str
    depth: int
    role: Role = "system"


def inserted(count: int, insertions: Sequence[Insertion]) -> tuple[tuple[int, tuple[Insertion, ...]], ...]:
    """Before which of `count` messages what stands (`count`: after the last), earlier places first.

    What is deeper than the conversation stands before its oldest message; texts of one depth and role keep their order.
    """
    places: dict[int, list[Insertion]] = {}
    for insertion in insertions:
        places.setdefault(max(0, count - insertion.depth), []).append(insertion)
    ordered: list[tuple[int, tuple[Insertion, ...]]] = []
    for place in sorted(places):
        there = sorted(places[place], key=lambda insertion: (-insertion.depth, ROLE_ORDER[insertion.role]))
        ordered.append((place, tuple(there)))
    return tuple(ordered)
