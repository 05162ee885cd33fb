"""Memories out as JSON lines and in again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from inhabitants import DAWN
from memory_pairs import GUILD, Pair, episode

from tzurot.errors import Invalid
from tzurot.memory.embed import Embedder
from tzurot.memory.transfer import Imported, Transfer

if TYPE_CHECKING:
    from tzurot.database.connect import Database

SAID = (
    episode(1, "I live in Lisbon, near the old harbour.", audience=GUILD),
    episode(2, 'The ferry — the "red" one — leaves at dawn. 🎏', by_character=True),
    episode(3, "I moved to Berlin."),
)


@pytest.fixture
async def pair(database: Database) -> Pair:
    made = await Pair.make(database, Embedder())
    await made.remember(*SAID)
    return made


async def exported(pair: Pair) -> list[bytes]:
    return [line async for line in Transfer(pair.database, pair.memories).lines(*pair.ids)]


async def taken(pair: Pair, *lines: bytes | str) -> Imported:
    return await Transfer(pair.database, pair.memories).take(*pair.ids, lines)


async def test_everything_goes_out_and_comes_in_elsewhere(pair: Pair, database: Database) -> None:
    await pair.forgetting.set_lock(*pair.ids, [await pair.id_of(SAID[1].text)], locked=True)
    lines = await exported(pair)
    assert [json.loads(line).get("text") for line in lines[:3]] == [one.text for one in SAID]
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
    other = await Pair.make(database, Embedder(), who="6")
    assert await taken(other, *lines) == Imported(memories=3, facts=2, known=0)
    assert await other.texts("When does the ferry leave?") >= {SAID[1].text}
    assert await other.believed() == {"home": "Berlin"}
    assert [(fact.value, fact.status) for fact in await other.facts()] == [("Lisbon", "past"), ("Berlin", "current")]
    again = [json.loads(line) for line in await exported(other)]
    assert again == [json.loads(line) for line in lines]
    assert await other.texts("old harbour", GUILD) == set()  # what comes from a file is private


async def test_the_same_file_twice_adds_nothing(pair: Pair, database: Database) -> None:
    lines = await exported(pair)
    assert await taken(pair, *lines) == Imported(memories=0, facts=0, known=5)
    other = await Pair.make(database, Embedder(), who="6")
    await taken(other, *lines)
    assert await taken(other, *lines, "", b"  \n") == Imported(memories=0, facts=0, known=5)


async def test_what_was_erased_does_not_come_back_from_a_file(pair: Pair) -> None:
    lines = await exported(pair)
    await pair.forgetting.delete(*pair.ids, [await pair.id_of(SAID[0].text), await pair.id_of(SAID[2].text)])
    assert (await taken(pair, *lines)).memories == 0
    assert await pair.believed() == {}


async def test_a_bad_line_is_named_and_nothing_is_taken(pair: Pair, database: Database) -> None:
    other = await Pair.make(database, Embedder(), who="6")
    good = (await exported(pair))[0]
    for bad in ("no json", "[]", '{"type": "memory"}', '{"type": "wish"}', good[:-5]):
        with pytest.raises(Invalid, match="Line 2 "):
            await taken(other, good, bad)
    assert await other.rows("memories") == 0


async def test_what_a_database_cannot_hold_is_left_out(pair: Pair) -> None:
    line = json.dumps(
        {
            "type": "memory",
            "speaker": "I\0da",
            "by_character": False,
            "text": "A bell\0 rings",
            "said_at": (DAWN - timedelta(days=9)).isoformat(),
        }
    )
    assert (await taken(pair, line, line)).memories == 1
    assert await pair.texts("bell rings") == {"A bell rings"}
