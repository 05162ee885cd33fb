"""Memories as JSON lines: everything a persona and a character share, out of one bot and into another.

One line is one memory or one fact. Taking the same file twice adds nothing; what was erased here stays erased.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Literal

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tzurot.errors import Invalid
from tzurot.memory.claims import SELF
from tzurot.memory.facts import is_single
from tzurot.memory.partition import Episode
from tzurot.memory.store import Memory
from tzurot.talk import storable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from tzurot.database.connect import Connection, Database
    from tzurot.memory.store import Memories

AT_ONCE = 500
LONGEST_LINE_BYTES = 64 * 1024
IMPORTED = "import"


class MemoryLine(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal["memory"] = "memory"
    speaker: Annotated[str, Field(max_length=255)]
    by_character: bool
    text: Annotated[str, Field(min_length=1, max_length=20_000)]
    said_at: AwareDatetime
    sector: str = "episodic"
    locked: bool = False


class FactLine(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal["fact"]
    slot: Annotated[str, Field(min_length=1, max_length=60)]
    value: Annotated[str, Field(min_length=1, max_length=300)]
    valid_from: AwareDatetime
    valid_to: AwareDatetime | None = None
    locked: bool = False


ONE_LINE: TypeAdapter[MemoryLine | FactLine] = TypeAdapter(
    Annotated[MemoryLine | FactLine, Field(discriminator="type")]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How many were new; `known` were there before or had been erased here."""

    memories: int
    facts: int
    known: int


class Transfer:
    def __init__(self, database: Database, memories: Memories) -> None:
        self._database = database
        self._memories = memories

    async def lines(self, persona_id: int, character_id: int) -> AsyncIterator[bytes]:
        """Everything the two share, archived memories too, oldest first; each line ends with a line break."""
        last = 0
        while True:
            rows = await self._database.rows(
                "SELECT id, speaker, by_character, text, said_at, sector, locked FROM memories"
                " WHERE persona_id = $1 AND character_id = $2 AND id > $3 ORDER BY id LIMIT $4",
                persona_id,
                character_id,
                last,
                AT_ONCE,
            )
            for row in rows:
                yield _line(MemoryLine(**{name: row[name] for name in MemoryLine.model_fields if name != "type"}))
            if not rows:
                break
            last = rows[-1]["id"]
        for fact in await self._memories.facts.of(persona_id, character_id, past=True):
            if fact.status != "retracted":
                named = {name: getattr(fact, name) for name in ("slot", "value", "valid_from", "valid_to", "locked")}
                yield _line(FactLine(type="fact", **named))

    async def take(self, persona_id: int, character_id: int, lines: Iterable[bytes | str]) -> Imported:
        """Add what such lines hold, all of them or none; imported memories are private.

        Raises:
            Invalid: a line cannot be read; it is named by its number.

        """
        read = [_read(number, line) for number, line in enumerate(lines, 1) if line.strip()]
        ids = (persona_id, character_id)
        memories = [one for one in read if isinstance(one, MemoryLine)]
        facts = [one for one in read if isinstance(one, FactLine)]
        async with self._database.transaction() as connection:
            before = await _count(connection, *ids)
            for start in range(0, len(memories), AT_ONCE):
                batch = await self._unknown(connection, ids, memories[start : start + AT_ONCE])
                await self._memories.write(connection, [_memory(*ids, line) for line in batch])
            await self._lock(connection, ids, [line for line in memories if line.locked])
            added = sum([await self._take_fact(connection, ids, fact) for fact in facts])
            new = await _count(connection, *ids) - before
        self._memories.release(*ids)
        return Imported(memories=new, facts=added, known=len(read) - new - added)

    @staticmethod
    async def _unknown(connection: Connection, ids: tuple[int, int], lines: Sequence[MemoryLine]) -> list[MemoryLine]:
        """Those that are not remembered from the chat itself."""
        rows = await connection.fetch(
            "SELECT said_at, text FROM memories WHERE persona_id = $1 AND character_id = $2 AND said_at = ANY($3)",
            *ids,
            [line.said_at for line in lines],
        )
        known = {(row["said_at"], row["text"]) for row in rows}
        return [line for line in lines if (line.said_at, storable(line.text)) not in known]

    async def _take_fact(self, connection: Connection, ids: tuple[int, int], fact: FactLine) -> bool:
        known = await connection.fetch(
            "SELECT value, status FROM facts WHERE persona_id = $1 AND character_id = $2 AND slot = $3", *ids, fact.slot
        )
        current = fact.valid_to is None
        taken = is_single(fact.slot) and current and any(row["status"] == "current" for row in known)
        if taken or any(row["value"].casefold() == fact.value.casefold() for row in known):
            return False
        if await self._memories.facts.blocked(connection, ids, fact.slot, fact.value):
            return False
        await connection.execute(
            "INSERT INTO facts (persona_id, character_id, subject, slot, value, audience, valid_from, valid_to, status,"
            " origin, locked) VALUES ($1, $2, $3, $4, $5, 'private', $6, $7, $8, $9, $10)",
            *ids,
            SELF,
            fact.slot,
            storable(fact.value),
            fact.valid_from,
            fact.valid_to,
            "current" if current else "past",
            IMPORTED,
            fact.locked,
        )
        return True

    @staticmethod
    async def _lock(connection: Connection, ids: tuple[int, int], lines: Iterable[MemoryLine]) -> None:
        await connection.execute(
            "UPDATE memories SET locked = true WHERE persona_id = $1 AND character_id = $2 AND place = $3"
            " AND origin_id = ANY($4)",
            *ids,
            IMPORTED,
            [_number(line) for line in lines],
        )


async def _count(connection: Connection, persona_id: int, character_id: int) -> int:
    return await connection.fetchval(
        "SELECT count(*) FROM memories WHERE persona_id = $1 AND character_id = $2", persona_id, character_id
    )


def _line(value: BaseModel) -> bytes:
    return orjson.dumps(value.model_dump(), option=orjson.OPT_APPEND_NEWLINE)


def _read(number: int, line: bytes | str) -> MemoryLine | FactLine:
    raw = line.encode(errors="replace") if isinstance(line, str) else line
    try:
        return ONE_LINE.validate_json(raw[:LONGEST_LINE_BYTES])
    except ValidationError:
        raise Invalid(
            "memory.import",
            f"Line {number} of the file is no memory and no fact.",
            "Use a file that was exported from memory: one JSON object a line.",
        ) from None


def _memory(persona_id: int, character_id: int, line: MemoryLine) -> Memory:
    return Memory(
        persona_id=persona_id,
        character_id=character_id,
        episode=Episode(
            place=IMPORTED,
            origin_id=_number(line),
            by_character=line.by_character,
            speaker=storable(line.speaker),
            text=storable(line.text),
            said_at=line.said_at.astimezone(UTC),
            kind=IMPORTED,
        ),
    )


def _number(line: MemoryLine) -> int:
    """The same line is the same number, so that it is taken once; Discord's ids are positive, these are not."""
    said = f"{line.said_at.astimezone(UTC).isoformat()}\0{line.speaker}\0{line.text}"
    return -(int.from_bytes(hashlib.blake2b(said.encode(errors="replace"), digest_size=8).digest()) >> 1) - 1
