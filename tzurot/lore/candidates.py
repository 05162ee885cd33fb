"""The entries that a scan looks at, and in which order.

Books of the conversation come first, then the persona's, then the character's and the global ones as the strategy says;
within each, higher orders first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.lore.book import Book, Entry

Scope = Literal["global", "server", "channel", "chat", "persona", "character"]
Strategy = Literal["character_first", "global_first", "evenly"]
CHAT: tuple[Scope, ...] = ("chat", "channel")
GLOBAL: tuple[Scope, ...] = ("global", "server")
DEDUPLICATED: tuple[Scope, ...] = (*GLOBAL, *CHAT, "persona", "character")
LAST = -1e9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """An entry of a book in use; `key` names it, the same in every scan of one conversation."""

    key: str
    entry: Entry
    book: Book

    @property
    def priority(self) -> float:
        """What goes first when a book's own budget is full: the lowest."""
        if self.entry.decorators.ignore_on_max_context:
            return LAST
        own = self.entry.decorators.priority if self.entry.decorators.priority is not None else self.entry.priority
        return own if own is not None else self.entry.order


def candidates(books: Sequence[tuple[Scope, Book]], strategy: Strategy = "character_first") -> tuple[Candidate, ...]:
    """The entries of all books in the order in which they are looked at.

    A book of the same name in two scopes counts once: for all, before for the conversation, before for a person.
    """
    used: dict[str, Scope] = {}
    for scope in DEDUPLICATED:
        for where, book in books:
            if where == scope and book.name:
                used.setdefault(book.name, scope)
    seen: dict[str, int] = {}

    def of(*scopes: Scope) -> list[Candidate]:
        listed: list[Candidate] = []
        for scope, book in books:
            if scope not in scopes or used.get(book.name, scope) != scope:
                continue
            name = book.name or scope
            seen[name] = seen.get(name, 0) + 1
            name = name if seen[name] == 1 else f"{name}-{seen[name]}"
            listed += [Candidate(key=f"{name}.{entry.uid}", entry=entry, book=book) for entry in book.entries]
        return sorted(listed, key=_order)

    chat, persona, own, world = of(*CHAT), of("persona"), of("character"), of(*GLOBAL)
    if strategy == "evenly":
        return (*chat, *persona, *sorted([*world, *own], key=_order))
    return (*chat, *persona, *own, *world) if strategy == "character_first" else (*chat, *persona, *world, *own)


def _order(candidate: Candidate) -> float:
    return -candidate.entry.order
