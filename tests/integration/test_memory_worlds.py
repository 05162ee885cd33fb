"""Random worlds of servers, people, characters and scopes: nobody's prompt holds what is not theirs to see.

Five hundred worlds in every run, ten thousand among the long ones (`make faults`); each asks as everybody, everywhere.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from inhabitants import DAWN, character_id, ida

from tzurot.llm.chat import Route
from tzurot.memory.embed import Embedder
from tzurot.memory.partition import Episode
from tzurot.memory.store import Memories, Memory
from tzurot.pipeline.assembly import assemble
from tzurot.pipeline.remember import snowflake_at
from tzurot.pipeline.retrieval import Retrieval
from tzurot.pipeline.turn import References, Scene, Turn
from tzurot.settings.cascade import Resolved
from tzurot.settings.catalog import MEMORIES, MEMORY_EVERYWHERE, SHARED_MEMORY
from tzurot.tables.characters import Characters
from tzurot.tables.turns import Accepted
from tzurot.talk import Incoming, Place, Speaker, Utterance

if TYPE_CHECKING:
    from tzurot.database.connect import Database
    from tzurot.tables.characters import Character
    from tzurot.tables.people import Person

WORDS = "harbour winter letter garden sister train violin coffee lantern mountain doctor spring river market".split()
SLUGS = ("maren", "quill", "tamsin")
ROUTE = Route(base_url="https://models.example/v1", model="m", context_tokens=16384, reply_tokens=800)
LINES_A_WORLD = 8
LETTERS = str.maketrans("0123456789", "abcdefghij")
AT_ONCE = 250
NOW = DAWN + timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line of a world, and the mark by which it is known wherever it turns up."""

    mark: str
    persona_id: int
    character_id: int
    audience: str


def places(world: int) -> list[Place]:
    """Two servers and a private conversation."""
    guilds = [
        Place(front="discord", channel_id=world * 10 + n, kind="guild", guild_id=world * 10 + n, guild_name="G")
        for n in (1, 2)
    ]
    return [*guilds, Place(front="discord", channel_id=world * 10 + 3, kind="dm")]


def turn(person: Person, character: Character, place: Place, text: str) -> Turn:
    said = Utterance(
        message_id=snowflake_at(NOW),
        place=place,
        speaker=Speaker(front="discord", external_id=person.external_id, name=person.name),
        text=text,
        said_at=NOW,
    )
    accepted = Accepted(
        id=1,
        origin_kind="message",
        character_id=character.id,
        take=1,
        reason="mention",
        user_id=person.user_id,
        persona_id=person.persona_id,
        incoming=Incoming(utterance=said),
    )
    return Turn(accepted=accepted, character=character, asked_by=person)


class Worlds:
    def __init__(self, database: Database, seed: int) -> None:
        self._database = database
        self._memories = Memories(database, Embedder(), cache_bytes=20_000_000)
        self._dice = random.Random(seed)
        self._people: list[Person] = []
        self.asked = self.shown = 0

    async def run(self, count: int) -> None:
        self._people = [await ida(self._database, str(number), f"P{number}") for number in range(6)]
        characters = [await Characters(self._database).get(await character_id(self._database, s)) for s in SLUGS]
        for start in range(0, count, AT_ONCE):
            worlds = range(start, min(start + AT_ONCE, count))
            spoken = [line for world in worlds for line in self._speak(world, characters)]
            async with self._database.transaction(durable=False) as connection:
                await self._memories.write(connection, [memory for _, memory in spoken])
            for world in worlds:
                await self._ask(world, characters, [line for line, _ in spoken])
            await self._database.execute("DELETE FROM memories; DELETE FROM facts")
            self._memories.forget()

    def _speak(self, world: int, characters: list[Character]) -> list[tuple[Spoken, Memory]]:
        made: list[tuple[Spoken, Memory]] = []
        for number in range(LINES_A_WORLD):
            person, character = self._dice.choice(self._people), self._dice.choice(characters)
            place = self._dice.choice(places(world))
            mark = f"Zz{str(world * LINES_A_WORLD + number).translate(LETTERS)}zz"
            text = f"I live in {mark}. {' '.join(self._dice.sample(WORDS, 4))}"
            episode = Episode(
                place=place.key,
                origin_id=world * 100 + number,
                by_character=self._dice.random() < 0.3,
                speaker=person.name,
                text=text,
                said_at=NOW - timedelta(minutes=self._dice.randint(1, 10_000)),
                audience=place.audience,
            )
            ids = {"persona_id": person.persona_id, "character_id": character.id}
            made.append((Spoken(mark, person.persona_id, character.id, place.audience), Memory(**ids, episode=episode)))
        return made

    async def _ask(self, world: int, characters: list[Character], spoken: list[Spoken]) -> None:
        """One person asks one character in one place, in one scope."""
        person, character = self._dice.choice(self._people), self._dice.choice(characters)
        place = self._dice.choice(places(world))
        everywhere, shared = self._dice.random() < 0.2, self._dice.random() < 0.2
        asking = turn(person, character, place, f"Tell me of the {' '.join(self._dice.sample(WORDS, 5))}")
        chosen = {MEMORIES.key: 100, MEMORY_EVERYWHERE.key: everywhere, SHARED_MEMORY.key: shared}
        scene = Scene(turn=asking, history=(), now=NOW, settings=Resolved(values=chosen))
        found = await Retrieval(self._memories)(scene)
        prompt = assemble(scene, References(), found, ROUTE)
        text = "\n".join(message.content for message in prompt.messages)
        marks = set(re.findall(r"Zz[a-j]+zz", text))
        owned = {
            line.mark
            for line in spoken
            if line.persona_id == person.persona_id
            and (shared or line.character_id == character.id)
            and (everywhere or place.audience in ("private", line.audience))
        }
        assert marks <= owned, (world, marks - owned)
        self.asked += 1
        self.shown += bool(marks)


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=[pytest.mark.faults, pytest.mark.timeout(900)])])
async def test_nobody_sees_what_is_not_theirs(database: Database, count: int) -> None:
    worlds = Worlds(database, seed=count)
    await worlds.run(count)
    assert worlds.asked == count
    assert worlds.shown > count / 10  # or the test would show nothing
