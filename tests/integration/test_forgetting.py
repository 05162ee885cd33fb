"""Forgetting in a real database: what goes takes what was made of it along, and does not come back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from inhabitants import DAWN
from memory_pairs import ELSEWHERE, GUILD, Pair, cue, episode

from tzurot.memory.embed import Embedder
from tzurot.memory.store import Memories

if TYPE_CHECKING:
    from tzurot.database.connect import Database

SISTER = "My sister Nora plays the violin in Lisbon."


@pytest.fixture
async def pair(database: Database) -> Pair:
    return await Pair.make(database, Embedder())


async def test_what_was_said_in_private_or_elsewhere_does_not_surface_in_public(pair: Pair) -> None:
    await pair.remember(
        episode(1, "In private: the violin is stolen."),
        episode(2, "On the first server: the violin is old.", audience=GUILD, place="q"),
        episode(3, "On the second server: the violin is red.", audience=ELSEWHERE, place="r"),
    )
    private, first, second = (
        await pair.texts("violin"),
        await pair.texts("violin", GUILD),
        await pair.texts("violin", ELSEWHERE),
    )
    assert len(private) == 3
    assert first == {"On the first server: the violin is old."}
    assert second == {"On the second server: the violin is red."}
    assert await pair.texts("violin", "guild:3") == set()
    assert len(await pair.texts("violin", GUILD, everywhere=True)) == 3  # its owner allows it


async def test_a_deleted_memory_takes_its_facts_and_its_echoes_along(pair: Pair) -> None:
    await pair.remember(episode(1, SISTER), episode(20, "I like tomatoes."))
    assert await pair.believed() == {"sister": "Nora", "likes": "tomatoes"}
    assert await pair.forgetting.delete(*pair.ids, [await pair.id_of(SISTER)]) == 1
    assert SISTER not in await pair.texts("violin sister Lisbon")
    assert await pair.believed() == {"likes": "tomatoes"}
    assert await pair.database.value("SELECT count(*) FROM fact_supports") == 1
    await pair.remember(
        episode(30, "You said your sister Nora plays the violin in Lisbon, I remember.", by_character=True),
        episode(31, "Nora, my sister, is a violinist who lives in Lisbon.", kind="summary"),
        episode(32, "Good evening, the lamp is lit.", by_character=True),
        episode(33, "My sister Nora is well."),
    )
    assert await pair.believed() == {"likes": "tomatoes"}
    left = {row["text"] for row in await pair.database.rows("SELECT text FROM memories")}
    assert left == {"I like tomatoes.", "Good evening, the lamp is lit.", "My sister Nora is well."}


async def test_memories_go_with_their_messages_for_everybody(pair: Pair, database: Database) -> None:
    other = await Pair.make(database, Embedder(), slug="quill")
    for one in (pair, other):
        await one.remember(episode(1, SISTER), episode(2, "Oh, a violin!", by_character=True))
    async with database.transaction() as connection:
        await pair.memories.drop(connection, [("elsewhere", 1), ("p", 3)])
    assert (await pair.rows("memories"), await other.rows("memories")) == (2, 2)
    async with database.transaction() as connection:
        await pair.memories.drop(connection, [("p", 1), ("elsewhere", 2)])
    for one in (pair, other):
        assert (await one.rows("memories"), await one.rows("facts"), await one.rows("blocks")) == (1, 0, 0)
    await pair.remember(episode(3, SISTER))  # sent again, without the slip
    assert await pair.believed() == {"sister": "Nora"}


async def test_an_edited_message_is_remembered_as_it_reads_now(pair: Pair) -> None:
    await pair.remember(episode(1, "I live in Lisbon with a walrus."))
    assert await pair.texts("walrus")
    assert await pair.forgetting.message_edited("p", 1, "I live in Berlin with a badger.") == 1
    assert await pair.texts("walrus") == set()
    assert await pair.texts("badger") == {"I live in Berlin with a badger."}
    assert await pair.believed() == {"home": "Berlin"}
    again = await Memories(pair.database, Embedder()).recall(*pair.ids, cue("badger"), limit=1)
    assert again[0].episode.text == "I live in Berlin with a badger."


async def test_the_last_minutes_can_be_undone(pair: Pair) -> None:
    await pair.remember(episode(1, "I like tomatoes."), episode(9, "I live in Lisbon."), episode(10, "A locked line."))
    await pair.forgetting.set_lock(*pair.ids, [await pair.id_of("A locked line.")], locked=True)
    assert await pair.forgetting.since(*pair.ids, DAWN + timedelta(minutes=5)) == 1
    assert await pair.believed() == {"likes": "tomatoes"}
    assert (await pair.rows("memories"), await pair.rows("blocks")) == (2, 0)


async def test_a_locked_memory_is_deleted_only_where_that_is_said(pair: Pair) -> None:
    await pair.remember(episode(1, SISTER))
    memory_id = await pair.id_of(SISTER)
    assert await pair.forgetting.set_lock(*pair.ids, [memory_id], locked=True) == 1
    assert await pair.forgetting.delete(*pair.ids, [memory_id]) == 0
    assert await pair.forgetting.delete(*pair.ids, [memory_id], locked=True) == 1


async def test_purging_leaves_nothing(pair: Pair, database: Database) -> None:
    other = await Pair.make(database, Embedder(), who="6")
    for one in (pair, other):
        await one.remember(episode(1, SISTER), episode(2, "I like tomatoes."))
    await pair.forgetting.delete(*pair.ids, [await pair.database.value("SELECT min(id) FROM memories")])
    purged = await pair.forgetting.purge(pair.ids[0])
    assert (purged.memories, purged.facts) == (1, 1)
    assert purged.blocks == 2
    for table in ("memories", "facts", "blocks"):
        assert await pair.rows(table) == 0
    assert await pair.texts("tomatoes") == set()
    assert (await other.rows("memories"), await other.rows("facts")) == (2, 2)


async def test_nobody_deletes_what_others_remember(pair: Pair, database: Database) -> None:
    await pair.remember(episode(1, SISTER))
    other = await Pair.make(database, Embedder(), who="6")
    memory_id = await pair.id_of(SISTER)
    assert await other.forgetting.delete(*other.ids, [memory_id], locked=True) == 0
    assert await other.forgetting.set_lock(*other.ids, [memory_id], locked=True) == 0
    assert await pair.rows("memories") == 1
