"""Whole conversations of a persona with a character, in all their versions, for taking them elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from tzurot.database.connect import Database

MOST = 20_000
# each line the two said to each other, with the texts of all takes where it is a reply
LINES = (
    "SELECT * FROM (SELECT DISTINCT ON (m.id) m.id, m.speaker, m.text, m.said_at, m.character_id IS NULL AS by_person,"
    " CASE WHEN m.character_id IS NULL THEN '{}'::text[]"
    "  ELSE array(SELECT string_agg(c.text, E'\\n' ORDER BY c.position)"
    "  FROM turns o JOIN chunks c ON c.turn_id = o.id WHERE (o.origin_kind, o.origin_id, o.character_id)"
    "  = (t.origin_kind, t.origin_id, t.character_id) GROUP BY o.id, o.take ORDER BY o.take) END AS takes"
    " FROM turns t LEFT JOIN chunks s ON s.turn_id = t.id"
    " JOIN messages m ON m.place = t.place AND m.origin_id IN (t.origin_id, s.message_id)"
    " WHERE t.persona_id = $1 AND t.character_id = $2 ORDER BY m.id) AS said ORDER BY said_at, id LIMIT $3"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """A line; `takes` are all versions of a reply, in their order, empty for a person's words."""

    speaker: str
    text: str
    said_at: datetime
    by_person: bool
    takes: tuple[str, ...]


class Conversations:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, persona_id: int, character_id: int) -> tuple[Exchanged, ...]:
        """What they said to each other everywhere, oldest first."""
        rows = await self._database.rows(LINES, persona_id, character_id, MOST)
        return tuple(
            Exchanged(
                speaker=row["speaker"],
                text=row["text"],
                said_at=row["said_at"],
                by_person=row["by_person"],
                takes=tuple(take for take in row["takes"] if take),
            )
            for row in rows
        )
