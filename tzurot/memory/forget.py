"""Forgetting: by memory, since a moment, or everything. What goes takes what was made of it along.

Messages that were deleted take theirs along by `Memories.drop`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tzurot.errors import NotFound
from tzurot.memory.claims import claims_in
from tzurot.memory.store import COLUMNS, episode_of
from tzurot.talk import storable

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from tzurot.database.connect import Connection, Database, Row
    from tzurot.memory.store import Memories

UPDATE = (
    "UPDATE memories SET text = $2, sector = $3, traits = $4, about_from = $5, about_to = $6, space = $7, stems = $8,"
    " vector = $9, scale = $10 WHERE id = $1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """How much of everything was erased."""

    memories: int
    facts: int
    blocks: int


class Forgetting:
    def __init__(self, database: Database, memories: Memories) -> None:
        self._database = database
        self._memories = memories

    async def delete(self, persona_id: int, character_id: int, ids: Collection[int], *, locked: bool = False) -> int:
        """Erase memories, and keep what they said from being learned again; locked ones only where that is said."""
        return await self._erase(
            (persona_id, character_id),
            "persona_id = $1 AND character_id = $2 AND id = ANY($3) AND (NOT locked OR $4)",
            list(ids),
            locked,
            block=True,
        )

    async def since(self, persona_id: int, character_id: int, moment: datetime) -> int:
        """Erase what was said from a moment on, as if it had never been said; locked memories stay."""
        return await self._erase(
            (persona_id, character_id),
            "persona_id = $1 AND character_id = $2 AND said_at >= $3 AND NOT locked",
            moment,
            block=False,
        )

    async def message_edited(self, place: str, message_id: int, text: str) -> int:
        """Remember a message as it reads now, and believe what it says now; how many remember it."""
        pairs = await self._pairs(place, [message_id])
        for pair in pairs:
            async with self._database.transaction() as connection:
                await self._memories.lock(connection, [pair])
                row = await connection.fetchrow(
                    f"SELECT {COLUMNS} FROM memories WHERE persona_id = $1 AND character_id = $2"  # noqa: S608
                    " AND place = $3 AND origin_id = $4",
                    *pair,
                    place,
                    message_id,
                )
                if row is not None:
                    await self._rewrite(connection, pair, row, text)
            self._memories.release(*pair)
        return len(pairs)

    async def edit(self, persona_id: int, character_id: int, memory_id: int, text: str) -> None:
        """Let a memory say something else; raises NotFound where these two share none of that id."""
        pair = (persona_id, character_id)
        async with self._database.transaction() as connection:
            await self._memories.lock(connection, [pair])
            row = await connection.fetchrow(
                f"SELECT {COLUMNS} FROM memories WHERE persona_id = $1 AND character_id = $2 AND id = $3",  # noqa: S608
                *pair,
                memory_id,
            )
            if row is None:
                raise NotFound("memory.missing", "There is no such memory any more.", "Look at the list again.")
            await self._rewrite(connection, pair, row, text)
        self._memories.release(*pair)

    async def _rewrite(self, connection: Connection, pair: tuple[int, int], row: Row, text: str) -> None:
        facts = self._memories.facts
        episode = replace(episode_of(row), text=storable(text))
        (derived,) = await self._memories.derived([episode])
        await connection.execute(UPDATE, row["id"], episode.text, *derived)
        await connection.execute("DELETE FROM fact_supports WHERE memory_id = $1", row["id"])
        if not episode.by_character and claims_in(text):
            await facts.learn(connection, pair, row["id"], episode)
        await facts.prune(connection, pair, block=False)

    async def purge(self, persona_id: int, character_id: int | None = None) -> Purged:
        """Erase everything of a persona with one character, or with all: locked memories and blocks too."""
        async with self._database.transaction() as connection:
            counts = [
                await connection.fetchval(
                    f"WITH gone AS (DELETE FROM {table} WHERE persona_id = $1"  # noqa: S608 - fixed names
                    " AND ($2::bigint IS NULL OR character_id = $2) RETURNING 1) SELECT count(*) FROM gone",
                    persona_id,
                    character_id,
                )
                for table in ("memories", "facts", "blocks")
            ]
        self._memories.forget()
        return Purged(memories=counts[0], facts=counts[1], blocks=counts[2])

    async def set_lock(self, persona_id: int, character_id: int, ids: Collection[int], *, locked: bool) -> int:
        """Lock memories against everything but being deleted by name, or release them; how many there were."""
        return await self._database.value(
            "WITH done AS (UPDATE memories SET locked = $4 WHERE persona_id = $1 AND character_id = $2"
            " AND id = ANY($3) RETURNING 1) SELECT count(*) FROM done",
            persona_id,
            character_id,
            list(ids),
            locked,
        )

    async def lock_said(self, place: str, message_ids: Collection[int]) -> int:
        """Lock what is remembered of certain messages; how many memories there were."""
        return await self._database.value(
            "WITH done AS (UPDATE memories SET locked = true WHERE place = $1 AND origin_id = ANY($2) RETURNING 1)"
            " SELECT count(*) FROM done",
            place,
            list(message_ids),
        )

    async def _pairs(self, place: str, message_ids: Collection[int]) -> Sequence[tuple[int, int]]:
        rows = await self._database.rows(
            "SELECT DISTINCT persona_id, character_id FROM memories WHERE place = $1 AND origin_id = ANY($2)",
            place,
            list(message_ids),
        )
        return [(row["persona_id"], row["character_id"]) for row in rows]

    async def _erase(self, pair: tuple[int, int], where: str, *arguments: object, block: bool) -> int:
        facts = self._memories.facts
        async with self._database.transaction() as connection:
            await self._memories.lock(connection, [pair])
            gone = await connection.fetch(
                f"DELETE FROM memories WHERE {where} RETURNING text",  # noqa: S608 - fixed conditions
                *pair,
                *arguments,
            )
            if block:
                for row in gone:
                    await facts.block(connection, pair, "", row["text"])
            await facts.prune(connection, pair, block=block)
        self._memories.release(*pair)
        return len(gone)
