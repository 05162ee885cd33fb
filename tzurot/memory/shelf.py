"""Memories as their owner looks through them: listed, counted, one at a time, and changed by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tzurot.errors import NotFound

if TYPE_CHECKING:
    from datetime import datetime

    from tzurot.database.connect import Database, Row

LISTED = 1000
COLUMNS = "id, speaker, text, said_at, sector, kind, audience, locked, archived, by_character"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A memory as it lies on the shelf."""

    id: int
    speaker: str
    text: str
    said_at: datetime
    sector: str
    kind: str
    audience: str
    locked: bool
    archived: bool
    by_character: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """How much a persona and a character share."""

    memories: int
    locked: int
    archived: int
    facts: int
    first_at: datetime | None
    last_at: datetime | None


class Shelf:
    """Every method takes the two whose memories they are: nobody reaches another one's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self, persona_id: int, character_id: int, *, sector: str = "", query: str = "") -> tuple[Kept, ...]:
        """The newest thousand of a sector that hold some words; newest first."""
        rows = await self._database.rows(
            f"SELECT {COLUMNS} FROM memories WHERE persona_id = $1 AND character_id = $2"  # noqa: S608 - a constant
            " AND ($3 = '' OR sector = $3) AND ($4 = '' OR strpos(lower(text), lower($4)) > 0)"
            " ORDER BY id DESC LIMIT $5",
            persona_id,
            character_id,
            sector,
            query,
            LISTED,
        )
        return tuple(Kept(**row) for row in rows)

    async def get(self, persona_id: int, character_id: int, memory_id: int) -> Kept:
        """Raises NotFound where these two share no memory of that id."""
        row: Row | None = await self._database.row(
            f"SELECT {COLUMNS} FROM memories WHERE persona_id = $1 AND character_id = $2 AND id = $3",  # noqa: S608
            persona_id,
            character_id,
            memory_id,
        )
        if row is None:
            raise NotFound("memory.missing", "There is no such memory any more.", "Look at the list again.")
        return Kept(**row)

    async def stock(self, persona_id: int, character_id: int) -> Stock:
        row = await self._database.row(
            "SELECT count(*)::int AS memories, count(*) FILTER (WHERE locked)::int AS locked,"
            " count(*) FILTER (WHERE archived)::int AS archived, min(said_at) AS first_at, max(said_at) AS last_at,"
            " (SELECT count(*)::int FROM facts WHERE persona_id = $1 AND character_id = $2 AND status = 'current')"
            " AS facts FROM memories WHERE persona_id = $1 AND character_id = $2",
            persona_id,
            character_id,
        )
        assert row is not None
        return Stock(**row)
