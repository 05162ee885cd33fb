"""Facts in a real database: where they come from, what ends them, and who has the last word."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from inhabitants import DAWN
from memory_pairs import ELSEWHERE, GUILD, Pair, episode

from tzurot.errors import NotFound
from tzurot.memory.embed import Embedder

if TYPE_CHECKING:
    from tzurot.database.connect import Database

NOW = DAWN + timedelta(days=1)


@pytest.fixture
async def pair(database: Database) -> Pair:
    return await Pair.make(database, Embedder())


async def test_what_a_person_says_of_themselves_is_believed_with_the_words_it_came_from(pair: Pair) -> None:
    await pair.remember(episode(1, "Well, I live in Lisbon. My sister Nora plays the violin."))
    assert await pair.believed() == {"home": "Lisbon", "sister": "Nora"}
    home = next(fact for fact in await pair.facts() if fact.slot == "home")
    assert home.quotes == ("I live in Lisbon",)
    assert (home.status, home.origin, home.valid_from, home.valid_to) == (
        "current",
        "pattern",
        DAWN + timedelta(minutes=1),
        None,
    )


async def test_what_a_character_says_is_never_believed(pair: Pair) -> None:
    """The echo loop: a reply that repeats, or invents, what is remembered teaches nothing."""
    await pair.remember(
        episode(1, "I live in Lisbon."),
        episode(2, "I live in Porto. My name is Maren.", by_character=True),
        episode(3, "I live in Rome.", kind="import"),
    )
    assert await pair.believed() == {"home": "Lisbon"}


async def test_of_what_can_be_one_only_the_new_value_ends_the_old(pair: Pair) -> None:
    await pair.remember(episode(1, "I live in Lisbon. I love opera."))
    await pair.remember(episode(2, "I moved to Berlin! I love jazz."))
    assert await pair.believed() == {"home": "Berlin", "likes": "jazz"}
    facts = [(fact.slot, fact.value, fact.status, fact.valid_to) for fact in await pair.facts()]
    assert facts == [
        ("home", "Lisbon", "past", DAWN + timedelta(minutes=2)),
        ("likes", "opera", "current", None),
        ("home", "Berlin", "current", None),
        ("likes", "jazz", "current", None),
    ]
    await pair.remember(episode(0, "I live in Faro."))  # said before, learned later
    assert (await pair.believed())["home"] == "Berlin"
    await pair.remember(episode(3, "I no longer live in Berlin."))
    assert "home" not in await pair.believed()


async def test_the_same_fact_twice_is_one_with_two_quotes(pair: Pair) -> None:
    await pair.remember(episode(1, "I live in Lisbon."), episode(2, "As I said, i live in Lisbon"))
    (home,) = await pair.facts()
    assert len(home.quotes) == 2


async def test_a_correction_wins_and_the_wrong_value_does_not_come_back_in_other_words(pair: Pair) -> None:
    await pair.remember(episode(1, "I work as a nurse."))
    (wrong,) = await pair.facts()
    right = await pair.memories.facts.correct(*pair.ids, wrong.id, "baker", now=NOW)
    assert (right.value, right.locked, right.origin) == ("baker", True, "person")
    assert await pair.believed() == {"job": "baker"}
    await pair.remember(
        episode(2, "I work as a nurse."), episode(3, "I work as a hospital nurse."), episode(4, "I work as a welder.")
    )
    assert await pair.believed() == {"job": "baker"}
    assert [fact.status for fact in await pair.facts() if fact.value == "nurse"] == ["retracted"]


async def test_what_was_forgotten_is_not_learned_again_and_leaves_no_words(pair: Pair) -> None:
    await pair.remember(episode(1, "I love dark chocolate."))
    (fact,) = await pair.facts()
    await pair.memories.facts.forget(*pair.ids, fact.id)
    assert await pair.believed() == {}
    await pair.remember(episode(2, "I love chocolate!"), episode(3, "I love salted peanuts."))
    assert await pair.believed() == {"likes": "salted peanuts"}
    blocks = await pair.database.rows("SELECT slot, stems FROM blocks")
    assert [(row["slot"], b"choc" in row["stems"]) for row in blocks] == [("likes", False)]


async def test_a_locked_fact_outlives_its_line_and_its_successors(pair: Pair) -> None:
    await pair.remember(episode(1, "I live in Lisbon."))
    (home,) = await pair.facts()
    await pair.memories.facts.lock(*pair.ids, home.id, locked=True)
    await pair.remember(episode(2, "I live in Berlin."))
    async with pair.database.transaction() as connection:
        await pair.memories.drop(connection, [("p", 1), ("p", 2)])
    assert await pair.believed() == {"home": "Lisbon"}


async def test_what_a_person_writes_by_hand_is_kept(pair: Pair) -> None:
    await pair.remember(episode(1, "I live in Lisbon."))
    await pair.memories.facts.state(*pair.ids, "home", "Faro", audience=GUILD, now=NOW)
    assert await pair.believed() == await pair.believed(GUILD) == {"home": "Faro"}
    assert await pair.believed(ELSEWHERE) == {}


async def test_facts_said_in_private_are_not_spoken_of_in_public(pair: Pair) -> None:
    await pair.remember(episode(1, "I'm allergic to peanuts."), episode(2, "I live in Lisbon.", audience=GUILD))
    assert await pair.believed() == {"allergy": "peanuts", "home": "Lisbon"}
    assert await pair.believed(GUILD) == {"home": "Lisbon"}
    assert await pair.believed(ELSEWHERE) == {}
    await pair.remember(episode(3, "Yes, I'm allergic to peanuts.", audience=GUILD))
    assert await pair.believed(GUILD) == {"allergy": "peanuts", "home": "Lisbon"}


async def test_nobody_touches_the_facts_of_others(pair: Pair, database: Database) -> None:
    await pair.remember(episode(1, "I live in Lisbon."))
    (home,) = await pair.facts()
    other = await Pair.make(database, Embedder(), who="6")
    assert await other.facts() == ()
    for attempt in (
        other.memories.facts.forget(*other.ids, home.id),
        other.memories.facts.correct(*other.ids, home.id, "Rome", now=NOW),
        other.memories.facts.lock(*other.ids, home.id, locked=True),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert await pair.facts() == (home,)


async def test_a_plan_holds_until_its_time_is_over(pair: Pair) -> None:
    """It dawns on a Wednesday: what is planned for “Monday” is for the one that comes."""
    await pair.remember(
        episode(1, "I'm flying to Rome next week."),
        episode(2, "We are moving to a bigger flat some day."),
        episode(3, "I'm going to the dentist on Monday."),
        episode(4, "I was going to see Ana yesterday."),
    )
    at = {days: sorted(fact.value for fact in await pair.held(DAWN + timedelta(days=days))) for days in (0.5, 7.5, 15)}
    assert at[0.5] == ["flying to Rome next week", "going to the dentist on Monday"]
    assert at[15] == []
    assert at[7.5] == ["flying to Rome next week"]
