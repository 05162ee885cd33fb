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
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tzurot.prompt.macro_table import ANGLES, TABLE, WORDED, Call, Macro, Place, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN = re.compile(rf"(?:\\[{{}}]){{2}}|\{{\{{(?!\{{)|\}}\}}|<({'|'.join(ANGLES)})>", re.IGNORECASE)
NAME = re.compile(r"\s*(//|time_UTC[+-]\d+|/?[A-Za-z_][\w-]*)", re.ASCII | re.IGNORECASE)
LONGEST = 400_000
MOST_CALLS = 5_000
DEEPEST = 32
NAMED_WITHIN = 10_000
NAMED_TEXTS = 256
MARKED = ("trim", "if", "else")  # what these mean depends on what follows
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


def named(text: str, char: str, user: str) -> str:
    """The text where it holds no macros but names, as most texts of most cards; nothing where it holds others."""
    others = text.replace("{{char}}", "").replace("{{user}}", "")
    if "{" in others or "<" in others or len(text) > NAMED_WITHIN:
        return ""
    return user.join(part.replace("{{char}}", char) for part in text.split("{{user}}"))


named_and_kept = lru_cache(NAMED_TEXTS)(named)


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

    def expand_kept(self, text: str) -> str:
        """The same for a text that stands in every prompt: what it becomes is kept where names are all it holds."""
        kept = named_and_kept(text, self.facts.char, self.facts.user) if len(text) <= NAMED_WITHIN else ""
        return kept or self.expand(text)

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
        return named(text, self.facts.char, self.facts.user) or self._evaluated(text)

    def _evaluated(self, text: str) -> str:
        source = Source(text)
        frames = [Frame()]
        starts: list[int] = []
        position = 0
        for token in TOKEN.finditer(text):
            pieces = frames[-1].pieces
            if position < token.start():
                pieces.append(text[position : token.start()])
            position = token.end()
            sign = token[0]
            if sign == "{{" and len(frames) <= DEEPEST:
                frames.append(Frame())
                starts.append(token.start())
            elif sign == "}}" and starts:
                inner = frames.pop()
                self._close(frames[-1], inner.pieces, Place(source, starts.pop()))
            elif token[1]:
                pieces.append(Value(TABLE[ANGLES[token[1].upper()]].run(self, Call()) or ""))
            else:
                pieces.append(sign.replace("\\", ""))
        frames[-1].pieces.append(text[position:])
        whole = frames[0].pieces
        for unclosed in frames[1:]:
            whole += ["{{", *unclosed.pieces]
        return _joined(whole)

    def _close(self, outer: Frame, inner: list[Piece], place: Place) -> None:
        """Evaluate the macro that these pieces are the inside of, onto the end of what stands before it."""
        self._calls += 1
        if self._calls > MOST_CALLS or self._length > LONGEST:
            outer.pieces += ["{{", *inner, "}}"]
            return
        written = _joined(inner)
        as_written = f"{{{{{written}}}}}"
        named = NAME.match(written)
        name = named[1].lower() if named else ""
        if name.startswith("/") and name != "//" and self._close_scope(outer, name[1:]):
            return
        macro = TABLE.get(name) or next((TABLE[word] for word in WORDED if name.startswith(word)), None)
        call = _call(name, inner, len(named[0]) if named else 0, place) if macro else None
        if macro is None or call is None:
            outer.pieces.append(Value(as_written))
        elif macro.least <= len(call.arguments) <= macro.most:
            value = self._run(macro, call)
            if value is not None and name in MARKED:
                outer.mark(Mark(name, as_written, macro, call, holds=bool(value)))
            else:
                outer.pieces.append(Value(as_written if value is None else value))
        elif macro.least <= len(call.arguments) + 1 <= macro.most:
            outer.mark(Mark(name, as_written, macro, call))  # its last argument may stand between it and its end
        else:
            outer.pieces.append(Value(as_written))

    def _run(self, macro: Macro, call: Call) -> str | None:
        value = macro.run(self, call)
        self._length += len(value or "") + sum(map(len, call.arguments))
        return value

    def _close_scope(self, outer: Frame, name: str) -> bool:
        """Evaluate what was begun by a macro of that name and ends here; False where nothing was."""
        mark, body = outer.taken_from(name)
        if mark is None:
            return False
        if name == "if":
            elses = (i for i, piece in enumerate(body) if isinstance(piece, Mark) and piece.name == "else")
            between = next(elses, len(body))
            body = body[:between] if mark.holds else body[between + 1 :]
        text = _joined(body).strip()
        value = text if name in MARKED else self._run(mark.macro, Call((*mark.call.arguments, text), mark.call.place))
        outer.pieces.append(Value(value or ""))
        return True


class Value(str):
    """Text that a macro stood for: it holds no separators, whatever its signs."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a macro stands whose body may follow; `holds` where that is a condition which does."""

    name: str
    written: str
    macro: Macro
    call: Call
    holds: bool = False


Piece = str | Mark


class Frame:
    """What stands on one level of nesting, and where on it macros stand whose bodies may follow."""

    __slots__ = ("marks", "pieces")

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.marks: dict[str, list[int]] = {}

    def mark(self, mark: Mark) -> None:
        self.marks.setdefault(mark.name, []).append(len(self.pieces))
        self.pieces.append(mark)

    def taken_from(self, name: str) -> tuple[Mark | None, list[Piece]]:
        """Remove the last macro of that name and all that follows it, and give both."""
        places = self.marks.get(name)
        if not places:
            return None, []
        begun = places[-1]
        mark, body = self.pieces[begun], self.pieces[begun + 1 :]
        del self.pieces[begun:]
        for others in self.marks.values():
            while others and others[-1] >= begun:
                others.pop()
        assert isinstance(mark, Mark)
        return mark, body


def _call(name: str, pieces: list[Piece], start: int, place: Place) -> Call | None:
    """Split a macro's inside into arguments: after `::` any number, after one colon or a space a single one."""
    rest = "".join(piece for piece in pieces if isinstance(piece, str))[start:]
    if not rest.strip() or name == "//":
        return Call(arguments=(name[8:],) if name.startswith("time_utc") and name[8:] else (), place=place)
    if name.startswith("time_utc") and len(name) > len("time_utc"):
        return None
    stripped = rest.lstrip()
    if stripped.startswith("::"):
        arguments = [""]
        for piece in pieces:
            parts = [piece] if isinstance(piece, Value) else piece.split("::") if isinstance(piece, str) else []
            arguments[-1] += parts[0] if parts else ""
            arguments += parts[1:]
        return Call(arguments=tuple(argument.strip() for argument in arguments[1:]), place=place)
    if stripped.startswith(":"):
        return Call(arguments=(stripped[1:],), place=place)
    return Call(arguments=(stripped,), place=place) if rest[0].isspace() else None


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
