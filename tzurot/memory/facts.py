"""What a character believes of a person: one value a slot where only one can hold, each with the words it came from.

A person's own correction wins: it locks the fact, and what it replaced is blocked by meaning, so that neither an old
line nor a new paraphrase brings it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import numpy as np

from tzurot.errors import NotFound
from tzurot.memory.claims import FAVOURITE, PLAN, SINGLE, Claim, claims_in
from tzurot.memory.embed import quantise
from tzurot.memory.timeparse import parse
from tzurot.memory.words import stems

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from tzurot.database.connect import Connection, Database, Row
    from tzurot.memory.embed import Encoder
    from tzurot.memory.partition import Episode

LONGEST_VALUE = 300
DAY, WEEK, YEAR = timedelta(days=1), timedelta(days=7), timedelta(days=365)
RESTATED = 0.6  # of the words of what was forgotten
SAME_MEANING = 0.6  # cosine
OF = (
    "SELECT f.id, f.slot, f.value, f.audience, f.valid_from, f.valid_to, f.status, f.origin, f.locked,"
    " array(SELECT s.quote FROM fact_supports s WHERE s.fact_id = f.id ORDER BY s.id) AS quotes,"
    " array(SELECT DISTINCT m.audience FROM fact_supports s JOIN memories m ON m.id = s.memory_id"
    "  WHERE s.fact_id = f.id) AS audiences"
    " FROM facts f WHERE f.persona_id = $1 AND f.character_id = $2 AND (f.status = 'current' OR $3) ORDER BY f.id"
)
INSERT = (
    "INSERT INTO facts (persona_id, character_id, subject, slot, value, audience, valid_from, status, origin, locked,"
    " valid_to) VALUES ($1, $2, $3, $4, $5, $6, $7, 'current', $8, $9, $10) RETURNING id"
)
# a fact that was read from lines goes with the last of them
UNSUPPORTED = (
    "DELETE FROM facts f WHERE f.persona_id = $1 AND f.character_id = $2 AND f.origin = 'pattern' AND NOT f.locked"
    " AND NOT EXISTS (SELECT FROM fact_supports s WHERE s.fact_id = f.id) RETURNING f.slot, f.value"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """`audiences` heard it; `quotes` are the words it was read from, none for what a person wrote by hand."""

    id: int
    slot: str
    value: str
    valid_from: datetime
    valid_to: datetime | None
    status: str
    origin: str
    locked: bool
    audiences: frozenset[str]
    quotes: tuple[str, ...]

    def holds(self, now: datetime) -> bool:
        """Whether it is not over: a plan is, once its time has come and gone."""
        return self.valid_to is None or self.valid_to > now


def is_single(slot: str) -> bool:
    return slot in SINGLE or slot.startswith(FAVOURITE)


def planned_until(text: str, said_at: datetime) -> datetime | None:
    """When what a text announces will be over; None where it names no time, or one that is past.

    “On Monday” and “in May” are read as the last ones elsewhere: of a plan they are the next.
    """
    span = parse(text, said_at, UTC)
    if span is None:
        return None
    end = span.end
    if end <= said_at:
        end += WEEK if span.end - span.start <= DAY and said_at - end < WEEK else YEAR
    return end if end > said_at else None


def stems_in(text: str) -> set[int]:
    return set(stems(text).tolist())


def restates(text: str, forgotten: set[int]) -> bool:
    return bool(forgotten) and len(stems_in(text) & forgotten) >= RESTATED * len(forgotten)


class Facts:
    """Reads and writes facts; `changed` is told whose, once it is done."""

    def __init__(self, database: Database, encoder: Encoder, changed: Callable[[int, int], None]) -> None:
        self._database = database
        self._encoder = encoder
        self._changed = changed

    async def of(self, persona_id: int, character_id: int, *, past: bool = False) -> tuple[Fact, ...]:
        """What is believed now, oldest first; with `past` also what was."""
        return tuple(map(_fact, await self._database.rows(OF, persona_id, character_id, past)))

    async def learn(self, connection: Connection, ids: tuple[int, int], memory_id: int, episode: Episode) -> bool:
        """Take what a line states, inside a transaction of the caller's that holds the partition's lock."""
        learned = False
        for claim in claims_in(episode.text):
            learned |= await self._take(connection, ids, claim, memory_id, episode)
        return learned

    async def _take(
        self, connection: Connection, ids: tuple[int, int], claim: Claim, memory_id: int, episode: Episode
    ) -> bool:
        known = await connection.fetch(
            "SELECT id, value, locked, valid_from FROM facts"
            " WHERE persona_id = $1 AND character_id = $2 AND slot = $3 AND status = 'current'",
            *ids,
            claim.slot,
        )
        same = [row for row in known if stems_in(row["value"]) == stems_in(claim.value)]
        if claim.over:
            await self._close(connection, [row["id"] for row in same if not row["locked"]], episode.said_at)
            return bool(same)
        if await self.blocked(connection, ids, claim.slot, claim.value):
            return False
        until = None
        if claim.slot == PLAN and (until := planned_until(claim.quote, episode.said_at)) is None:
            return False  # some day
        if same:
            fact_id = same[0]["id"]
        elif is_single(claim.slot) and any(row["locked"] or row["valid_from"] > episode.said_at for row in known):
            return False  # corrected by hand, or told anew since
        else:
            if is_single(claim.slot):
                await self._close(connection, [row["id"] for row in known], episode.said_at)
            fact_id = await connection.fetchval(
                INSERT,
                *ids,
                claim.subject,
                claim.slot,
                claim.value,
                episode.audience,
                episode.said_at,
                "pattern",
                False,
                until,
            )
        await connection.execute(
            "INSERT INTO fact_supports (fact_id, memory_id, quote) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            fact_id,
            memory_id,
            claim.quote,
        )
        return True

    @staticmethod
    async def _close(connection: Connection, fact_ids: Sequence[int], at: datetime) -> None:
        await connection.execute(
            "UPDATE facts SET status = 'past', valid_to = $2 WHERE id = ANY($1)", list(fact_ids), at
        )

    async def state(
        self, persona_id: int, character_id: int, slot: str, value: str, *, audience: str, now: datetime
    ) -> Fact:
        """Keep what a person wrote by hand: it is locked, and of a slot that holds one value it ends the others."""
        ids = (persona_id, character_id)
        async with self._database.transaction() as connection:
            if is_single(slot):
                known = await connection.fetch(
                    "SELECT id FROM facts WHERE persona_id = $1 AND character_id = $2 AND slot = $3"
                    " AND status = 'current'",
                    *ids,
                    slot,
                )
                await self._close(connection, [row["id"] for row in known], now)
            fact_id = await connection.fetchval(
                INSERT, *ids, "self", slot, value[:LONGEST_VALUE], audience, now, "person", True, None
            )
        self._changed(persona_id, character_id)
        return await self.find(persona_id, character_id, fact_id)

    async def correct(self, persona_id: int, character_id: int, fact_id: int, value: str, *, now: datetime) -> Fact:
        """Replace a value that never was right: the new one is locked, the old one blocked by its meaning."""
        wrong = await self.find(persona_id, character_id, fact_id)
        async with self._database.transaction() as connection:
            await connection.execute("UPDATE facts SET status = 'retracted', valid_to = $2 WHERE id = $1", fact_id, now)
            if stems_in(value) != stems_in(wrong.value):
                await self.block(connection, (persona_id, character_id), wrong.slot, wrong.value)
        audience = min(wrong.audiences, default="private")
        return await self.state(persona_id, character_id, wrong.slot, value, audience=audience, now=now)

    async def lock(self, persona_id: int, character_id: int, fact_id: int, *, locked: bool) -> None:
        """A locked fact outlives its lines and is not replaced by what is read from others."""
        await self.find(persona_id, character_id, fact_id)
        await self._database.execute("UPDATE facts SET locked = $2 WHERE id = $1", fact_id, locked)
        self._changed(persona_id, character_id)

    async def forget(self, persona_id: int, character_id: int, fact_id: int) -> Fact:
        """Erase a fact and keep it from being learned again."""
        gone = await self.find(persona_id, character_id, fact_id)
        async with self._database.transaction() as connection:
            await self.block(connection, (persona_id, character_id), gone.slot, gone.value)
            await connection.execute("DELETE FROM facts WHERE id = $1", fact_id)
        self._changed(persona_id, character_id)
        return gone

    async def find(self, persona_id: int, character_id: int, fact_id: int) -> Fact:
        """One fact.

        Raises:
            NotFound: this persona and character have none of that id.

        """
        for fact in await self.of(persona_id, character_id, past=True):
            if fact.id == fact_id:
                return fact
        raise NotFound("fact.missing", "There is no such fact.", "Look at the list again: it may have been forgotten.")

    async def prune(self, connection: Connection, ids: tuple[int, int], *, block: bool) -> None:
        """Drop facts that lost their last line; with `block` they are not learned again."""
        for row in await connection.fetch(UNSUPPORTED, *ids):
            if block:
                await self.block(connection, ids, row["slot"], row["value"])

    async def block(self, connection: Connection, ids: tuple[int, int], slot: str, text: str) -> None:
        """Remember the meaning of what must not come back, and not its words; `slot` is empty for a line."""
        vector, scale = quantise(self._encoder.encode([text])[0])
        await connection.execute(
            "INSERT INTO blocks (persona_id, character_id, slot, space, stems, vector, scale)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            *ids,
            slot,
            self._encoder.space,
            stems(text).tobytes(),
            vector,
            scale,
        )

    @staticmethod
    async def pairs_with_blocks(connection: Connection, persona_ids: Collection[int]) -> set[tuple[int, int]]:
        """Of these personas, with which characters anything was erased."""
        rows = await connection.fetch(
            "SELECT DISTINCT persona_id, character_id FROM blocks WHERE persona_id = ANY($1) AND slot = ''",
            list(persona_ids),
        )
        return {(row["persona_id"], row["character_id"]) for row in rows}

    async def blocked(self, connection: Connection, ids: tuple[int, int], slot: str, text: str) -> bool:
        """Whether a text says what was forgotten, in these or in other words."""
        rows = await connection.fetch(
            "SELECT space, stems, vector, scale FROM blocks WHERE persona_id = $1 AND character_id = $2 AND slot = $3",
            *ids,
            slot,
        )
        if not rows:
            return False
        meaning = self._encoder.encode([text])[0]
        for row in rows:
            if restates(text, set(np.frombuffer(row["stems"], np.uint32).tolist())):
                return True
            if row["space"] == self._encoder.space:
                vector = np.frombuffer(row["vector"], np.int8).astype(np.float32) * np.float32(row["scale"])
                if float(vector @ meaning) >= SAME_MEANING:
                    return True
        return False


def _fact(row: Row) -> Fact:
    heard = {*row["audiences"]} if row["origin"] == "pattern" else {*row["audiences"], row["audience"]}
    return Fact(
        id=row["id"],
        slot=row["slot"],
        value=row["value"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        status=row["status"],
        origin=row["origin"],
        locked=row["locked"],
        audiences=frozenset(heard),
        quotes=tuple(row["quotes"]),
    )
