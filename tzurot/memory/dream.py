"""What is tidied up at night: doubles and what is beyond the quota are put away, plans that are over end.

Nothing is erased: what is put away is kept and no longer recalled. Each step leaves a row with what it touched, so that
it can be undone. A step that was cut off by a crash is done again the next night, and finds what is left to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loguru import logger

from tzurot.errors import NotFound

if TYPE_CHECKING:
    from datetime import datetime

    from tzurot.database.connect import Connection, Database
    from tzurot.memory.store import Memories

QUOTA = 10_000
FEWEST_STEMS = 3  # below that two lines are alike by chance
SHOWN = 200
STEPS = {"doubles": "Doubles put away", "plans": "Plans that are over", "quota": "Put away beyond the quota"}
# of lines that say the same one stays: a locked one, then one that a fact was read from, then the newest
DOUBLES = (
    "SELECT id FROM (SELECT m.id, m.locked, row_number() OVER (PARTITION BY m.by_character, m.audience, m.stems"
    "  ORDER BY m.locked DESC, EXISTS (SELECT FROM fact_supports s WHERE s.memory_id = m.id) DESC, m.id DESC) AS place"
    "  FROM memories m WHERE m.persona_id = $1 AND m.character_id = $2 AND NOT m.archived"
    "  AND length(m.stems) >= 4 * $3::int) AS alike WHERE place > 1 AND NOT locked"
)
PLANS = (
    "SELECT id FROM facts WHERE persona_id = $1 AND character_id = $2 AND status = 'current'"
    " AND NOT locked AND valid_to < $3"
)
# locked ones stay, then those that a fact was read from, then the newest
SURPLUS = (
    "SELECT id FROM (SELECT m.id, m.locked FROM memories m WHERE m.persona_id = $1 AND m.character_id = $2"
    "  AND NOT m.archived ORDER BY m.locked DESC, EXISTS (SELECT FROM fact_supports s WHERE s.memory_id = m.id) DESC,"
    "  m.said_at DESC, m.id DESC OFFSET $3) AS surplus WHERE NOT locked"
)
PUT_AWAY = "UPDATE memories SET archived = true WHERE id = ANY($1)"
OVER = "UPDATE facts SET status = 'past' WHERE id = ANY($1)"
BACK = "UPDATE memories SET archived = false, locked = true WHERE id = ANY($1) RETURNING id"
BELIEVED = "UPDATE facts SET status = 'current', valid_to = NULL WHERE id = ANY($1) RETURNING id"
LOG = (
    "INSERT INTO dreams (persona_id, character_id, step, memory_ids, fact_ids, done_at) VALUES ($1, $2, $3, $4, $5, $6)"
)
LOGGED = (
    "SELECT id, step, cardinality(memory_ids) + cardinality(fact_ids) AS count, done_at, undone_at FROM dreams"
    " WHERE persona_id = $1 AND character_id = $2 ORDER BY id DESC LIMIT $3"
)
WORDS = (
    "SELECT text FROM (SELECT m.id, m.text FROM dreams d JOIN memories m ON m.id = ANY(d.memory_ids) WHERE d.id = $3"
    " AND d.persona_id = $1 AND d.character_id = $2 UNION ALL"
    " SELECT f.id, f.slot || ' ' || f.value FROM dreams d JOIN facts f ON f.id = ANY(d.fact_ids) WHERE d.id = $3"
    " AND d.persona_id = $1 AND d.character_id = $2) AS touched (id, text) ORDER BY id DESC LIMIT $4"
)
# whose partitions have grown since the night before
RESTLESS = (
    "SELECT DISTINCT persona_id, character_id FROM memories WHERE id > $1 UNION"
    " SELECT persona_id, character_id FROM facts WHERE status = 'current' AND NOT locked AND valid_to < $2"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that was done to the memories of a persona and a character, with how many of them."""

    id: int
    step: str
    count: int
    done_at: datetime
    undone_at: datetime | None


class Dreams:
    def __init__(self, database: Database, memories: Memories, quota: int = QUOTA) -> None:
        self._database = database
        self._memories = memories
        self._quota = quota

    async def night(self, since_id: int, now: datetime) -> tuple[int, int]:
        """Tidy up for everybody whose memories have grown since the one of that id.

        How much was put away or ended, and the newest memory's id, for the next night.
        """
        newest: int = await self._database.value("SELECT coalesce(max(id), 0) FROM memories")
        pairs = await self._database.rows(RESTLESS, since_id, now)
        done = 0
        for row in pairs:
            try:
                done += await self.dream(row["persona_id"], row["character_id"], now)
            except Exception:  # noqa: BLE001 - one that cannot be tidied up keeps nobody else from it
                logger.exception("the memories of a persona and a character were not tidied up")
        return done, newest

    async def dream(self, persona_id: int, character_id: int, now: datetime) -> int:
        """Tidy up what these two share; how much was put away or ended."""
        ids = (persona_id, character_id)
        async with self._database.transaction(durable=False) as connection:
            await self._memories.lock(connection, [ids])
            # nothing is updated where nothing is found: every update makes all processes read memories anew
            doubles = await _changed(connection, PUT_AWAY, DOUBLES, *ids, FEWEST_STEMS)
            plans = await _changed(connection, OVER, PLANS, *ids, now)
            surplus = await _changed(connection, PUT_AWAY, SURPLUS, *ids, self._quota)
            for step, memory_ids, fact_ids in (("doubles", doubles, []), ("plans", [], plans), ("quota", surplus, [])):
                if memory_ids or fact_ids:
                    await connection.execute(LOG, *ids, step, memory_ids, fact_ids, now)
        count = len(doubles) + len(plans) + len(surplus)
        if count:
            self._memories.release(*ids)
        return count

    async def steps(self, persona_id: int, character_id: int) -> tuple[Step, ...]:
        """What was done, the last first."""
        rows = await self._database.rows(LOGGED, persona_id, character_id, SHOWN)
        return tuple(Step(**row) for row in rows)

    async def words(self, persona_id: int, character_id: int, step_id: int, limit: int) -> tuple[str, ...]:
        """What a step put away or ended, as far as it is still there, the newest first."""
        rows = await self._database.rows(WORDS, persona_id, character_id, step_id, limit)
        return tuple(row["text"] for row in rows)

    async def undo(self, persona_id: int, character_id: int, step_id: int, now: datetime) -> int:
        """Bring back what a step put away or ended, as far as it is still there; how much that is.

        Raises:
            NotFound: these two have no such step, or it was undone before.

        """
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(
                "UPDATE dreams SET undone_at = $4 WHERE id = $3 AND persona_id = $1 AND character_id = $2"
                " AND undone_at IS NULL RETURNING memory_ids, fact_ids",
                persona_id,
                character_id,
                step_id,
                now,
            )
            if row is None:
                raise NotFound("dream.none", "There is nothing to undo there.", "Look at the list again.")
            # locked, and a plan without its time: the next night would do the same again
            back = await connection.fetch(BACK, row["memory_ids"])
            back += await connection.fetch(BELIEVED, row["fact_ids"])
        self._memories.release(persona_id, character_id)
        return len(back)


async def _changed(connection: Connection, change: str, which: str, *arguments: object) -> list[int]:
    ids = [row["id"] for row in await connection.fetch(which, *arguments)]
    if ids:
        await connection.execute(change, ids)
    return ids
