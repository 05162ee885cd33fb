"""Memories in a real database: kept with their turn, found by what they say, never by anybody else."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from inhabitants import DAWN, character_id, ida

from tzurot.memory.embed import Embedder
from tzurot.memory.partition import Episode, Remembered
from tzurot.memory.question import PRIVATE, Cue
from tzurot.memory.store import Memories, Memory

if TYPE_CHECKING:
    from tzurot.database.connect import Database

WORDS = "harbour winter letter garden sister train violin coffee lantern mountain doctor spring river market".split()


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder()


@pytest.fixture
def memories(database: Database, embedder: Embedder) -> Memories:
    return Memories(database, embedder)


def episode(number: int, text: str, place: str = "p") -> Episode:
    return Episode(
        place=place,
        origin_id=number,
        by_character=number % 2 == 1,
        speaker="Ida",
        text=text,
        said_at=DAWN + timedelta(minutes=number),
    )


def cue(text: str, audience: str = PRIVATE) -> Cue:
    return Cue(text=text, now=DAWN + timedelta(days=1), audience=audience)


class Pair:
    """A persona and a character, and what they talk about."""

    def __init__(self, database: Database, memories: Memories, persona_id: int, character: int) -> None:
        self._database = database
        self._memories = memories
        self.ids = {"persona_id": persona_id, "character_id": character}

    async def remember(self, *episodes: Episode) -> None:
        async with self._database.transaction() as connection:
            await self._memories.write(connection, [Memory(**self.ids, episode=one) for one in episodes])
        await self._memories.refresh(*self.ids.values())

    async def recall(self, text: str, limit: int = 5, without: tuple[int, ...] = ()) -> tuple[Remembered, ...]:
        return await self._memories.recall(**self.ids, cue=cue(text), limit=limit, without=without)

    async def texts(self, text: str, limit: int = 5, without: tuple[int, ...] = ()) -> list[str]:
        return [found.episode.text for found in await self.recall(text, limit, without)]


@pytest.fixture
async def pair(database: Database, memories: Memories) -> Pair:
    return Pair(database, memories, (await ida(database)).persona_id, await character_id(database))


SAID = (
    episode(1, "My sister Nora plays the violin in Lisbon."),
    episode(2, "I take my coffee without sugar."),
    episode(3, "The ferry to the island leaves at dawn."),
    episode(4, "We planted tomatoes behind the kitchen."),
)


async def test_what_was_said_is_found_by_what_is_asked(pair: Pair) -> None:
    await pair.remember(*SAID)
    for question, number in (("Who plays the violin?", 0), ("Do I take sugar in my coffee?", 1), ("tomato plants", 3)):
        found = await pair.recall(question)
        assert found[0].episode == SAID[number]
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


async def test_what_has_nothing_to_do_with_it_stays_below(pair: Pair) -> None:
    await pair.remember(*SAID)
    assert await pair.recall("quarterly tax declaration of a corporation") == ()
    assert await pair.recall("") == ()
    assert await pair.recall("violin", limit=0) == ()


async def test_what_the_prompt_shows_anyway_is_left_out_and_the_next_take_its_place(pair: Pair) -> None:
    await pair.remember(*(episode(number, f"The violin of room {number}.") for number in range(1, 41)))
    everything = await pair.recall("violin", limit=40)
    assert len(everything) == 40
    hidden = tuple(found.episode.origin_id for found in everything[:33])
    left = await pair.recall("violin", limit=5, without=hidden)
    assert {found.episode.origin_id for found in left}.isdisjoint(hidden)
    assert len(left) == 5
    assert await pair.recall("violin", limit=5, without=tuple(range(1, 41))) == ()


async def test_the_same_message_twice_is_one_memory(pair: Pair, memories: Memories) -> None:
    await pair.remember(*SAID)
    await pair.remember(*SAID, episode(1, "rewritten"))
    assert await memories.count(**pair.ids) == 4
    assert await pair.texts("violin sister", limit=1) == [SAID[0].text]
    await pair.remember(episode(1, "In another place there is a violin too.", place="q"))
    assert {SAID[0].text, "In another place there is a violin too."} == set(await pair.texts("violin", limit=2))


async def test_what_is_new_is_found_without_a_restart_and_old_things_stay(
    pair: Pair, database: Database, embedder: Embedder
) -> None:
    await pair.remember(*SAID[:2])
    assert await pair.texts("violin", limit=1) == [SAID[0].text]
    await pair.remember(*SAID[2:])
    assert await pair.texts("ferry", limit=1) == [SAID[2].text]
    assert await pair.texts("violin", limit=1) == [SAID[0].text]
    elsewhere = Memories(database, embedder)  # another process writes
    async with database.transaction() as connection:
        await elsewhere.write(connection, [Memory(**pair.ids, episode=episode(9, "My lighthouse is red."))])
    assert await pair.texts("lighthouse", limit=1) == ["My lighthouse is red."]
    restarted = Memories(database, embedder)
    again = await restarted.recall(**pair.ids, cue=cue("violin"), limit=5)
    before = await pair.recall("violin")
    assert [found.episode for found in again] == [found.episode for found in before]
    # eight bits a dimension, rounded once more where a line came later
    assert [found.score for found in again] == pytest.approx([found.score for found in before], abs=0.02)


async def test_a_caller_who_knows_the_newest_spares_a_question(
    pair: Pair, database: Database, memories: Memories
) -> None:
    await pair.remember(*SAID)
    newest = await database.value("SELECT max(id) FROM memories")
    question = {**pair.ids, "cue": cue("violin"), "limit": 5}
    before = await memories.recall(**question, last_id=newest)
    await database.execute("DELETE FROM memories")
    assert await memories.recall(**question, last_id=newest) == before  # nobody was asked
    memories.forget()
    assert await memories.recall(**question, last_id=0) == ()


async def test_the_latest_are_told_oldest_first(pair: Pair, memories: Memories) -> None:
    await pair.remember(*SAID)
    assert await memories.latest(**pair.ids, limit=2) == SAID[2:]


async def test_what_postgres_cannot_hold_is_left_out(pair: Pair, memories: Memories) -> None:
    await pair.remember(episode(1, "vio\0lin"))
    assert [one.text for one in await memories.latest(**pair.ids, limit=1)] == ["violin"]


async def test_a_partition_too_large_for_the_cache_is_read_each_time(
    pair: Pair, database: Database, embedder: Embedder
) -> None:
    await pair.remember(*SAID)
    cramped = Memories(database, embedder, cache_bytes=100)
    for _ in range(2):
        found = await cramped.recall(**pair.ids, cue=cue("violin"), limit=1)
        assert found[0].episode == SAID[0]


@pytest.mark.parametrize("seed", range(2))
async def test_nobody_recalls_what_others_said(
    database: Database, memories: Memories, embedder: Embedder, seed: int
) -> None:
    """Random worlds: people and characters talk in any order about the same things; memory is each pair's own."""
    dice = random.Random(seed)
    slugs = ("maren", "quill", "tamsin")
    pairs = [
        Pair(
            database,
            memories,
            (await ida(database, str(number), f"P{number}")).persona_id,
            await character_id(database, slug),
        )
        for number in range(4)
        for slug in slugs
    ]
    own: dict[int, set[str]] = {index: set() for index in range(len(pairs))}
    for number in range(1, 61):
        index = dice.randrange(len(pairs))
        text = f"{' '.join(dice.sample(WORDS, 4))} number{number}"
        await pairs[index].remember(episode(number, text, place=dice.choice("pq")))
        own[index].add(text)
        asker = dice.randrange(len(pairs))
        assert set(await pairs[asker].texts(dice.choice(WORDS), limit=50)) <= own[asker]
    fresh = Memories(database, embedder)
    for index, one in enumerate(pairs):
        query = " ".join(WORDS)
        found = {found.episode.text for found in await fresh.recall(**one.ids, cue=cue(query), limit=100)}
        assert found == set(await one.texts(query, limit=100)) <= own[index]
        assert found or not own[index]
