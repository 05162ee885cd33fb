"""A lorebook and its entries, as values; `tzurot.lore.files` reads and writes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from tzurot.lore.decorators import NONE, Decorators, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_DEPTH = 4
DEFAULT_ORDER = 100
DEFAULT_WEIGHT = 100
ALWAYS = 100


class Slot(IntEnum):
    """Where an entry stands in a prompt, with the numbers that world files use."""

    BEFORE = 0
    AFTER = 1
    AN_TOP = 2
    AN_BOTTOM = 3
    AT_DEPTH = 4
    EM_TOP = 5
    EM_BOTTOM = 6
    OUTLET = 7


class Logic(IntEnum):
    """What the secondary keys have to do once a primary key was found."""

    AND_ANY = 0
    NOT_ALL = 1
    NOT_ANY = 2
    AND_ALL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """For which characters an entry is meant, by name or by tag; `exclude` turns it round."""

    names: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    exclude: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that a world knows.

    `content` is without its decorators. None stands for what the scan's settings decide. `delay_until_recursion` is
    the level from which on it is looked at, 0 for at once; `sticky`, `cooldown` and `delay` count messages; `matches`
    names further texts that its keys are looked for in (`fingerprint` tells whether it is still the entry whose timers
    run). `raw` is the object it was read from.
    """

    uid: str
    keys: tuple[str, ...] = ()
    secondary_keys: tuple[str, ...] = ()
    content: str = ""
    comment: str = ""
    decorators: Decorators = NONE
    enabled: bool = True
    constant: bool = False
    selective: bool = True
    logic: Logic = Logic.AND_ANY
    use_regex: bool = False
    case_sensitive: bool | None = None
    whole_words: bool | None = None
    order: float = DEFAULT_ORDER
    priority: float | None = None
    slot: Slot = Slot.BEFORE
    depth: int = DEFAULT_DEPTH
    role: Role = "system"
    outlet: str = ""
    probability: float = ALWAYS
    use_probability: bool = False
    group: str = ""
    group_override: bool = False
    group_weight: float = DEFAULT_WEIGHT
    use_group_scoring: bool | None = None
    exclude_recursion: bool = False
    prevent_recursion: bool = False
    delay_until_recursion: int = 0
    scan_depth: int | None = None
    sticky: int = 0
    cooldown: int = 0
    delay: int = 0
    ignore_budget: bool = False
    triggers: tuple[str, ...] = ()
    matches: frozenset[str] = frozenset()
    filter: Filter = field(default_factory=Filter)
    automation_id: str = ""
    vectorized: bool = False
    fingerprint: str = field(default="", compare=False)
    needles: tuple[str, ...] = field(default=(), init=False, compare=False, repr=False)
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False, repr=False)

    def __post_init__(self) -> None:
        plain = not self.use_regex and not any("{{" in key or key.lstrip()[:1] == "/" for key in self.keys)
        own_text = self.scan_depth is not None or self.matches
        if plain and not (self.constant or own_text or self.decorators is not NONE):
            object.__setattr__(self, "needles", tuple(key.strip().lower() for key in self.keys))

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(name for name in map(str.strip, self.group.split(",")) if name)

    @property
    def has_patterns(self) -> bool:
        keys = (*self.keys, *self.secondary_keys, *self.decorators.exclude_keys)
        return self.use_regex or any(key.lstrip()[:1] in ("/", "{") for key in keys)

    @property
    def title(self) -> str:
        """What people know it by."""
        return self.comment or ", ".join(self.keys[:3]) or self.uid


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Entries that belong together. `scan_depth`, `token_budget` and `recursive` are None where it leaves them open.

    `has_patterns` says whether any key is one: then a scan may take time that is not for the event loop.
    """

    name: str = ""
    description: str = ""
    scan_depth: int | None = None
    token_budget: int | None = None
    recursive: bool | None = None
    entries: tuple[Entry, ...] = ()
    has_patterns: bool = field(default=False, init=False, compare=False)
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "has_patterns", any(entry.has_patterns for entry in self.entries))
