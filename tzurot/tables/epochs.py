"""Where a conversation begins anew: what was said before an epoch is hidden from the prompt, and can be shown again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachetools import LRUCache

if TYPE_CHECKING:
    from datetime import datetime

    from tzurot.database.connect import Database

CACHED = 20_000


class Epochs:
    """The newest epoch of a persona and a character, cached until somebody announces a change."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: LRUCache[tuple[int, int], datetime | None] = LRUCache(CACHED)

    def forget(self) -> None:
        self._known.clear()

    async def since(self, persona_id: int, character_id: int) -> datetime | None:
        """From when on lines are in the prompt; None: all of them."""
        key = (persona_id, character_id)
        if key not in self._known:
            self._known[key] = await self._database.value(
                "SELECT since FROM epochs WHERE persona_id = $1 AND character_id = $2 ORDER BY id DESC LIMIT 1", *key
            )
        return self._known[key]

    async def begin(self, persona_id: int, character_id: int, since: datetime) -> None:
        await self._database.execute(
            "INSERT INTO epochs (persona_id, character_id, since) VALUES ($1, $2, $3)", persona_id, character_id, since
        )
        self.forget()

    async def undo(self, persona_id: int, character_id: int) -> bool:
        """Take the newest epoch back; False where there is none."""
        undone = await self._database.value(
            "DELETE FROM epochs WHERE id = (SELECT id FROM epochs WHERE persona_id = $1 AND character_id = $2"
            " ORDER BY id DESC LIMIT 1) RETURNING id",
            persona_id,
            character_id,
        )
        self.forget()
        return undone is not None
