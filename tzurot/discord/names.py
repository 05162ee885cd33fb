"""The name under which a character's webhook posts."""

from __future__ import annotations

import re

import regex

LONGEST = 80  # characters, Discord's limit for a webhook's name
STAND_IN = "Nameless"

# Control characters, lone surrogates, and the marks that turn the direction of what follows the name.
_CONTROL = regex.compile(r"[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]")
_VISIBLE = regex.compile(r"[^\s\p{Default_Ignorable_Code_Point}\p{C}\u2800]")
_SIGN = regex.compile(r"\X")
# Discord refuses these words anywhere in the name. One letter of each gives way to a digit that looks like
# it: the name keeps its length, and no rest of it can form the word anew.
_REFUSED = tuple(
    (regex.compile(r"\p{Default_Ignorable_Code_Point}*".join(word), regex.IGNORECASE), letter, digit)
    for word, letter, digit in (("discord", "o", "0"), ("clyde", "e", "3"))
)


def webhook_name(name: str) -> str:
    """The nearest name that Discord takes: 1-80 characters, something to see, no word it refuses."""
    name = " ".join(_CONTROL.sub("", re.sub(r"\s", " ", name)).split())
    for word, letter, digit in _REFUSED:
        name = word.sub(lambda match, a=letter, b=digit: re.sub(a, b, match[0], flags=re.IGNORECASE), name)
    name = _cut(name).strip()
    return name if _VISIBLE.search(name) else STAND_IN


def _cut(name: str) -> str:
    """At most eighty characters, between signs as people see them: no joined emoji is taken apart."""
    if len(name) <= LONGEST:
        return name
    end = 0
    for sign in _SIGN.finditer(name):
        if sign.end() > LONGEST:
            break
        end = sign.end()
    return name[: end or LONGEST]
