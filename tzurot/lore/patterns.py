"""JavaScript's regular expressions, as cards and lorebooks hold them, run within a bounded time.

Translated into the notation of the `regex` library, which can stop in the middle of a match; so no pattern, however it
was meant, holds up anybody for longer than its `Patience` allows. What is no valid pattern is none: None.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

import regex

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_PATTERN = 4_000
LONGEST_TRANSLATION = 12_000  # what takes longest to compile takes about 40 ms
# always holds: before a search begins, tables are made for a run of plain signs, in the cube of its length
BREAK, BREAK_EVERY = "(?!(?!))", 50
DIGITS, WORD = "0-9", "A-Za-z0-9_"  # JavaScript's classes are ASCII
BLANK = r"\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
BREAKS = r"\n\r\u2028\u2029"
CLASSES = {"d": DIGITS, "w": WORD, "s": BLANK}
ALL_BUT = {
    "D": r"\x00-/:-\U0010ffff",
    "W": r"\x00-/:-@\[-\^`{-\U0010ffff",
    "S": r"\x00-\x08\x0e-\x1f!-\x9f\xa1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e\u2030-\u205e\u2060-\u2fff"
    r"\u3001-\ufefe\uff00-\U0010ffff",
}
BOUNDARY = f"(?:(?<=[{WORD}])(?![{WORD}])|(?<![{WORD}])(?=[{WORD}]))"
NO_BOUNDARY = f"(?:(?<=[{WORD}])(?=[{WORD}])|(?<![{WORD}])(?![{WORD}]))"
SHORT = {
    "d": f"[{DIGITS}]", "w": f"[{WORD}]", "s": f"[{BLANK}]", "D": f"[^{DIGITS}]", "W": f"[^{WORD}]", "S": f"[^{BLANK}]",
    "b": BOUNDARY, "B": NO_BOUNDARY,
}  # fmt: skip
GROUP = regex.compile(r"\((?:\?(?::|=|!|<=|<!|<([A-Za-z_$][\w$]*)>))?")
QUANTIFIER = regex.compile(r"(?:[*+?]|\{\d+(?:,\d*)?\})\??")
ESCAPE = regex.compile(
    r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|c[A-Za-z]|k<\w+>|\d+|[pP]\{[^}]*\}|.)", regex.DOTALL
)
CLASS = regex.compile(r"\[(\^?)((?:[^\]\\]|\\.)*)\]", regex.DOTALL)
LITERAL = regex.compile(r"/(.+?)/([gimsuy]*)", regex.DOTALL)
UNESCAPED_SLASH = regex.compile(r"(?:^|[^\\])/")

T = TypeVar("T")


class Patience:
    """How long matching may take: `each_s` for one search, `total_s` for all of them together.

    Patterns run when it is used up do not match; `exhausted` says that it was. Between the steps of a match only is the
    clock looked at, and over 64 KiB of text one step may take 100 ms: what runs patterns over such texts belongs into
    a thread (matching lets others run meanwhile), with the time it may take there.
    """

    def __init__(self, total_s: float = 0.04, each_s: float = 0.02, clock: Callable[[], float] = perf_counter) -> None:
        self.exhausted = False
        self._left_s = total_s
        self._each_s = each_s
        self._clock = clock

    def run(self, call: Callable[[float], T]) -> T | None:
        """What `call` makes within its share of time, given in seconds; None where that is not enough."""
        if self._left_s <= 0:
            self.exhausted = True
            return None
        begun = self._clock()
        try:
            return call(min(self._each_s, self._left_s))
        except (TimeoutError, MemoryError, RecursionError):
            self.exhausted = True
            return None
        finally:
            self._left_s -= self._clock() - begun


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that can be run; `every` where it has the flag g, `sticky` where it only matches at the start."""

    compiled: regex.Pattern[str]
    every: bool
    sticky: bool

    def found_in(self, text: str, patience: Patience) -> bool:
        find = self.compiled.match if self.sticky else self.compiled.search
        return patience.run(lambda seconds: find(text, timeout=seconds)) is not None

    def replaced(self, text: str, by: Callable[[regex.Match[str]], str], patience: Patience) -> str | None:
        """The text with the first match, or with g every one, replaced; None where time ran out."""
        count = 0 if self.every else 1
        return patience.run(lambda seconds: self.compiled.sub(by, text, count, timeout=seconds))


def literal(text: str) -> Pattern | None:
    """A pattern written `/…/flags`, with every slash inside it escaped; anything else is plain text."""
    parts = LITERAL.fullmatch(text) if text.startswith("/") else None
    if parts is None or UNESCAPED_SLASH.search(parts[1]):
        return None
    return compiled(parts[1], parts[2])


@lru_cache(2048)
def compiled(pattern: str, flags: str = "") -> Pattern | None:
    if len(pattern) > LONGEST_PATTERN or len(set(flags)) < len(flags) or not set(flags) <= set("dgimsuyv"):
        return None
    try:
        translated = _translated(pattern, flags)
        if len(translated) > LONGEST_TRANSLATION:
            return None
        made = regex.compile(translated, regex.IGNORECASE if "i" in flags else 0)
    except (regex.error, ValueError, OverflowError, RecursionError, IndexError, KeyError):
        return None
    return Pattern(made, every="g" in flags, sticky="y" in flags)


def _translated(pattern: str, flags: str) -> str:
    """The same pattern in the notation of `regex`.

    Raises:
        ValueError: it is none in JavaScript.

    """
    made: list[str] = []
    position, repeatable, atoms = 0, False, 0
    while position < len(pattern):
        sign = pattern[position]
        if quantifier := QUANTIFIER.match(pattern, position):
            if not repeatable:
                raise ValueError("nothing to repeat")
            made.append(quantifier[0])
            position, repeatable = quantifier.end(), False
            continue
        repeatable, atoms = True, atoms + 1
        if atoms % BREAK_EVERY == 0:
            made.append(BREAK)
        if sign == "\\":
            escape = ESCAPE.match(pattern, position)
            if escape is None:
                raise ValueError("a backslash at the end")
            made.append(_escaped(escape[1], flags))
            position, repeatable = escape.end(), escape[1] not in "bB"
        elif sign == "[":
            chosen = CLASS.match(pattern, position)
            if chosen is None:
                raise ValueError("a class without an end")
            made.append(_class(bool(chosen[1]), chosen[2], flags))
            position = chosen.end()
        elif sign == "(":
            group = GROUP.match(pattern, position)
            if group is None or (pattern.startswith("(?", position) and len(group[0]) == 1):
                raise ValueError("an unknown kind of group")
            made.append(f"(?P<{group[1].replace('$', '_')}>" if group[1] else group[0])
            position, repeatable = group.end(), False
        else:
            made.append(_sign(sign, flags))
            position, repeatable = position + 1, sign not in "|^$"
    return "".join(made)


def _sign(sign: str, flags: str) -> str:
    match sign:
        case ".":
            return "(?s:.)" if "s" in flags else f"[^{BREAKS}]"
        case "^":
            return rf"(?:\A|(?<=[{BREAKS}]))" if "m" in flags else r"\A"
        case "$":
            return rf"(?=[{BREAKS}]|\Z)" if "m" in flags else r"\Z"
        case "|" | ")":
            return sign
        case _:
            return regex.escape(sign, special_only=True)


def _escaped(what: str, flags: str) -> str:
    kind = what[0]
    if kind in SHORT:
        return SHORT[kind]
    if kind == "k" and len(what) > 1:
        return f"(?({what[2:-1]})(?P={what[2:-1]}))"
    if kind.isdigit() and what != "0":
        return f"(?({what})\\{what})"  # one that took no part matches nothing, and that is a match
    return _character(what, flags)


def _character(what: str, flags: str) -> str:
    """An escape that stands for one sign, in a class or outside."""
    kind = what[0]
    if len(what) > 1 and kind in "xu":
        return regex.escape(chr(int(what[1:].strip("{}"), 16)), special_only=False)
    if len(what) > 1 and kind == "c":
        return regex.escape(chr(ord(what[1]) % 32))
    if len(what) > 1 and kind in "pP" and "u" in flags:
        return f"\\{what}"
    if what in "tnvfr":
        return f"\\{what}"
    if what == "0":
        return r"\x00"
    return "".join(regex.escape(sign) for sign in what)  # any other sign stands for itself


def _class(negated: bool, inside: str, flags: str) -> str:  # noqa: FBT001
    if not inside:
        return "(?s:.)" if negated else "(?!)"
    made: list[str] = []
    position = 0
    while position < len(inside):
        if inside[position] == "\\":
            escape = ESCAPE.match(inside, position)
            if escape is None:
                raise ValueError("a backslash at the end")
            what = escape[1]
            if what in CLASSES:
                made.append(CLASSES[what])
            elif what in ALL_BUT:
                made.append(ALL_BUT[what])
            else:
                made.append(r"\x08" if what == "b" else _character(what, flags))
            position = escape.end()
        else:
            made.append("\\" + inside[position] if inside[position] in "[&|~" else inside[position])
            position += 1
    return f"[{'^' if negated else ''}{''.join(made)}]"
