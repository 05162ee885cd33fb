"""The personas of one user: how they want to be seen, by all characters or by some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.errors import Invalid, NotFound
from tzurot.tables.people import Guise

if TYPE_CHECKING:
    from tzurot.database.connect import Database

PERSONAS_EACH = 50


class Personas:
    """Every method takes the user whose personas they are: nobody reaches another one's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user_id: int) -> tuple[Guise, ...]:
        """All of them, the default first."""
        rows = await self._database.rows(
            "SELECT id, name, description, pronouns, is_default FROM personas WHERE user_id = $1"
            " ORDER BY is_default DESC, lower(name), id",
            user_id,
        )
        return tuple(Guise(**row) for row in rows)

    async def find(self, user_id: int, given: str) -> Guise:
        """One's own persona by id or name.

        Raises:
            NotFound: there is none.

        """
        wanted = given.strip().casefold()
        found = next((p for p in await self.of(user_id) if str(p.id) == wanted or p.name.casefold() == wanted), None)
        if found is None:
            raise NotFound(
                "persona.unknown",
                f"You have no persona “{given[:60]}”.",
                "Look with /persona browse, or make it with /persona create.",
            )
        return found

    async def add(self, user_id: int, *, name: str, description: str, pronouns: str) -> Guise:
        """Raises Invalid where there are too many."""
        row = await self._database.row(
            "INSERT INTO personas (user_id, name, description, pronouns, is_default, created_at)"
            " SELECT $1, $2, $3, $4, FALSE, now()"
            " WHERE (SELECT count(*) FROM personas WHERE user_id = $1) < $5"
            " RETURNING id, name, description, pronouns, is_default",
            user_id,
            name,
            description,
            pronouns,
            PERSONAS_EACH,
        )
        if row is None:
            raise Invalid(
                "persona.too_many",
                f"You have {PERSONAS_EACH} personas, which is as many as there can be.",
                "Delete one.",
            )
        return Guise(**row)

    async def change(self, user_id: int, persona_id: int, *, name: str, description: str, pronouns: str) -> None:
        await self._database.execute(
            "UPDATE personas SET name = $3, description = $4, pronouns = $5 WHERE user_id = $1 AND id = $2",
            user_id,
            persona_id,
            name,
            description,
            pronouns,
        )

    async def make_default(self, user_id: int, persona_id: int) -> None:
        """One statement, so that there is always exactly one."""
        await self._database.execute(
            "UPDATE personas SET is_default = (id = $2) WHERE user_id = $1"
            " AND EXISTS (SELECT FROM personas WHERE user_id = $1 AND id = $2)",
            user_id,
            persona_id,
        )

    async def delete(self, user_id: int, persona_id: int) -> None:
        """With what characters remember of it; the default one stays."""
        await self._database.execute(
            "DELETE FROM personas WHERE user_id = $1 AND id = $2 AND NOT is_default", user_id, persona_id
        )

    async def override(self, user_id: int, character_id: int, persona_id: int | None) -> None:
        """Be somebody else towards one character; None: the default again."""
        if persona_id is None:
            await self._database.execute(
                "DELETE FROM persona_overrides WHERE user_id = $1 AND character_id = $2", user_id, character_id
            )
            return
        await self._database.execute(
            "INSERT INTO persona_overrides (user_id, character_id, persona_id) VALUES ($1, $2, $3)"
            " ON CONFLICT (user_id, character_id) DO UPDATE SET persona_id = excluded.persona_id",
            user_id,
            character_id,
            persona_id,
        )
