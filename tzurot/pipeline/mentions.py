"""Which characters a text addresses by name."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tzurot.errors import Invalid
from tzurot.llm.quotation import Quotation

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

ADDRESSED_AT_MOST = 5
WORDS_AT_MOST = 4

_SIGN = "@"
_NO_NAMES = frozenset({"everyone", "here"})
_STRAIGHT = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
    }
)
_TRAILING = ".,;:!?…)\"'*_~|`。、！？：；）」』"
# These end a word wherever they stand; stops, colons, hyphens and apostrophes may be inside one.
_ENDS_WORD = re.compile(r"(?<=.)[,;!?…)\]\"*~|。、！？：；）」』]")
_OPAQUE = re.compile(
    r"""
      <(?:@[!&]?|\#)\d+>                                # somebody or somewhere on Discord
    | <a?:\w+:\d+>                                      # custom emoji
    | \[[^\]\n]*+\]\([^)\s]*+\)                         # link with a text
    | ://\S++                                           # link
    | (?<![\w./-])[\w-]++(?:\.[\w-]++)++/\S*+           # link without its scheme
    | \w[.+%_-]++@(?:[\w-]++\.)+[^\W\d_]{2,}            # e-mail; a plain one has a letter before the sign
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressable:
    """A character as it can be called; `key` is what tells it from the others."""

    name: str
    slug: str
    key: Hashable
    aliases: tuple[str, ...] = ()


class Roll:
    """Everybody who may be called, prepared once for many texts.

    Where two bear the same name, the one who stands first among the candidates answers.
    """

    def __init__(self, candidates: Sequence[Addressable]) -> None:
        self._known: dict[str, Addressable] = {}
        for names in (_by_name, _by_slug, _by_alias):
            for candidate in candidates:
                for name in names(candidate):
                    self._enter(_folded(name), candidate)
        self._longest = max(map(len, self._known), default=0)

    def _enter(self, name: str, candidate: Addressable) -> None:
        name = " ".join(name.split())
        if name and name not in _NO_NAMES and not name.replace(" ", "").isdigit():
            self._known.setdefault(name, candidate)

    def addressed(self, text: str) -> tuple[Addressable, ...]:
        """Who is called, in the order of the text, each once."""
        found: dict[Hashable, Addressable] = {}
        for words in _calls(_folded(text)):
            candidate = self._longest_known(words)
            if candidate is not None:
                found.setdefault(candidate.key, candidate)
            if len(found) == ADDRESSED_AT_MOST:
                break
        return tuple(found.values())

    def _longest_known(self, words: list[str]) -> Addressable | None:
        for count in range(len(words), 0, -1):
            front = "".join(f"{word} " for word in words[: count - 1])
            for last in _readings(words[count - 1], self._longest - len(front)):
                candidate = self._known.get(front + last)
                if candidate is not None:
                    return candidate
        return None


def addressed(text: str, candidates: Sequence[Addressable]) -> tuple[Addressable, ...]:
    return Roll(candidates).addressed(text)


def _by_name(candidate: Addressable) -> tuple[str, ...]:
    return (candidate.name,)


def _by_slug(candidate: Addressable) -> tuple[str, ...]:
    return (candidate.slug,)


def _by_alias(candidate: Addressable) -> tuple[str, ...]:
    return candidate.aliases


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFC", text).casefold()
    return unicodedata.normalize("NFC", folded).translate(_STRAIGHT)


def _calls(text: str) -> Iterator[list[str]]:
    """The words that stand after each sign, on its line and before the next sign, code or link."""
    closed = [*Quotation(text).spans(), *(match.span() for match in _OPAQUE.finditer(text))]
    borders: list[tuple[int, int]] = []
    for start, end in sorted(closed):
        if borders and start < borders[-1][1]:
            borders[-1] = (borders[-1][0], max(end, borders[-1][1]))
        else:
            borders.append((start, end))
    for (_, start), (end, _) in pairwise([(0, 0), *borders, (len(text), len(text))]):
        sign = text.find(_SIGN, start, end)
        while sign != -1:
            following = text.find(_SIGN, sign + 1, end)
            stop = end if following == -1 else following
            after = text[sign + 1 : stop].split("\n", 1)[0]
            if after and not after[0].isspace() and not text[sign - 1 : sign].isalnum():
                yield after.split(maxsplit=WORDS_AT_MOST)[:WORDS_AT_MOST]
            sign = following


def _readings(word: str, longest: int) -> Iterator[str]:
    """A word as written, then with ever less of what a sentence hangs on it; none longer than `longest`.

    As written comes first: titles, initials and names that end in 's keep their marks.
    """
    bare = word.rstrip(_TRAILING)
    for end in range(min(len(word), longest), len(bare) - 1, -1):
        yield word[:end]
    if bare.endswith("'s"):
        yield from _readings(bare[:-2], longest)
    mark = _ENDS_WORD.search(bare)
    if mark:
        yield from _readings(bare[: mark.start()], longest)


def folded_alias(text: str) -> str:
    """An alias as it is kept and sought: lower case, straight quotes, single spaces.

    Raises:
        Invalid: it cannot be called: nothing, a number, more than four words, or a word that pings everybody.

    """
    words = _folded(text.strip().removeprefix(_SIGN)).split()
    alias = " ".join(words)
    if (
        not words
        or len(words) > WORDS_AT_MOST
        or alias in _NO_NAMES
        or alias.replace(" ", "").isdigit()
        or "@" in alias
    ):
        raise Invalid(
            "alias.invalid", f"“{text[:60]}” cannot be an alias.", "Give one to four words, not only digits, without @."
        )
    return alias
