"""Regex scripts: find and replace as cards and people carry it along, in what is stored, prompted or only shown.

`applied` is bounded by its `Patience` and may be called on the event loop for texts of a message's length. For more, or
for scripts whose patterns nobody has seen, call it in a thread: `await asyncio.to_thread(applied, ...)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Literal

import regex

from tzurot.cards.payload import listing
from tzurot.lore.patterns import Patience, compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tzurot.lore.patterns import Pattern

Use = Literal["stored", "prompt", "display"]
MAX_SCRIPTS = 200
LONGEST = 400_000
SHAPE = regex.compile(r"(/?)(.+)\1([a-z]*)", regex.DOTALL | regex.IGNORECASE)
KNOWN_FLAGS = frozenset("gmixXsuUAJ")
MACRO = regex.compile(r"\{\{[^{}]*\}\}")
GROUP = regex.compile(r"\$(\d{1,2}|<\w+>)")
MATCH = regex.compile(r"\{\{match\}\}", regex.IGNORECASE)


class Placement(IntEnum):
    """Which texts a script is for, by the numbers that its file uses."""

    USER = 1
    REPLY = 2
    COMMAND = 3
    LORE = 5
    REASONING = 6


class Substitute(IntEnum):
    """Whether macros in the pattern are expanded, and whether what they stand for is taken literally."""

    NONE = 0
    RAW = 1
    ESCAPED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RegexScript:
    """One script; depths count messages from the newest, which is 0."""

    name: str = ""
    find: str
    replace: str = ""
    trims: tuple[str, ...] = ()
    placements: frozenset[int] = frozenset()
    disabled: bool = False
    display_only: bool = False
    prompt_only: bool = False
    runs_on_edit: bool = False
    substitute: Substitute = Substitute.NONE
    min_depth: int | None = None
    max_depth: int | None = None
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False, repr=False)

    def is_for(self, placement: Placement, use: Use, depth: int | None, *, edited: bool) -> bool:
        only = self.display_only or self.prompt_only
        wanted = {"stored": not only, "prompt": self.prompt_only or not only, "display": self.display_only}[use]
        if self.disabled or not wanted or placement not in self.placements or (edited and not self.runs_on_edit):
            return False
        if depth is None:
            return True
        lowest, highest = self.min_depth, self.max_depth
        return (lowest is None or depth >= lowest) and (highest is None or depth <= highest)


def read_script(raw: Mapping[str, Any]) -> RegexScript:
    """A script as its file has it; what is missing is off."""

    def depth(key: str) -> int | None:
        value = raw.get(key)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return int(value) if is_number and value is not None and 0 <= value < LONGEST else None

    substitute = raw.get("substituteRegex")
    known = isinstance(substitute, int) and 0 <= substitute <= Substitute.ESCAPED
    return RegexScript(
        name=str(raw.get("scriptName", "")),
        find=str(raw.get("findRegex", "")),
        replace=str(raw.get("replaceString") or ""),
        trims=tuple(trim for trim in listing(raw.get("trimStrings")) if isinstance(trim, str) and trim),
        placements=frozenset(each for each in listing(raw.get("placement")) if isinstance(each, int)),
        disabled=raw.get("disabled") is True,
        display_only=raw.get("markdownOnly") is True,
        prompt_only=raw.get("promptOnly") is True,
        runs_on_edit=raw.get("runOnEdit") is True,
        substitute=Substitute(int(substitute)) if known and substitute is not None else Substitute.NONE,
        min_depth=depth("minDepth"),
        max_depth=depth("maxDepth"),
        raw=raw,
    )


def read_scripts(raws: Iterable[Mapping[str, Any]]) -> tuple[RegexScript, ...]:
    """The first 200 scripts of a card or of a file."""
    return tuple(read_script(raw) for raw, _ in zip(raws, range(MAX_SCRIPTS), strict=False))


def to_object(script: RegexScript) -> dict[str, Any]:
    """The script as its file has it."""
    return {
        **script.raw, "scriptName": script.name, "findRegex": script.find, "replaceString": script.replace,
        "trimStrings": list(script.trims), "placement": sorted(script.placements), "disabled": script.disabled,
        "markdownOnly": script.display_only, "promptOnly": script.prompt_only, "runOnEdit": script.runs_on_edit,
        "substituteRegex": int(script.substitute), "minDepth": script.min_depth, "maxDepth": script.max_depth,
    }  # fmt: skip


def applied(
    text: str,
    scripts: Sequence[RegexScript],
    *,
    placement: Placement,
    use: Use,
    expand: Callable[[str], str],
    depth: int | None = None,
    edited: bool = False,
    patience: Patience | None = None,
) -> str:
    """The text after all scripts that are for it, in their order; one whose pattern takes too long changes nothing."""
    waiting = patience or Patience()
    for script in scripts:
        if script.find and script.is_for(placement, use, depth, edited=edited):
            text = _replaced(text, script, expand, waiting)
    return text


def _replaced(text: str, script: RegexScript, expand: Callable[[str], str], patience: Patience) -> str:
    find = script.find
    if script.substitute is Substitute.RAW:
        find = expand(find)
    elif script.substitute is Substitute.ESCAPED:
        find = MACRO.sub(lambda macro: regex.escape(expand(macro[0]), special_only=True), find)
    pattern = patience.run(lambda _: _pattern(find))
    if pattern is None:
        return text
    template = MATCH.sub("$0", script.replace)
    has_macros = "{" in template or "<" in template
    trims = [trim for trim in map(expand, script.trims) if trim]

    def by(match: regex.Match[str]) -> str:
        def group(number: regex.Match[str]) -> str:
            value = _group(match, number[1])
            for trim in trims:
                value = value.replace(trim, "")
            # what somebody wrote is no macro: only the script's own are
            return value.replace("{{", r"\{\{").replace("}}", r"\}\}") if has_macros else value

        made = GROUP.sub(group, template)
        return expand(made) if has_macros else made

    replaced = pattern.replaced(text, by, patience)
    return text if replaced is None else replaced[:LONGEST]


def _group(match: regex.Match[str], name: str) -> str:
    try:
        value: str | None = match[name[1:-1] if name[0] == "<" else int(name)]
    except IndexError:
        return ""
    return value or ""


def _pattern(find: str) -> Pattern | None:
    """A pattern within slashes with its flags, or all of it where it has none or unknown ones."""
    shape = SHAPE.match(find)
    if shape is None:
        return None
    flags: str = shape[3]
    if flags and (len(set(flags)) < len(flags) or not KNOWN_FLAGS.issuperset(flags)):
        return compiled(find)
    return compiled(shape[2], flags) if shape[1] else compiled(find)
