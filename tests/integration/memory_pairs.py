"""A persona and a character, and what they talk about, for the tests of memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from inhabitants import DAWN, character_id, ida

from tzurot.memory.forget import Forgetting
from tzurot.memory.partition import Episode, Remembered
from tzurot.memory.question import PRIVATE, Cue
from tzurot.memory.store import Memories, Memory

if TYPE_CHECKING:
    from datetime import datetime

    from tzurot.database.connect import Database
    from tzurot.memory.embed import Encoder
    from tzurot.memory.facts import Fact

GUILD = "guild:1"
ELSEWHERE = "guild:2"


def episode(
    number: int, text: str, *, by_character: bool = False, audience: str = PRIVATE, place: str = "p", kind: str = "chat"
) -> Episode:
    """What was said so many minutes after dawn."""
    return Episode(
        place=place,
        origin_id=number,
        by_character=by_character,
        speaker="Maren" if by_character else "Ida",
        text=text,
        said_at=DAWN + timedelta(minutes=number),
        audience=audience,
        kind=kind,
    )


def cue(text: str, audience: str = PRIVATE, *, everywhere: bool = False, place: str = "") -> Cue:
    return Cue(text=text, now=DAWN + timedelta(days=1), audience=audience, everywhere=everywhere, place=place)


class Pair:
    def __init__(self, database: Database, memories: Memories, persona_id: int, character: int) -> None:
        self.database = database
        self.memories = memories
        self.forgetting = Forgetting(database, memories)
        self.ids = (persona_id, character)

    @classmethod
    async def make(cls, database: Database, encoder: Encoder, who: str = "5", slug: str = "maren") -> Pair:
        person = await ida(database, who)
        return cls(database, Memories(database, encoder), person.persona_id, await character_id(database, slug))

    async def remember(self, *episodes: Episode) -> None:
        memories = [Memory(persona_id=self.ids[0], character_id=self.ids[1], episode=one) for one in episodes]
        async with self.database.transaction() as connection:
            await self.memories.write(connection, memories)
        await self.memories.refresh(*self.ids)

    async def recall(self, text: str, audience: str = PRIVATE, *, everywhere: bool = False) -> tuple[Remembered, ...]:
        return await self.memories.recall(*self.ids, cue(text, audience, everywhere=everywhere), limit=5)

    async def texts(self, text: str, audience: str = PRIVATE, *, everywhere: bool = False) -> set[str]:
        return {found.episode.text for found in await self.recall(text, audience, everywhere=everywhere)}

    async def believed(self, audience: str = PRIVATE) -> dict[str, str]:
        return {fact.slot: fact.value for fact in await self.memories.believed(*self.ids, cue("", audience))}

    async def held(self, now: datetime) -> tuple[Fact, ...]:
        return await self.memories.believed(*self.ids, replace(cue(""), now=now))

    async def facts(self) -> tuple[Fact, ...]:
        return await self.memories.facts.of(*self.ids, past=True)

    async def id_of(self, text: str) -> int:
        return await self.database.value("SELECT id FROM memories WHERE text = $1", text)

    async def rows(self, table: str) -> int:
        return await self.database.value(
            f"SELECT count(*) FROM {table} WHERE persona_id = $1 AND character_id = $2", *self.ids
        )
