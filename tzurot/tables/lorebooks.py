"""Lorebooks besides the cards' own: whose they are, and where they are in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from cachetools import LRUCache

from tzurot.errors import Invalid, NotFound
from tzurot.lore.files import from_object, to_world
from tzurot.tables.kept import Kept

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tzurot.database.connect import Database, Row
    from tzurot.lore.book import Book
    from tzurot.lore.candidates import Scope

NAME_LENGTH = 100
BOOKS_EACH = 100
CACHED_BOOKS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Lorebook:
    id: int
    owner_id: int | None
    name: str
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A book is in force for a subject: a server, a channel, a character, a persona, or `persona:channel` of a chat."""

    lorebook_id: int
    scope: Scope
    subject: str


class Lorebooks:
    """Links are held in memory, because every turn asks; books are read when they are first needed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._links = Kept(self._read_links)
        self._books: LRUCache[int, Book] = LRUCache(CACHED_BOOKS)

    def forget(self) -> None:
        """Drop the cache: a book or a link was changed, here or in another process."""
        self._links.forget()
        self._books.clear()

    async def in_force(self, subjects: Iterable[tuple[str, str]]) -> tuple[tuple[Scope, Book], ...]:
        """The books linked to any of these, in their order."""
        links = await self._links.get()
        if not links:
            return ()
        found: list[tuple[Scope, Book]] = []
        for subject in subjects:
            for link in links.get(subject, ()):
                found.append((link.scope, await self.book(link.lorebook_id)))  # noqa: PERF401 - its type is checked so
        return tuple(found)

    async def links_of(self, lorebook_id: int) -> tuple[Link, ...]:
        return tuple(
            link for there in (await self._links.get()).values() for link in there if link.lorebook_id == lorebook_id
        )

    async def _read_links(self) -> dict[tuple[str, str], list[Link]]:
        rows = await self._database.rows("SELECT lorebook_id, scope, subject FROM lore_links ORDER BY id")
        links: dict[tuple[str, str], list[Link]] = {}
        for row in rows:
            links.setdefault((row["scope"], row["subject"]), []).append(Link(**row))
        return links

    async def of(self, owner_id: int) -> tuple[Lorebook, ...]:
        rows = await self._database.rows(
            "SELECT id, owner_id, name, entries FROM lorebooks WHERE owner_id = $1 ORDER BY lower(name), id", owner_id
        )
        return tuple(Lorebook(**row) for row in rows)

    async def find(self, owner_id: int, given: str) -> Lorebook:
        """One's own book by id or name.

        Raises:
            NotFound: there is none.

        """
        wanted = given.strip().casefold()
        found = next((b for b in await self.of(owner_id) if str(b.id) == wanted or b.name.casefold() == wanted), None)
        if found is None:
            raise NotFound(
                "lorebook.unknown",
                f"You have no lorebook “{given[:60]}”.",
                "Bring one with /lore import, or /lore create.",
            )
        return found

    async def book(self, lorebook_id: int) -> Book:
        """Raises NotFound where it is gone."""
        known = self._books.get(lorebook_id)
        if known is None:
            row: Row | None = await self._database.row("SELECT name, book FROM lorebooks WHERE id = $1", lorebook_id)
            if row is None:
                raise NotFound("lorebook.gone", "That lorebook is gone.", "Look with /lore browse.")
            known = self._books[lorebook_id] = from_object(orjson.loads(row["book"]), row["name"]).book
        return known

    async def add(self, owner_id: int, name: str, book: Book) -> Lorebook:
        """Raises Invalid where somebody has too many."""
        row = await self._database.row(
            "INSERT INTO lorebooks (owner_id, name, book, entries, updated_at) SELECT $1::bigint, $2::text, $3::jsonb,"
            " $4::int, now() WHERE (SELECT count(*) FROM lorebooks WHERE owner_id = $1) < $5"
            " RETURNING id, owner_id, name, entries",
            owner_id,
            name[:NAME_LENGTH],
            _as_json(book),
            len(book.entries),
            BOOKS_EACH,
        )
        if row is None:
            raise Invalid("lorebook.too_many", f"You have {BOOKS_EACH} lorebooks already.", "Delete one.")
        return Lorebook(**row)

    async def change(self, lorebook_id: int, book: Book) -> None:
        await self._database.execute(
            "UPDATE lorebooks SET book = $2, entries = $3, updated_at = now() WHERE id = $1",
            lorebook_id,
            _as_json(book),
            len(book.entries),
        )
        self.forget()

    async def delete(self, lorebook_id: int) -> None:
        await self._database.execute("DELETE FROM lorebooks WHERE id = $1", lorebook_id)
        self.forget()

    async def link(self, lorebook_id: int, scope: str, subject: str) -> None:
        await self._database.execute(
            "INSERT INTO lore_links (lorebook_id, scope, subject) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            lorebook_id,
            scope,
            subject,
        )
        self.forget()

    async def unlink(self, lorebook_id: int, scope: str, subject: str) -> bool:
        """Whether it was linked there."""
        gone = await self._database.value(
            "DELETE FROM lore_links WHERE lorebook_id = $1 AND scope = $2 AND subject = $3 RETURNING id",
            lorebook_id,
            scope,
            subject,
        )
        self.forget()
        return gone is not None


def _as_json(book: Book) -> str:
    text = orjson.dumps(to_world(book)).decode()
    return text.replace("\\u0000", "")
