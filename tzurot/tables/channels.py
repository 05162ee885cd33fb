"""Where characters answer everything that is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tzurot.tables.kept import Kept

if TYPE_CHECKING:
    from datetime import datetime

    from tzurot.database.connect import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    channel_id: int
    server_id: int | None
    character_id: int
    activated_at: datetime


class Activations:
    """All active channels, held in memory: every message asks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept = Kept(self._read)
        self.forget = self._kept.forget

    def may_be_active(self, channel_id: int) -> bool:
        """Whether a message there is worth a look; true while it is unknown."""
        return self._kept.value is None or channel_id in self._kept.value

    async def everywhere(self) -> dict[int, list[Activation]]:
        """By channel, in the order they were activated."""
        return await self._kept.get()

    async def _read(self) -> dict[int, list[Activation]]:
        rows = await self._database.rows(
            "SELECT channel_id, server_id, character_id, activated_at FROM activations ORDER BY id"
        )
        known: dict[int, list[Activation]] = {}
        for row in rows:
            known.setdefault(row["channel_id"], []).append(Activation(**row))
        return known

    async def of(self, channel_id: int) -> tuple[int, ...]:
        """The ids of the characters that answer everything there."""
        return tuple(active.character_id for active in (await self.everywhere()).get(channel_id, ()))

    async def add(self, channel_id: int, server_id: int | None, character_id: int) -> None:
        await self._database.execute(
            "INSERT INTO activations (channel_id, server_id, character_id, activated_at) VALUES ($1, $2, $3, now())"
            " ON CONFLICT DO NOTHING",
            channel_id,
            server_id,
            character_id,
        )
        self.forget()

    async def remove(self, channel_id: int, character_id: int | None = None) -> int:
        """How many characters fell silent: the one, or all of them."""
        rows = await self._database.rows(
            "DELETE FROM activations WHERE channel_id = $1 AND ($2::bigint IS NULL OR character_id = $2) RETURNING id",
            channel_id,
            character_id,
        )
        self.forget()
        return len(rows)
