"""Macros: `{{char}}`, `{{random::a::b}}` and the like, as cards and lorebooks use them.

Evaluated from left to right, inner ones first, each once: what a name or a variable holds is never evaluated again.
A card's own fields are (`{{description}}` may hold `{{user}}`), but not within themselves. An unknown macro, or one
with a wrong number of arguments, stays as it is written, its inner ones resolved. However macros are nested or refer to
each other, the result is bounded (LONGEST, MOST_CALLS, DEEPEST). `macro_table` says what each of them stands for.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from tzurot.prompt.macro_table import ANGLES, TABLE, WORDED, Call

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN = re.compile(rf"(?:\\[{{}}]){{2}}|\{{\{{(?!\{{)|\}}\}}|<({'|'.join(ANGLES)})>", re.IGNORECASE)
NAME = re.compile(r"\s*(//|time_UTC[+-]\d+|/?[A-Za-z_][\w-]*)", re.ASCII | re.IGNORECASE)
LONGEST = 400_000
MOST_CALLS = 5_000
DEEPEST = 32
NOWHEN = datetime(1970, 1, 1, tzinfo=UTC)

Variable = str | int | float


class Remark(NamedTuple):
    """A message of the conversation, as macros see it; `swipe` is the index of the shown one of `swipes`."""

    text: str
    by_user: bool
    said_at: datetime | None = None
    swipes: int = 1
    swipe: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What macros may tell.

    `fields` are the card's and the persona's texts by lower-case macro name, `values` further plain texts (instruct
    sequences, outlets as `outlet::name`). `seed` names the conversation: `{{pick}}` chooses the same in it every time.
    """

    char: str
    user: str
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    group: tuple[str, ...] = ()
    muted: tuple[str, ...] = ()
    chat: tuple[Remark, ...] = ()
    now: datetime = NOWHEN
    seed: str = ""


class Macros:
    """Evaluates texts of one prompt: variables that one sets, the next reads.

    `dice` decides `{{random}}` and `{{roll}}`. What was set is in `variables` and `global_variables` afterwards; those
    given are not changed.
    """

    def __init__(
        self,
        facts: Facts,
        dice: random.Random,
        variables: Mapping[str, Variable] | None = None,
        global_variables: Mapping[str, Variable] | None = None,
    ) -> None:
        self.facts = facts
        self.dice = dice
        self.variables = dict(variables or {})
        self.global_variables = dict(global_variables or {})
        self.original: str | None = None
        self.within: list[str] = []
        self._calls = 0
        self._length = 0

    def expand(self, text: str, *, original: str | None = None) -> str:
        """`text` with its macros replaced; `original` is what `{{original}}` stands for, the first time.

        Where there is none, that is no macro.
        """
        if "{" not in text and "<" not in text:
            return text
        self.original = original
        self._calls = self._length = 0
        return self.evaluate(text)

    def field_text(self, name: str) -> str:
        """A field of the card, evaluated; nothing where it stands within itself."""
        text = self.facts.fields.get(name, "")
        if "{" not in text and "<" not in text:
            return text
        if name in self.within:
            return ""
        self.within.append(name)
        try:
            return self.evaluate(text)
        finally:
            self.within.pop()

    def evaluate(self, text: str) -> str:
        frames: list[list[Piece]] = [[]]
        starts: list[int] = []
        position = 0
        for token in TOKEN.finditer(text):
            pieces = frames[-1]
            if position < token.start():
                pieces.append(text[position : token.start()])
            position = token.end()
            sign = token[0]
            if sign == "{{" and len(frames) <= DEEPEST:
                frames.append([])
                starts.append(token.start())
            elif sign == "}}" and starts:
                inner = frames.pop()
                self._close(frames[-1], inner, Place(text, starts.pop()))
            elif token[1]:
                pieces.append(Value(TABLE[ANGLES[token[1].upper()]].run(self, Call()) or ""))
            else:
                pieces.append(sign.replace("\\", ""))
        frames[-1].append(text[position:])
        whole = frames[0]
        for unclosed in frames[1:]:
            whole += ["{{", *unclosed]
        return _joined(whole)

    def _close(self, outer: list[Piece], inner: list[Piece], place: Place) -> None:
        """Evaluate the macro that these pieces are the inside of, onto the end of what stands before it."""
        written = _joined(inner)
        named = NAME.match(written)
        name = named[1].lower() if named else ""
        if name in {"/trim", "/if"} and _close_scope(outer, name[1:]):
            return
        macro = TABLE.get(name) or next((TABLE[word] for word in WORDED if name.startswith(word)), None)
        call = _call(name, inner, len(named[0]) if named else 0, place) if macro else None
        self._calls += 1
        if macro is None or call is None or not macro.least <= len(call.arguments) <= macro.most or self._exhausted():
            outer.append(Value(f"{{{{{written}}}}}"))
            return
        value = macro.run(self, call)
        if value is None:
            outer.append(Value(f"{{{{{written}}}}}"))
            return
        self._length += len(value) + sum(map(len, call.arguments))
        if name in {"trim", "if", "else"}:
            outer.append(Mark(name, value, f"{{{{{written}}}}}"))
        else:
            outer.append(Value(value))

    def _exhausted(self) -> bool:
        return self._calls > MOST_CALLS or self._length > LONGEST


@dataclass(frozen=True, slots=True)
class Place:
    """Where a macro begins, in which text."""

    text: str
    start: int


class Value(str):
    """Text that a macro stood for: it holds no separators, whatever its signs."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """Where `{{trim}}`, `{{if}}` or `{{else}}` stands; `value` is empty for a condition that does not hold."""

    name: str
    value: str
    written: str


Piece = str | Mark


def _call(name: str, pieces: list[Piece], start: int, place: Place) -> Call | None:
    """Split a macro's inside into arguments: after `::` any number, after one colon or a space a single one."""
    seed = f"{place.text}@{place.start}"
    rest = "".join(piece for piece in pieces if isinstance(piece, str))[start:]
    if not rest.strip() or name == "//":
        return Call(arguments=(name[8:],) if name.startswith("time_utc") and name[8:] else (), seed=seed)
    if name.startswith("time_utc") and len(name) > len("time_utc"):
        return None
    stripped = rest.lstrip()
    if stripped.startswith("::"):
        arguments = [""]
        for piece in pieces:
            parts = [piece] if isinstance(piece, Value) else piece.split("::") if isinstance(piece, str) else []
            arguments[-1] += parts[0] if parts else ""
            arguments += parts[1:]
        return Call(arguments=tuple(argument.strip() for argument in arguments[1:]), seed=seed)
    if stripped.startswith(":"):
        return Call(arguments=(stripped[1:],), seed=seed)
    return Call(arguments=(stripped,), seed=seed) if rest[0].isspace() else None


def _close_scope(pieces: list[Piece], name: str) -> bool:
    """End what `{{trim}}` or `{{if}}` began among these pieces; False where nothing did."""
    opened = next((i for i in range(len(pieces) - 1, -1, -1) if _is_mark(pieces[i], name)), None)
    if opened is None:
        return False
    body, mark = pieces[opened + 1 :], pieces[opened]
    del pieces[opened:]
    if name == "if":
        between = next((i for i, piece in enumerate(body) if _is_mark(piece, "else")), len(body))
        body = body[:between] if isinstance(mark, Mark) and mark.value else body[between + 1 :]
    pieces.append(Value(_joined(body).strip()))
    return True


def _is_mark(piece: Piece, name: str) -> bool:
    return isinstance(piece, Mark) and piece.name == name


def _joined(pieces: list[Piece]) -> str:
    """One text; a `{{trim}}` takes the line breaks on both its sides with it."""
    parts = [""]
    texts: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            texts.append(piece)
        elif piece.name != "trim":
            texts.append(piece.written)
        else:
            parts[-1] = "".join(texts)
            texts = []
            parts.append("")
    parts[-1] = "".join(texts)
    if len(parts) == 1:
        return parts[0]
    cut = [part.strip("\r\n") for part in parts[1:-1]]
    return parts[0].rstrip("\r\n") + "".join(cut) + parts[-1].lstrip("\r\n")


def expand(text: str, *, char: str, user: str, original: str = "") -> str:
    """Replace the macros of a text that stands alone, where nothing but the two names is known."""
    return Macros(Facts(char=char, user=user), random.Random(0)).expand(text, original=original)  # noqa: S311
