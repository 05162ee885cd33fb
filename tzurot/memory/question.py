"""What a message asks of memory: its sentences apart, whom it is about, which time it means, whom it names."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

import numpy as np
import regex

from tzurot.memory.timeparse import Span, parse
from tzurot.memory.words import stem_codes, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from tzurot.memory.embed import Encoder

PRIVATE = "private"
LONGEST_MESSAGE = 2000
MOST_SENTENCES = 8
MOST_STEMS = 64
TOO_SHORT = 3  # stems; a message with fewer is read together with what was said before it
LINES_BEFORE = 2
# what a message ends with is its point, and what it asks more than what it tells
FADE = 0.85
TOLD = 0.8
_SENTENCES = regex.compile(r"(?<=[.!?…\]])\s+|\n+")
_NAMED = regex.compile(r"(?P<word>[\p{L}\p{M}]+)(?P<of>['’]s|['’](?!\p{L}))?", regex.VERSION1)
_MENTION = regex.compile(r"<[@#:a-z][^<>\s]*>|https?://\S+", regex.VERSION1)
_WITHIN = regex.compile(r"(?<=[\p{L}\p{N},;:] +)(?P<word>\p{Lu}[\p{L}\p{M}]{2,})", regex.VERSION1)
_TOGETHER = regex.compile(r"\b(?:both|and|each other|in common)\b", regex.IGNORECASE)
_FORMULA = regex.compile(
    r"\b(?:do|can|did|could|would) you (?:still |even )?(?:remember|recall|know|tell me|remind me|think)\b"
    r"|\bi (?:wonder|think|guess|forgot|can't remember|don't remember|wanted to ask)\b",
    regex.IGNORECASE,
)
_WHEN = regex.compile(
    r"\W*(?:when|how long|(?:in |on )?(?:what|which) (?:day|date|year|month|time))\b", regex.IGNORECASE
)
_ASKED = r"\b(?:did|have|had|was|were|am|are|do|would|could) "
_MINE = regex.compile(rf"\b(?:my|mine|our)\b|{_ASKED}i\b|\bi(?:'ve)? (?:\w+ )?(?:told|said)\b", regex.IGNORECASE)
_YOURS = regex.compile(rf"\b(?:your|yours)\b|{_ASKED}you\b|\byou(?:'ve)? (?:\w+ )?(?:told|said)\b", regex.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """What calls memories up: a message, when, where and before whom it is said, and the asker's calendar.

    `audience` is `private` or `guild:` and its id; `everywhere`: the asker allows that what was said in private or on
    another server comes up here. `before` are the lines said before it, oldest first; only a very short message needs
    them. With a `place`, what was recalled there in the last turns does not come up again unasked. With an `until`,
    what was said in that message and after it does not come up at all.
    """

    text: str
    now: datetime
    place: str = ""
    audience: str = PRIVATE
    everywhere: bool = False
    zone: tzinfo = UTC
    birthday: tuple[int, int] | None = None
    before: tuple[str, ...] = ()
    until: int | None = None


@dataclass(slots=True)
class Names:
    """How the two sides of a partition are called: every word of every name they spoke under."""

    person: set[str] = field(default_factory=set[str])
    character: set[str] = field(default_factory=set[str])

    def learn(self, speaker: str, *, by_character: bool) -> None:
        (self.character if by_character else self.person).update(words_of(speaker))

    def may_stand_in(self, text: str) -> bool:
        """Whether it is worth looking for them; in most messages none stands."""
        plain = text.casefold()
        return any(name in plain for name in (*self.person, *self.character))


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of the message: which of the question's stems it holds, and how much it counts for, 0 to 1."""

    stems: frozenset[int]
    weight: float


@dataclass(frozen=True, slots=True)
class Question:
    """`stems` sorted and distinct; `sentences` the whole message and then its parts, `vectors` in the same order.

    `when`: a time is wanted. `short`: it was read together with what was said before. `about` says whose words
    are wanted (True: the character's), `named` which stems are names of somebody else.
    """

    stems: NDArray[np.uint32]
    short: bool
    sentences: tuple[Sentence, ...]
    vectors: NDArray[np.float32]
    span: Span | None
    when: bool
    about: bool | None
    by_name: bool
    named: frozenset[int]


def understand(cue: Cue, names: Names, encoder: Encoder) -> Question:
    """Take a message apart. About 0.1 ms."""
    text = _MENTION.sub(" ", cue.text)[:LONGEST_MESSAGE]
    parts = [part for part in _SENTENCES.split(without_names(text, names)) if part.strip()][-MOST_SENTENCES:]
    each = [stem_codes(part) for part in parts]
    own = set[int]().union(*each)
    short = len(own) < TOO_SHORT
    told = cue.before[-LINES_BEFORE:] if short else ()
    earlier = [without_names(line[:LONGEST_MESSAGE], names) for line in told]
    pieces = [*zip(earlier, map(stem_codes, earlier), strict=True), *zip(parts, each, strict=True)]
    asks = any(part.rstrip().endswith("?") for part in parts)
    whole = " ".join(parts)
    scored = [(own, whole, 1.0)]
    if len(pieces) > 1:
        for steps, (piece, row) in enumerate(reversed(pieces)):
            weight = FADE**steps * (TOLD if asks and not piece.rstrip().endswith("?") else 1.0)
            scored += [(set(row), piece, weight)] if row else []
    distinct = sorted(set[int]().union(*(row for row, _, _ in scored)))[:MOST_STEMS]
    about, by_name = _about(text, names)
    return Question(
        stems=np.array(distinct, np.uint32),
        short=short,
        sentences=tuple(Sentence(_positions(distinct, row), weight) for row, _, weight in scored),
        vectors=encoder.encode([piece for _, piece, _ in scored]),
        span=parse(text, cue.now, cue.zone, cue.birthday),
        when=_asks_when(parts),
        about=about,
        by_name=by_name,
        named=_positions(distinct, set(_named_besides(text, names))),
    )


def _asks_when(parts: Sequence[str]) -> bool:
    """Whether the last question of a message wants a time."""
    asked = next((part for part in reversed(parts) if part.rstrip().endswith("?")), "")
    return _WHEN.match(asked) is not None


def _positions(among: Sequence[int], some: AbstractSet[int]) -> frozenset[int]:
    return frozenset([at for at, stem in enumerate(among) if stem in some])


def without_names(text: str, names: Names) -> str:
    """The text without the names of the two who talk: both are everywhere, so they tell no line from another."""
    if not names.may_stand_in(text):
        return text
    known = names.person | names.character

    def kept(match: regex.Match[str]) -> str:
        word = match["word"]
        return " " if word[0].isupper() and word.casefold() in known else match[0]

    return _NAMED.sub(kept, text)


def _about(text: str, names: Names) -> tuple[bool | None, bool]:
    """Whose words are wanted (True: the character's), and whether a name said so or only a pronoun."""
    called: list[tuple[bool, int, bool]] = []
    for match in _NAMED.finditer(text) if names.may_stand_in(text) else ():
        word = match["word"].casefold()
        if match[0][0].isupper() and (word in names.person) != (word in names.character):
            called.append((match["of"] is not None, match.start(), word in names.character))
    if called:
        if len({by_character for _, _, by_character in called}) > 1 and _TOGETHER.search(text):
            return None, True
        return min(called)[2], True
    plain = _FORMULA.sub(" ", text)
    mine, yours = _MINE.search(plain), _YOURS.search(plain)
    if bool(mine) == bool(yours):
        return None, False
    return yours is not None, False


def _named_besides(text: str, names: Names) -> list[int]:
    """Stems of capitalised words within sentences that are not the names of the two who talk."""
    if text[1:].islower():
        return []
    known = names.person | names.character
    words = [match["word"] for match in _WITHIN.finditer(text)]
    return stem_codes(" ".join(word for word in words if word.casefold() not in known)) if words else []
