"""Characters: whose they are, who may see them, their card and their face."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from cachetools import LRUCache

from tzurot.cards.payload import dump, is_deep, parse
from tzurot.cards.read import from_object
from tzurot.errors import Invalid, NotFound
from tzurot.lore.files import from_object as lorebook
from tzurot.prompt.regex_scripts import read_scripts
from tzurot.tables.card_files import files_of, keep_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tzurot.cards.card import Card
    from tzurot.cards.charx import File
    from tzurot.database.connect import Connection, Database, Row
    from tzurot.lore.book import Book
    from tzurot.prompt.regex_scripts import RegexScript

SLUG_LENGTH = 50
STEM_LENGTH = SLUG_LENGTH - 6  # room for a number
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
CACHED_CARDS = 500
LARGE_CARD = 200_000
INHABITED = "the starters moved in"
SUMMARIES = "SELECT id, slug, name, owner_id, is_public, is_open, avatar_digest FROM characters ORDER BY id"
CHARACTER = "SELECT id, slug, name, owner_id, is_public, is_open, avatar_digest, card FROM characters WHERE id = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacterSummary:
    """What lists and triggers need; `owner_id` is None for the starters, `is_open` lets everybody read its card."""

    id: int
    slug: str
    name: str
    owner_id: int | None
    is_public: bool
    is_open: bool = False
    avatar_digest: str = ""

    def visible_to(self, user_id: int | None) -> bool:
        return self.is_public or (user_id is not None and self.owner_id == user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """A character with its whole card; `book` and `scripts` are the card's own, read once."""

    summary: CharacterSummary
    card: Card
    book: Book | None = None
    scripts: tuple[RegexScript, ...] = ()

    @classmethod
    def of(cls, summary: CharacterSummary, card: Card) -> Character:
        """The character with what its card brings along; a lorebook that cannot be used is left out."""
        try:
            book = lorebook(card.book, f"{card.name}'s lorebook").book if card.book else None
        except Invalid:
            book = None
        return cls(summary=summary, card=card, book=book, scripts=read_scripts(card.regex_scripts))

    @property
    def id(self) -> int:
        return self.summary.id

    @property
    def name(self) -> str:
        return self.card.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """An avatar's bytes; `digest` is their SHA-256 in hexadecimal."""

    content: bytes
    media_type: str

    @property
    def digest(self) -> str:
        return sha256(self.content).hexdigest()


def slug_of(name: str) -> str:
    """A short address for a name: letters and digits of any script, hyphens between."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[^\w]+|_+", "-", plain).strip("-")[:SLUG_LENGTH].strip("-") or "character"


class Characters:
    """All characters; summaries and cards are cached until somebody announces a change."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._summaries: tuple[CharacterSummary, ...] | None = None
        self._forgotten = 0
        self._cards: LRUCache[int, Character] = LRUCache(CACHED_CARDS)

    def forget(self) -> None:
        """Drop the cache: a character was written, here or in another process."""
        self._summaries = None
        self._cards.clear()
        self._forgotten += 1

    async def everybody(self) -> tuple[CharacterSummary, ...]:
        known = self._summaries
        if known is None:
            asked = self._forgotten
            known = tuple(CharacterSummary(**row) for row in await self._database.rows(SUMMARIES))
            if asked == self._forgotten:
                self._summaries = known
        return known

    async def visible_to(self, user_id: int | None) -> tuple[CharacterSummary, ...]:
        everybody = await self.everybody()
        return tuple(character for character in everybody if character.visible_to(user_id))

    async def by_slug(self, slug: str, user_id: int | None) -> CharacterSummary:
        """The character of that slug or, failing that, of that exact name.

        Raises:
            NotFound: there is none that this user may see.

        """
        wanted = slug.strip().removeprefix("@").casefold()
        visible = await self.visible_to(user_id)
        found = next((c for c in visible if c.slug == wanted), None)
        found = found or next((c for c in visible if c.name.casefold() == wanted), None)
        if found is None:
            raise NotFound(
                "character.unknown",
                f"There is no character “{slug[:60]}” here.",
                "Look for it with /character browse, or make it with /character create.",
            )
        return found

    async def by_id(self, given: str, user_id: int | None) -> CharacterSummary:
        """A visible character by its id in digits, as buttons carry it; raises NotFound where there is none."""
        found = next((c for c in await self.visible_to(user_id) if str(c.id) == given), None)
        if found is None:
            raise NotFound("character.deleted", "That character is not here any more.", "Look with /character browse.")
        return found

    async def get(self, character_id: int) -> Character:
        """The whole character.

        Raises:
            NotFound: it was deleted.

        """
        known = self._cards.get(character_id)
        if known is None:
            asked = self._forgotten
            row = await self._database.row(CHARACTER, character_id)
            if row is None:
                raise NotFound(
                    "character.deleted",
                    "That character no longer exists.",
                    "Choose another one with /character browse.",
                )
            # a lorebook of thousands of entries takes a tenth of a second
            large = len(row["card"]) > LARGE_CARD
            known = await asyncio.to_thread(_character, row) if large else _character(row)
            if asked == self._forgotten:
                self._cards[character_id] = known
        return known

    async def recent(self, user_id: int, limit: int = 25) -> tuple[int, ...]:
        """The ids of those a user talked with, the last one first."""
        rows = await self._database.rows(
            "SELECT character_id FROM"
            " (SELECT character_id, id FROM turns WHERE user_id = $1 ORDER BY id DESC LIMIT 200) AS t"
            " GROUP BY character_id ORDER BY max(id) DESC LIMIT $2",
            user_id,
            limit,
        )
        return tuple(row["character_id"] for row in rows)

    async def face(self, character_id: int) -> Face | None:
        row = await self._database.row("SELECT content, media_type FROM avatars WHERE character_id = $1", character_id)
        return Face(**row) if row is not None else None

    async def face_by_digest(self, digest: str) -> Face | None:
        row = await self._database.row(
            "SELECT content, media_type FROM avatars a JOIN characters c ON c.id = a.character_id"
            " WHERE c.avatar_digest = $1 LIMIT 1",
            digest,
        )
        return Face(**row) if row is not None else None

    async def add(
        self,
        card: Card,
        *,
        owner_id: int | None,
        is_public: bool = True,
        slug: str = "",
        face: Face | None = None,
        files: Sequence[File] = (),
    ) -> CharacterSummary:
        """Keep a new character under its slug, or under the next free one (`nyx`, `nyx-2`, …).

        `files` are those that came with its card: an export gives them back.
        """
        async with self._database.transaction() as connection:
            summary = await self._insert(connection, card, owner_id=owner_id, is_public=is_public, slug=slug, face=face)
            await keep_files(connection, summary.id, files)
        self.forget()
        return summary

    async def files(self, character_id: int) -> tuple[File, ...]:
        """What came with a character's card."""
        return await files_of(self._database, character_id)

    async def inhabit(self, starters: Iterable[tuple[str, Card, Face]]) -> bool:
        """Let characters that belong to nobody move into a new database, all or none; False where it was done before.

        A mark on the table remembers it, so that starters which somebody deleted do not come back.
        """
        async with self._database.transaction() as connection:
            await connection.execute("LOCK TABLE characters IN SHARE ROW EXCLUSIVE MODE")
            if await connection.fetchval("SELECT obj_description('characters'::regclass)") == INHABITED:
                return False
            await connection.execute(f"COMMENT ON TABLE characters IS '{INHABITED}'")
            for slug, card, face in starters:
                await self._insert(connection, card, slug=slug, face=face)
        self.forget()
        return True

    @staticmethod
    async def _insert(
        connection: Connection,
        card: Card,
        *,
        owner_id: int | None = None,
        is_public: bool = True,
        slug: str = "",
        face: Face | None = None,
    ) -> CharacterSummary:
        wanted = slug or slug_of(card.name)
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('characters.slug'))")
        rows = await connection.fetch("SELECT slug FROM characters WHERE starts_with(slug, $1)", wanted[:STEM_LENGTH])
        row = await connection.fetchrow(
            "INSERT INTO characters (slug, name, owner_id, is_public, is_open, card, avatar_digest, created_at,"
            " updated_at) VALUES ($1, $2, $3, $4, FALSE, $5, $6, now(), now())"
            " RETURNING id, slug, name, owner_id, is_public, is_open, avatar_digest",
            _free_slug(wanted, {row["slug"] for row in rows}),
            card.name,
            owner_id,
            is_public,
            _as_json(card.raw or {"name": card.name, "description": card.description}),
            face.digest if face else "",
        )
        assert row is not None
        if face is not None:
            await connection.execute(
                "INSERT INTO avatars (character_id, content, media_type) VALUES ($1, $2, $3)",
                row["id"],
                face.content,
                face.media_type,
            )
        return CharacterSummary(**row)

    async def change(self, character_id: int, card: Card) -> None:
        """Replace a character's card; its slug, and with it what people typed, stays.

        Raises:
            Invalid: the card holds what cannot be kept.

        """
        await self._database.execute(
            "UPDATE characters SET name = $2, card = $3, updated_at = now() WHERE id = $1",
            character_id,
            card.name,
            _as_json(card.raw),
        )
        self.forget()

    async def publish(self, character_id: int, *, public: bool, open_card: bool) -> None:
        """Let everybody see a character, or its owner alone; let them read its card, or not."""
        await self._database.execute(
            "UPDATE characters SET is_public = $2, is_open = $3, updated_at = now() WHERE id = $1",
            character_id,
            public,
            open_card,
        )
        self.forget()

    async def paint(self, character_id: int, face: Face | None) -> None:
        """Give a character another face, or none."""
        async with self._database.transaction() as connection:
            await connection.execute("DELETE FROM avatars WHERE character_id = $1", character_id)
            if face is not None:
                await connection.execute(
                    "INSERT INTO avatars (character_id, content, media_type) VALUES ($1, $2, $3)",
                    character_id,
                    face.content,
                    face.media_type,
                )
            await connection.execute(
                "UPDATE characters SET avatar_digest = $2, updated_at = now() WHERE id = $1",
                character_id,
                face.digest if face else "",
            )
        self.forget()

    async def delete(self, character_id: int) -> None:
        """Delete a character with what it said and what it remembers."""
        await self._database.execute("DELETE FROM characters WHERE id = $1", character_id)
        self.forget()


def _free_slug(wanted: str, taken: set[str]) -> str:
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted[:STEM_LENGTH]}-{number}" in taken:
        number += 1
    return f"{wanted[:STEM_LENGTH]}-{number}"


def _as_json(raw: object) -> str:
    """The card as it is kept: its keys in their order, its numbers as they were read.

    Raises:
        Invalid: the card holds a NUL character, which Postgres cannot keep, or has no end.

    """
    if is_deep(raw):
        raise Invalid("card.too_deep", "That card is nested too deeply.", "Export it again.")
    text = dump(raw).decode()
    if NUL.search(text):
        raise Invalid("card.nul", "That card holds a NUL character.", "Export it again from the program that made it.")
    return text


def _character(row: Row) -> Character:
    values = dict(row)
    raw = parse(values.pop("card").encode())
    return Character.of(CharacterSummary(**values), from_object(raw).card)
