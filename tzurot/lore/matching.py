"""Keys, and the text they are looked for in."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from tzurot.lore.book import Entry, Logic
from tzurot.lore.patterns import Pattern, compiled, literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tzurot.lore.patterns import Patience

MARK = "\u0001"  # stands before every message, so that a pattern can tell where a speaker's line begins
JOINT = "\n" + MARK
MOST_MESSAGES = 1000
LONGEST_RECURSION = 200_000


@lru_cache(4096)
def _word(key: str) -> re.Pattern[str]:
    """A key as a whole word; only ASCII letters, digits and `_` around it make it part of another one."""
    return re.compile(rf"(?:^|\W){re.escape(key)}(?:$|\W)", re.ASCII)


@lru_cache(4096)
def _pattern(key: str, use_regex: bool) -> Pattern | None:  # noqa: FBT001
    return literal(key) or (compiled(key) if use_regex and not key.startswith("/") else None)


class Window:
    """What is scanned: the newest messages, texts that an entry asks for, injected texts and what recursion adds.

    `depth` is how many messages are looked at where an entry does not say; it grows while too little is activated.
    """

    def __init__(
        self,
        messages: Sequence[str],
        *,
        depth: int,
        injected: Sequence[str],
        sources: Mapping[str, str],
        expand: Callable[[str], str],
        patience: Patience,
        case_sensitive: bool,
        whole_words: bool,
    ) -> None:
        self.depth = depth
        self._messages = [message.strip() for message in messages[:MOST_MESSAGES]]
        self._injected = injected
        self._sources = sources
        self._expand = expand
        self._patience = patience
        self._case_sensitive = case_sensitive
        self._whole_words = whole_words
        self._recursion: list[str] = []
        self._recursed = 0
        self._texts: dict[tuple[object, ...], tuple[str, str]] = {}

    @property
    def has_recursion(self) -> bool:
        return bool(self._recursion)

    def recurse(self, text: str) -> None:
        """Let what was activated activate more."""
        self._recursion.append(text[: max(0, LONGEST_RECURSION - self._recursed)])
        self._recursed += len(text)

    def common(self, *, recursion: bool) -> str:
        """The text for entries that say nothing about it, in lower case."""
        return self.text(Entry(uid=""), None, recursion=recursion)[1]

    def text(self, entry: Entry, book_depth: int | None, *, recursion: bool) -> tuple[str, str]:
        """The text for an entry, as it is and in lower case; nothing at all at a depth of 0."""
        wanted = (entry.decorators.scan_depth, entry.scan_depth, book_depth, self.depth)
        depth = min(next(depth for depth in wanted if depth is not None), MOST_MESSAGES)
        sources = tuple(name for name in self._sources if name in entry.matches)
        known = (depth, sources, recursion, len(self._recursion))
        if known not in self._texts:
            whole = ""
            if depth > 0:
                parts = [*self._messages[:depth], *(self._sources[name] for name in sources), *self._injected]
                whole = MARK + JOINT.join([*parts, *(self._recursion if recursion else ())])
            self._texts[known] = whole, whole.lower()
        return self._texts[known]

    def has(self, key: str, entry: Entry, text: tuple[str, str]) -> bool:
        """Whether a key is found: a pattern as it says, else by the entry's or the scan's case and word settings."""
        key = (self._expand(key) if "{{" in key else key).strip()
        if key[:1] == "/" or entry.use_regex:
            pattern = self._patience.run(lambda _: _pattern(key, entry.use_regex))
            if pattern is not None:
                return pattern.found_in(text[0], self._patience)
            if entry.use_regex:
                return False
        own, decorated = entry.case_sensitive, entry.decorators
        if decorated.case_sensitive is not None:
            own = decorated.case_sensitive
        case_sensitive = self._case_sensitive if own is None else own
        where, key = (text[0], key) if case_sensitive else (text[1], key.lower())
        if key not in where:
            return False
        words = decorated.whole_words if decorated.whole_words is not None else entry.whole_words
        if not (self._whole_words if words is None else words) or len(key.split()) > 1:
            return True
        return _word(key).search(where) is not None

    def matched(self, entry: Entry, text: tuple[str, str]) -> str | None:
        """Why an entry is called up, for people to read; None if it is not."""
        first = next((key for key in entry.keys if key and self.has(key, entry, text)), None)
        if first is None:
            return None
        if not entry.selective or not entry.secondary_keys or entry.use_regex:
            return f"key “{first}”"
        found = [key for key in entry.secondary_keys if key and self.has(key, entry, text)]
        missing = len(found) < len(entry.secondary_keys)
        holds = {
            Logic.AND_ANY: bool(found),
            Logic.NOT_ALL: missing,
            Logic.NOT_ANY: not found,
            Logic.AND_ALL: not missing,
        }[entry.logic]
        if not holds:
            return None
        return f"key “{first}” and {', '.join(f'“{key}”' for key in found[:3]) or 'no secondary key'}"

    def allowed(self, entry: Entry, text: tuple[str, str]) -> bool:
        """Whether the keys that decorators add or exclude let the entry pass."""
        said = entry.decorators
        if not (said.additional_keys or said.exclude_keys or said.exclude_keys_all):
            return True
        if said.exclude_keys_all and all(self.has(key, entry, text) for key in said.exclude_keys_all):
            return False
        return all(any(self.has(key, entry, text) for key in keys) for keys in said.additional_keys) and not any(
            self.has(key, entry, text) for key in said.exclude_keys
        )

    def score(self, entry: Entry, text: tuple[str, str]) -> int:
        """How many of an entry's keys are found, as inclusion groups weigh them."""
        primary = sum(self.has(key, entry, text) for key in entry.keys)
        secondary = sum(self.has(key, entry, text) for key in entry.secondary_keys)
        if not entry.keys:
            return 0
        if entry.logic is Logic.AND_ANY:
            return primary + secondary
        if entry.logic is Logic.AND_ALL and secondary == len(entry.secondary_keys):
            return primary + secondary
        return primary
