"""Who of several characters speaks next, and in which order: the strategies that group chats know.

Rules as in SillyTavern 1.12 (natural, list) and later (pooled, manual), written anew from their description.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

Strategy = Literal["natural", "list", "pooled", "manual"]
WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """`talkativeness` from 0 (only when named) to 1 (always); `key` tells members of one name apart."""

    name: str
    key: object
    talkativeness: float = 0.5
    is_muted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What somebody said, or else (`by_person` False) what the character `last_speaker` said.

    `spoken` are those who have spoken since a person last did.
    """

    text: str
    by_person: bool
    last_speaker: object = None
    may_follow_itself: bool = False
    spoken: frozenset[object] = frozenset()


def next_speakers(
    members: Sequence[Member], occasion: Occasion, dice: Random, strategy: Strategy = "natural"
) -> tuple[Member, ...]:
    """Who speaks, in order. Who spoke last does not follow itself, unless a person spoke or that is allowed."""
    able = [member for member in members if not member.is_muted]
    if not able:
        return ()
    banned = None if occasion.by_person or occasion.may_follow_itself else occasion.last_speaker
    match strategy:
        case "list":
            return tuple(able)
        case "manual":
            return () if occasion.by_person else (dice.choice(able),)
        case "pooled":
            waiting = [member for member in able if member.key not in occasion.spoken]
            others = [member for member in able if member.key != occasion.last_speaker]
            return (dice.choice(waiting or others or able),)
        case "natural":
            return _natural(able, occasion, banned, dice)


def _natural(able: list[Member], occasion: Occasion, banned: object, dice: Random) -> tuple[Member, ...]:
    """Those who are named, in the order of the text; then who feels like it; if nobody does, anybody."""
    chosen: dict[object, Member] = {}
    for word in WORD.findall(occasion.text.casefold()):
        # a word that several names share calls the first of them
        named = next((m for m in able if word in WORD.findall(m.name.casefold())), None)
        if named is not None and named.key != banned:
            chosen.setdefault(named.key, named)
    shuffled = dice.sample(able, len(able))
    for member in shuffled:
        if member.key != banned and member.talkativeness >= dice.random() and member.talkativeness > 0:
            chosen.setdefault(member.key, member)
    if not chosen:
        willing = [member for member in able if member.talkativeness > 0] or able
        others = [member for member in willing if member.key != banned]
        chosen_one = dice.choice(others or willing)
        chosen[chosen_one.key] = chosen_one
    return tuple(chosen.values())
