"""What is kept after a turn: all of it or nothing, and never one turn's trouble in another's."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from inhabitants import DAWN, HARBOUR, begun, flown, message_id

from tzurot.memory.embed import Embedder
from tzurot.memory.question import Cue
from tzurot.memory.store import Memories
from tzurot.pipeline.remember import MOST_AT_ONCE, Remember, snowflake_at, time_of
from tzurot.settings.cascade import Cascade
from tzurot.tables.characters import Characters
from tzurot.tables.flights import Flights
from tzurot.tables.messages import History
from tzurot.tables.settings import Tuned
from tzurot.tables.turns import Ledger

if TYPE_CHECKING:
    from tzurot.database.connect import Database
    from tzurot.pipeline.turn import Turn


def cue(text: str) -> Cue:
    return Cue(text=text, now=DAWN + timedelta(hours=1))


class Keeper:
    """Remember, with what it writes to."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.memories = Memories(database, Embedder())
        self.remember = Remember(database, History(database), self.memories, Cascade(Tuned(database)))

    async def keep(self, turn: Turn, text: str = "Aye, since dusk.", reply: int = 0) -> None:
        reply = reply or turn.incoming.utterance.message_id + 1
        await self.remember(turn, text, (reply,), flown(turn.id, turn.asked_by.user_id))

    async def states(self) -> list[str]:
        return [row["state"] for row in await self.database.rows("SELECT state FROM turns ORDER BY id")]

    async def texts(self) -> list[str]:
        return [line.text for line in await History(self.database).last(HARBOUR.key, 500)]


@pytest.fixture
def keeper(database: Database) -> Keeper:
    return Keeper(database)


async def test_a_turn_leaves_lines_memories_its_flight_and_its_end(keeper: Keeper, database: Database) -> None:
    turn = await begun(database)
    ledger = Ledger(database)
    await ledger.speak(turn.id, "Maren", ["Aye,", "since dusk."])
    first, last = message_id(2), message_id(3)
    await ledger.posted(turn.id, 0, first)
    await keeper.remember(turn, "Aye, since dusk.", (first, last), flown(turn.id, turn.asked_by.user_id))
    asked, answered = await History(database).last(HARBOUR.key, 10)
    assert (asked.text, asked.character_id) == ("Is the lamp lit?\n[attached: sea.png]", None)
    assert (answered.text, answered.message_ids) == ("Aye, since dusk.", (first, last))
    assert (answered.character_id, answered.said_at) == (turn.character.id, DAWN + timedelta(minutes=2))
    assert await keeper.memories.count(turn.asked_by.persona_id, turn.character.id) == 2
    assert await Flights(database).find(turn.asked_by.user_id, turn.id) is not None
    assert await keeper.states() == ["remembered"]
    assert await ledger.speaker_of(last) == (turn.character.id, "Maren")
    assert await ledger.owed("discord", timedelta(hours=1)) == ()


async def test_a_question_without_an_answer_stays_part_of_the_conversation(keeper: Keeper, database: Database) -> None:
    turn = await begun(database)
    await keeper.remember.unanswered(turn, flown(turn.id, turn.asked_by.user_id), "failed")
    assert await keeper.texts() == ["Is the lamp lit?\n[attached: sea.png]"]
    assert await keeper.memories.count(turn.asked_by.persona_id, turn.character.id) == 0
    assert await keeper.states() == ["failed"]
    assert await Flights(database).find(turn.asked_by.user_id, turn.id) is not None


async def test_many_turns_at_once_are_all_kept(keeper: Keeper, database: Database) -> None:
    turns = [await begun(database, number) for number in range(1, MOST_AT_ONCE + 12)]
    await asyncio.gather(*(keeper.keep(turn, f"reply {turn.id}") for turn in turns))
    assert set(await keeper.states()) == {"remembered"}
    assert {text for text in await keeper.texts() if text.startswith("reply")} == {f"reply {t.id}" for t in turns}
    assert await keeper.memories.count(turns[0].asked_by.persona_id, turns[0].character.id) == 2 * len(turns)


async def test_of_many_turns_one_that_cannot_be_kept_takes_no_other_with_it(keeper: Keeper, database: Database) -> None:
    turns = [await begun(database, number, slug) for number, slug in enumerate(("maren", "tamsin", "quill") * 3, 1)]
    gone = [turn for turn in turns if turn.character.name == "Tamsin"]
    await Characters(database).delete(gone[0].character.id)
    outcomes = await asyncio.gather(
        *(keeper.keep(turn, f"by {turn.character.name}") for turn in turns), return_exceptions=True
    )
    assert [isinstance(outcome, Exception) for outcome in outcomes] == [turn in gone for turn in turns]
    assert all("foreign key" in str(outcome) for outcome in outcomes if isinstance(outcome, Exception))
    assert await keeper.states() == ["remembered"] * 6
    texts = await keeper.texts()
    assert (texts.count("by Maren"), texts.count("by Quill"), texts.count("by Tamsin")) == (3, 3, 0)
    await keeper.keep(await begun(database, 99), "afterwards")
    assert "afterwards" in await keeper.texts()


async def test_to_remember_twice_is_to_remember_once(keeper: Keeper, database: Database) -> None:
    turn = await begun(database)
    for _ in range(2):
        await keeper.keep(turn)
    assert len(await keeper.texts()) == 2
    assert await keeper.memories.count(turn.asked_by.persona_id, turn.character.id) == 2


async def test_whoever_gives_up_waiting_loses_nothing_for_the_others(keeper: Keeper, database: Database) -> None:
    one, other = await begun(database, 1), await begun(database, 2)
    impatient = asyncio.create_task(keeper.keep(one, "first"))
    patient = asyncio.create_task(keeper.keep(other, "second"))
    await asyncio.sleep(0)
    impatient.cancel()
    await patient
    assert impatient.cancelled()
    assert {"first", "second"} <= set(await keeper.texts())


async def test_what_was_just_remembered_is_recalled(keeper: Keeper, database: Database) -> None:
    turn = await begun(database)
    pair = (turn.asked_by.persona_id, turn.character.id)
    assert await keeper.memories.recall(*pair, cue("lamp"), limit=5) == ()
    await keeper.keep(turn, "The lamp burns whale oil.")
    newest = await database.value("SELECT max(id) FROM memories")
    found = await keeper.memories.recall(*pair, cue("Which oil does the lamp burn?"), limit=5, last_id=newest)
    assert found[0].episode.text == "The lamp burns whale oil."


def test_an_id_and_its_moment_lead_to_each_other() -> None:
    assert time_of(175928847299117063) == datetime(2016, 4, 30, 11, 18, 25, 796000, tzinfo=UTC)  # Discord's own example
    assert time_of(snowflake_at(DAWN, 4095)) == DAWN
    assert snowflake_at(DAWN, 1) == snowflake_at(DAWN) + 1
