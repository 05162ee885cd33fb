"""The ledger and the flight recorder in a real database: entered once, spoken safely, owed until ended."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from inhabitants import HARBOUR, character_id, entered, flown, ida, incoming, said

from tzurot.errors import NotFound
from tzurot.tables.flights import Flights
from tzurot.tables.messages import History
from tzurot.tables.turns import CROCKFORD, Accepted, Chunk, Ledger, id_of, reference_of
from tzurot.talk import Place

if TYPE_CHECKING:
    from tzurot.database.connect import Database

HOUR = timedelta(hours=1)


async def accept(database: Database, number: int = 1, slug: str = "maren", kind: str = "message") -> Accepted | None:
    person = await ida(database)
    return await Ledger(database).accept(
        incoming(number),
        origin_kind="interaction" if kind == "interaction" else "message",
        character_id=await character_id(database, slug),
        reason="mention",
        user_id=person.user_id,
        persona_id=person.persona_id,
    )


async def state_of(database: Database, turn_id: int) -> tuple[str, bool]:
    row = await database.row("SELECT state, ended_at IS NOT NULL AS ended FROM turns WHERE id = $1", turn_id)
    assert row is not None
    return row["state"], row["ended"]


async def chunks_of(database: Database, turn_id: int) -> list[tuple[str, str, int | None]]:
    rows = await database.rows("SELECT * FROM chunks WHERE turn_id = $1 ORDER BY position", turn_id)
    return [(row["text"], row["state"], row["message_id"]) for row in rows]


async def test_an_event_that_arrives_again_is_no_second_turn(database: Database) -> None:
    first = await accept(database)
    assert first is not None
    assert await accept(database) is None
    await Ledger(database).end(first.id, "failed")
    assert await accept(database) is None  # not after its end either
    for other in (
        await accept(database, 2),
        await accept(database, 1, "quill"),
        await accept(database, kind="interaction"),
    ):
        assert other is not None


async def test_of_fifty_at_once_one_is_entered(database: Database) -> None:
    await ida(database)
    entries = await asyncio.gather(*(accept(database) for _ in range(50)))
    assert sum(entry is not None for entry in entries) == 1
    assert await database.value("SELECT count(*) FROM turns") == 1


async def test_a_turn_knows_the_newest_line_and_memory_when_it_was_entered(database: Database) -> None:
    first = await accept(database, 1)
    assert first is not None
    assert (first.last_line_id, first.last_memory_id) == (0, 0)
    async with database.transaction() as connection:
        await History.keep(connection, [said(1, "Ahoy."), said(2, "elsewhere", place="discord:8")])
    newest = await database.value("SELECT id FROM messages WHERE place = $1", HARBOUR.key)
    second = await accept(database, 2)
    assert second is not None
    assert second.last_line_id == newest


async def test_a_reply_is_kept_whole_before_it_is_said(database: Database) -> None:
    ledger, turn = Ledger(database), await entered(database)
    assert await state_of(database, turn.id) == ("accepted", False)
    await ledger.speak(turn.id, "Maren ✦", ["one", "two", "three"])
    assert await state_of(database, turn.id) == ("posting", False)
    assert await chunks_of(database, turn.id) == [
        ("one", "planned", None), ("two", "known", None), ("three", "known", None)
    ]  # fmt: skip
    await ledger.posted(turn.id, 0, 1001)
    await ledger.posted(turn.id, 1, 1002)
    assert await chunks_of(database, turn.id) == [
        ("one", "posted", 1001), ("two", "posted", 1002), ("three", "planned", None)
    ]  # fmt: skip
    async with database.transaction() as connection:
        await ledger.close(connection, [(turn.id, "remembered", 1003)])
    assert (await chunks_of(database, turn.id))[2] == ("three", "posted", 1003)
    assert await state_of(database, turn.id) == ("remembered", True)


async def test_an_end_without_words_leaves_what_was_planned(database: Database) -> None:
    ledger, turn = Ledger(database), await entered(database)
    await ledger.speak(turn.id, "Maren", ["one", "two"])
    await ledger.end(turn.id, "failed")
    assert await state_of(database, turn.id) == ("failed", True)
    assert [state for _, state, _ in await chunks_of(database, turn.id)] == ["planned", "known"]


async def test_who_spoke_is_known_by_every_message(database: Database) -> None:
    ledger, turn, other = Ledger(database), await entered(database, 1), await entered(database, 2, "quill")
    for one, first in ((turn, 1001), (other, 2001)):
        await ledger.speak(one.id, "a mask", ["one", "two"])
        await ledger.posted(one.id, 0, first)
        await ledger.posted(one.id, 1, first + 1)
    assert await ledger.speaker_of(1002) == (turn.character_id, "Maren")
    assert await ledger.speaker_of(2001) == (other.character_id, "Quill")
    assert await ledger.speaker_of(3001) is None


async def test_the_last_character_of_a_place_is_the_one_that_was_heard(database: Database) -> None:
    ledger = Ledger(database)
    assert await ledger.last_character(HARBOUR) is None
    spoke, failed = await entered(database, 1), await entered(database, 2, "quill")
    await ledger.end(spoke.id, "remembered")
    await ledger.end(failed.id, "failed")
    assert await ledger.last_character(HARBOUR) == spoke.character_id
    assert await ledger.last_character(Place(front="discord", channel_id=70, kind="guild")) is None


async def test_what_no_process_finished_is_owed_as_it_was_asked(database: Database) -> None:
    ledger = Ledger(database)
    silent, half, ended, old = [await entered(database, number) for number in (1, 2, 3, 4)]
    await ledger.speak(half.id, "Maren ✦", ["one", 'two "quoted", (brackets) \\ {braces}', ""])
    await ledger.posted(half.id, 0, 1001)
    await ledger.end(ended.id, "remembered")
    await database.execute("UPDATE turns SET accepted_at = now() - interval '2 hours' WHERE id = $1", old.id)
    first, second = await ledger.owed("discord", HOUR)
    assert (first.turn.id, first.state, first.voice, first.chunks) == (silent.id, "accepted", "", ())
    assert first.turn.incoming == incoming(1)
    assert (first.turn.last_line_id, first.turn.last_memory_id) == (None, None)
    assert (second.turn.id, second.state, second.voice) == (half.id, "posting", "Maren ✦")
    assert second.chunks == (
        Chunk(position=0, text="one", state="posted", message_id=1001),
        Chunk(position=1, text='two "quoted", (brackets) \\ {braces}', state="planned"),
        Chunk(position=2, text="", state="known"),
    )
    assert await ledger.owed("terminal", HOUR) == ()
    assert [owed.turn.id for owed in await ledger.owed("discord", 3 * HOUR)] == [silent.id, half.id, old.id]


async def test_what_was_said_is_owed_word_for_word(database: Database) -> None:
    person = await ida(database)
    texts = [r"what is \u0000 ?", 'quotes " and \\ and 🎏', "{curly}", "  "]
    for number, text in enumerate(texts):
        await Ledger(database).accept(
            incoming(number, text),
            origin_kind="message",
            character_id=await character_id(database),
            reason="dm",
            user_id=person.user_id,
            persona_id=person.persona_id,
        )
    owed = await Ledger(database).owed("discord", HOUR)
    assert [one.turn.incoming.utterance.text for one in owed] == texts


async def test_a_turn_of_a_character_that_is_gone_is_refused_with_a_sentence(database: Database) -> None:
    person = await ida(database)
    with pytest.raises(NotFound, match="no longer exists"):
        await Ledger(database).accept(
            incoming(),
            origin_kind="message",
            character_id=999_999,
            reason="dm",
            user_id=person.user_id,
            persona_id=person.persona_id,
        )


# References


@settings(derandomize=True, deadline=None, database=None)
@given(st.integers(0, 2**63 - 1), st.booleans())
@example(0, True)
@example(2**63 - 1, True)
def test_a_reference_leads_back_to_its_turn(turn_id: int, upper: bool) -> None:
    reference = reference_of(turn_id)
    assert len(reference) >= 4
    assert set(reference) <= set(CROCKFORD)
    typed = reference if upper else reference.lower()
    assert id_of(typed) == id_of(f"  {typed[:2]}-{typed[2:]} ") == turn_id


def test_letters_that_look_alike_are_forgiven() -> None:
    assert reference_of(32 * 32) == "0100"
    for typed in ("0100", "O1OO", "oIoo", "olOo", "o-l-0-0"):
        assert id_of(typed) == 1024


@pytest.mark.parametrize(
    "typed", ["", " ", "-", "U", "01U0", "é", "٣", "0" * 14, "ZZZZZZZZZZZZZ", "80000000000000", "#1"]
)
def test_what_is_no_reference_leads_nowhere(typed: str) -> None:
    assert id_of(typed) is None


# Flights


async def test_a_flight_is_shown_to_its_passenger_alone(database: Database) -> None:
    flights, turn, later = Flights(database), await entered(database, 1), await entered(database, 2)
    other = await ida(database, "6", "Otto")
    async with database.transaction() as connection:
        await flights.keep(connection, [flown(one.id, one.user_id) for one in (turn, later)])
    last = await flights.find(turn.user_id)
    assert last is not None
    assert (last.turn_id, last.model, last.cost_usd) == (later.id, "m", 0.000125)
    assert last.record == flown(1, 1).record
    named = await flights.find(turn.user_id, turn.id)
    assert named is not None
    assert named.turn_id == turn.id
    assert await flights.find(other.user_id) is None
    assert await flights.find(other.user_id, turn.id) is None
    assert await flights.find(turn.user_id, 999) is None


async def test_a_second_flight_of_a_turn_replaces_the_first(database: Database) -> None:
    flights, turn = Flights(database), await entered(database)
    for model in ("first", "x" * 400):
        async with database.transaction() as connection:
            await flights.keep(connection, [flown(turn.id, turn.user_id, model)])
    kept = await flights.find(turn.user_id)
    assert kept is not None
    assert kept.model == "x" * 255
    assert await database.value("SELECT count(*) FROM flights") == 1


async def test_flights_of_long_ago_are_forgotten(database: Database) -> None:
    flights, old, young = Flights(database), await entered(database, 1), await entered(database, 2)
    async with database.transaction() as connection:
        await flights.keep(connection, [flown(one.id, one.user_id) for one in (old, young)])
    await database.execute("UPDATE flights SET flown_at = now() - interval '73 hours' WHERE turn_id = $1", old.id)
    await flights.prune(timedelta(days=3))
    assert await flights.find(old.user_id, old.id) is None
    assert await flights.find(young.user_id, young.id) is not None
