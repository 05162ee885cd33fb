"""What comes up, and what does not: time, speaker, place in the talk, long and short messages, and what was shown."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from inhabitants import DAWN, begun, flown
from memory_pairs import ELSEWHERE, GUILD, Pair, cue, episode

from tzurot.memory.embed import Embedder
from tzurot.memory.question import Cue
from tzurot.memory.store import Memories
from tzurot.pipeline.remember import Remember
from tzurot.pipeline.retrieval import Retrieval
from tzurot.pipeline.turn import Scene
from tzurot.settings.cascade import Cascade, Resolved
from tzurot.settings.catalog import FRESH_UNTIL, INCOGNITO_UNTIL
from tzurot.settings.setting import Tier
from tzurot.tables.messages import History
from tzurot.tables.settings import Scope, Tuned

if TYPE_CHECKING:
    from collections.abc import Generator

    from tzurot.database.connect import Database

DAY = 24 * 60
SAID = (
    episode(1, "What instrument does she play, then?", by_character=True),
    episode(2, "The violin, since she was six. Nora is the musical one."),
    episode(3 * DAY, "The ferry to the island leaves at dawn."),
    episode(4 * DAY, "I planted tomatoes behind the kitchen, next to the old well."),
    episode(5 * DAY, "My soup recipe needs saffron and a whole fennel.", by_character=True),
    episode(6 * DAY, "I dreamed of a white whale again."),
    episode(7 * DAY, "The doctor says my knee will heal by spring."),
)
MORE = 100
FOREIGN = (
    "Which quarterly tax form does a corporation file?",
    "How tall is the Eiffel Tower?",
    "hello there!",
    "ok",
    "What did Zebulon say about the parliament election?",
)


@pytest.fixture
async def pair(database: Database) -> Pair:
    made = await Pair.make(database, Embedder())
    await made.remember(*SAID)
    return made


@pytest.fixture
def swift_threads() -> Generator[None]:
    """Threads take turns so often that each meets the others in the middle of everything."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


async def first(pair: Pair, asked: Cue) -> str:
    found = await pair.memories.recall(*pair.ids, asked, limit=3)
    assert found, asked.text
    return found[0].episode.text


async def test_an_answer_is_found_by_the_words_of_its_question(pair: Pair) -> None:
    assert await first(pair, cue("Which instrument does my sister play?")) == SAID[1].text


async def test_what_is_asked_at_the_end_of_a_long_message_counts(pair: Pair) -> None:
    chatter = "What a day! The market was full, the bus was late and I lost an umbrella somewhere near the station. "
    assert await first(pair, cue(chatter + "When does the ferry leave?")) == SAID[2].text


async def test_a_very_short_message_is_read_with_what_was_said_before_it(pair: Pair) -> None:
    asked = Cue(text="And where?", now=DAWN, before=("Nice evening.", "Did I plant the tomatoes?"))
    assert await first(pair, asked) == SAID[3].text
    assert await pair.memories.recall(*pair.ids, Cue(text="And where?", now=DAWN), limit=3) == ()


async def test_the_time_that_is_asked_for_counts_in_the_askers_zone(pair: Pair) -> None:
    await pair.remember(
        episode(20 * DAY, "We ate pancakes at the harbour."), episode(21 * DAY, "We ate pancakes in the garden.")
    )
    for days, text in ((20, "harbour"), (21, "garden")):
        asked = Cue(text="Where did we eat pancakes yesterday?", now=DAWN + timedelta(days=days + 1))
        assert text in await first(pair, asked)
    # six in the morning in London is still the evening before in Honolulu
    west = Cue(
        text="Where did we eat pancakes today?",
        now=DAWN + timedelta(days=21, hours=3),
        zone=ZoneInfo("Pacific/Honolulu"),
    )
    assert "garden" in await first(pair, west)


async def test_mine_and_yours_are_told_apart(pair: Pair) -> None:
    await pair.remember(
        episode(30 * DAY, "My grandmother was born in a village by the sea."),
        episode(31 * DAY, "My grandmother was born in a village by the lake.", by_character=True),
    )
    assert "the sea" in await first(pair, cue("Where was my grandmother born?"))
    assert "the lake" in await first(pair, cue("Where was your grandmother born?"))


@pytest.mark.parametrize("text", FOREIGN)
async def test_what_has_nothing_to_do_with_anything_calls_nothing_up(pair: Pair, text: str) -> None:
    assert await pair.memories.recall(*pair.ids, cue(text), limit=5) == ()
    assert len(await pair.memories.recall(*pair.ids, cue(text), limit=5, floor=False)) == 5


async def test_doubles_are_told_once(pair: Pair) -> None:
    await pair.remember(*(episode(40 * DAY + n, "The lighthouse was painted red.") for n in range(5)))
    found = await pair.memories.recall(*pair.ids, cue("Who painted the lighthouse red?"), limit=5)
    assert [one.episode.text for one in found].count("The lighthouse was painted red.") == 1


async def test_what_was_shown_is_not_shown_again_unless_it_is_asked_for(pair: Pair) -> None:
    asked = cue("Do I still have tomatoes behind the kitchen?", place="p")
    assert SAID[3].text in {one.episode.text for one in await pair.memories.recall(*pair.ids, asked, limit=3)}
    assert await first(pair, asked) == SAID[3].text  # asked for again
    aside = cue("The kitchen window is broken again, so tell me your soup recipe with saffron and fennel", place="p")
    unshown = {one.episode.text for one in await pair.memories.recall(*pair.ids, aside, limit=7)}
    elsewhere = cue(aside.text, place="q")
    fresh = {one.episode.text for one in await pair.memories.recall(*pair.ids, elsewhere, limit=7)}
    assert fresh - unshown == {SAID[3].text}


async def test_why_a_memory_came_up_adds_up_to_its_score(pair: Pair) -> None:
    for memory in await pair.memories.recall(*pair.ids, cue("When did the doctor look at my knee?"), limit=3):
        assert memory.why["relevance"] > 0
        assert sum(part for part in memory.why.values()) == pytest.approx(memory.score, abs=1e-3)


async def test_a_fresh_turn_reads_nothing_and_an_incognito_one_leaves_nothing(database: Database) -> None:
    memories, tuned = Memories(database, Embedder()), Tuned(database)
    remember, retrieval = Remember(database, History(database), memories, Cascade(tuned)), Retrieval(memories)
    turn = await begun(database)
    ids = (turn.asked_by.persona_id, turn.character.id)
    mine = Scope(Tier.USER.key, str(turn.asked_by.user_id))
    await tuned.put(mine, INCOGNITO_UNTIL.key, 2**40)
    await remember(turn, "My name is secret.", (2,), flown(turn.id, turn.asked_by.user_id))
    assert await memories.count(*ids) == 0
    assert await database.value("SELECT count(*) FROM messages") == 0
    assert await database.value("SELECT state FROM turns") == "remembered"
    left = await database.value(
        "SELECT concat((SELECT string_agg(t::text, '') FROM turns t), (SELECT string_agg(c::text, '') FROM chunks c),"
        " (SELECT string_agg(convert_from(record, 'UTF8'), '') FROM flights))"
    )
    assert turn.incoming.utterance.text not in left
    assert "secret" not in left
    await tuned.clear(mine, INCOGNITO_UNTIL.key)
    other = await begun(database, 2)
    await remember(other, "The lamp burns whale oil.", (3,), flown(other.id, other.asked_by.user_id))
    scene = Scene(turn=await begun(database, 3), history=(), now=DAWN, settings=Resolved())
    assert len((await retrieval(scene)).memories) > 0
    fresh = replace(scene, settings=Resolved(values={FRESH_UNTIL.key: 2**40}))
    assert (await retrieval(fresh)).memories == ()


async def test_a_partition_is_searched_beside_the_loop_as_within_it(pair: Pair) -> None:
    asked = cue("Which instrument does my sister play?")
    within = await pair.memories.recall(*pair.ids, asked, limit=5)
    beside = Memories(pair.database, Embedder(), inline_rows=1)
    assert await beside.recall(*pair.ids, asked, limit=5) == within


async def test_many_ask_while_more_is_said(pair: Pair, swift_threads: None) -> None:
    asked = cue("Which instrument does my sister play?")
    beside = Memories(pair.database, Embedder(), inline_rows=1)
    await pair.remember(*(episode(8 * DAY + n, f"Verse {n} of a song about a violin.") for n in range(1000)))
    await beside.recall(*pair.ids, asked, limit=5)
    said = 0

    async def ask() -> None:
        while said < MORE:
            found = await beside.recall(*pair.ids, asked, limit=5, last_id=0)
            assert found[0].episode.text == SAID[1].text

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(ask())
        for said in range(1, MORE + 1):
            await pair.remember(episode(9 * DAY + said, f"Verse {said} again, of a song about a violin."))
            assert await beside.recall(*pair.ids, asked, limit=5)


async def test_how_long_two_have_known_each_other(database: Database) -> None:
    """What was said in private does not count before others."""
    pair = await Pair.make(database, Embedder(), who="9")
    await pair.remember(
        episode(1, "Hello."), episode(5, "Still here."), episode(3 * DAY, "Back again.", audience=GUILD)
    )
    private = await pair.memories.acquaintance(*pair.ids, cue(""))
    assert private is not None
    assert (private.days, private.since) == (2, DAWN + timedelta(minutes=1))
    public = await pair.memories.acquaintance(*pair.ids, cue("", GUILD))
    assert public is not None
    assert (public.days, public.since) == (1, DAWN + timedelta(minutes=3 * DAY))
    assert await pair.memories.acquaintance(*pair.ids, cue("", ELSEWHERE)) is None
