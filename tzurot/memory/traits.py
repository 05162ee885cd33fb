"""What a line shows of itself, whatever is asked: people tell facts as statements of their own, not as questions."""

from __future__ import annotations

from enum import IntFlag

import regex

_NOTE = regex.compile(r"\s*\[[^\[\]]*\]\s*$", regex.VERSION1)  # what was attached, at the end
_FIRST = regex.compile(r"\b(?:i|my|me|mine|we|our|us)\b", regex.IGNORECASE | regex.VERSION1)
_NAMES = regex.compile(r"[\p{Ll},;] +(?!I\b)[\"“«]?\p{Lu}|[\"“«]", regex.VERSION1)
_TIMES = regex.compile(
    r"\b(?:yesterday|today|tonight|tomorrow|ago|(?:last|next|this|past|coming) (?:week|month|year|night|spring|summer"
    r"|autumn|fall|winter|weekend|\w+day|few|couple|morning|evening)\w*|january|february|march|april|june|july|august"
    r"|september|october|november|december|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|weeks?|months?|years?|days)\b",
    regex.IGNORECASE | regex.VERSION1,
)


class Trait(IntFlag):
    """Bits of the column `traits`."""

    FIRST = 1  # speaks of oneself
    ASKS = 2  # holds a question
    ENDS_ASKING = 4
    NAMES = 8  # a name or a title stands within
    TIMES = 16  # tells a time


def traits_of(text: str) -> Trait:
    plain = _NOTE.sub("", text)
    found = Trait(0)
    if _FIRST.search(plain):
        found |= Trait.FIRST
    if "?" in plain:
        found |= Trait.ASKS
    if plain.rstrip().endswith("?"):
        found |= Trait.ENDS_ASKING
    if _NAMES.search(plain):
        found |= Trait.NAMES
    if _TIMES.search(plain):
        found |= Trait.TIMES
    return found
