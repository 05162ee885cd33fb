"""V3 decorators: lines at the head of an entry that say when it applies and where it stands.

Of repeated ones the first counts, except for keys, which add up. `@@@name` lines right after a decorator that was not
understood are tried in its stead, from top to bottom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Role = Literal["system", "user", "assistant"]
PLACES = ("after_desc", "before_desc", "personality", "scenario")
ROLES = ("system", "user", "assistant")
PROMPTS = ("post_history_instructions", "system_prompt")
LARGEST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Decorators:
    """What the decorators of an entry say; None and empty where they say nothing. Counts are of messages."""

    activate: bool = False
    dont_activate: bool = False
    constant: bool = False
    depth: int | None = None
    reverse_depth: int | None = None
    role: Role | None = None
    position: str | None = None
    scan_depth: int | None = None
    activate_only_after: int | None = None
    activate_only_every: int | None = None
    keep_activate_after_match: bool = False
    dont_activate_after_match: bool = False
    additional_keys: tuple[tuple[str, ...], ...] = ()
    exclude_keys: tuple[str, ...] = ()
    exclude_keys_all: tuple[str, ...] = ()
    ignore_on_max_context: bool = False
    is_greeting: int | None = None
    is_user_icon: str | None = None
    disable_ui_prompt: tuple[str, ...] = ()
    probability: int | None = None
    priority: int | None = None
    case_sensitive: bool | None = None
    whole_words: bool | None = None
    recursive: bool | None = None


NONE = Decorators()


def read(lines: Iterable[str]) -> Decorators:
    """The decorators in these lines (`@@name value`); unknown and invalid ones are passed over."""
    said: dict[str, Any] = {}
    understood = True
    for line in lines:
        fallback = line.startswith("@@@")
        if fallback and understood:
            continue
        name, _, value = line.lstrip("@").strip().partition(" ")
        parser = PARSERS.get(name.lower())
        parsed: Any = parser(value.strip()) if parser else None
        understood = parsed is not None
        if parsed is None:
            continue
        key = NAMES.get(name.lower(), name.lower())
        if key in ADDING:
            said[key] = (*said.get(key, ()), *parsed)
        else:
            said.setdefault(key, parsed)
    return Decorators(**said) if said else NONE


def _flag(value: str) -> bool | None:
    return True if value.lower() in ("", "true") else None


def _off(value: str) -> bool | None:
    return False if value.lower() in ("", "true") else None


def _count(value: str) -> int | None:
    return min(int(value), LARGEST) if value.isascii() and value.isdecimal() and len(value) < 10 else None  # noqa: PLR2004


def _any_number(value: str) -> int | None:
    count = _count(value.removeprefix("-"))
    return -count if count is not None and value.startswith("-") else count


def _positive(value: str) -> int | None:
    return _count(value) or None


def _one_of(*known: str) -> Callable[[str], str | None]:
    return lambda value: value.lower() if value.lower() in known else None


def _keys(value: str) -> tuple[str, ...] | None:
    return tuple(key.strip() for key in value.split(",") if key.strip()) or None


def _key_group(value: str) -> tuple[tuple[str, ...], ...] | None:
    keys = _keys(value)
    return (keys,) if keys else None


def _prompt(value: str) -> tuple[str, ...] | None:
    return (value.lower(),) if value.lower() in PROMPTS else None


ADDING = ("additional_keys", "exclude_keys", "exclude_keys_all", "disable_ui_prompt")
NAMES = {
    "match_full_word": "whole_words", "match_partial_word": "whole_words", "unrecursive": "recursive",
}  # fmt: skip
PARSERS: dict[str, Callable[[str], object]] = {
    "activate": _flag, "dont_activate": _flag, "constant": _flag,
    "depth": _count, "reverse_depth": _count, "role": _one_of(*ROLES), "position": _one_of(*PLACES),
    "scan_depth": _count, "activate_only_after": _count, "activate_only_every": _positive,
    "keep_activate_after_match": _flag, "dont_activate_after_match": _flag,
    "additional_keys": _key_group, "exclude_keys": _keys, "exclude_keys_all": _keys,
    "ignore_on_max_context": _flag, "is_greeting": _count, "is_user_icon": lambda value: value or None,
    "disable_ui_prompt": _prompt,
    "probability": _count, "priority": _any_number, "case_sensitive": _flag,
    "match_full_word": _flag, "match_partial_word": _off, "recursive": _flag, "unrecursive": _off,
}  # fmt: skip
