"""Other names of characters: one's own, or everybody's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tzurot.tables.kept import Kept

if TYPE_CHECKING:
    from tzurot.database.connect import Database

ALIAS_LENGTH = 100
ALIASES_EACH = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """`user_id` None: everybody may call the character so. `alias` is folded: lower case, single spaces."""

    id: int
    character_id: int
    user_id: int | None
    alias: str


class Aliases:
    """All aliases, held in memory: every name that is called may be one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept = Kept(self._read)
        self.forget = self._kept.forget

    async def all(self) -> tuple[Alias, ...]:
        return await self._kept.get()

    async def _read(self) -> tuple[Alias, ...]:
        rows = await self._database.rows("SELECT id, character_id, user_id, alias FROM aliases ORDER BY id")
        return tuple(Alias(**row) for row in rows)

    async def for_user(self, user_id: int | None) -> tuple[Alias, ...]:
        """One's own before everybody's."""
        mine = [a for a in await self.all() if a.user_id is not None and a.user_id == user_id]
        return (*mine, *(a for a in await self.all() if a.user_id is None))

    async def add(self, character_id: int, user_id: int | None, alias: str) -> bool:
        """False where the same scope has that alias already; `alias` as it is folded."""
        made = await self._database.value(
            "INSERT INTO aliases (character_id, user_id, alias, created_at) VALUES ($1, $2, $3, now())"
            " ON CONFLICT DO NOTHING RETURNING id",
            character_id,
            user_id,
            alias,
        )
        self.forget()
        return made is not None

    async def remove(self, alias_id: int) -> None:
        await self._database.execute("DELETE FROM aliases WHERE id = $1", alias_id)
        self.forget()
