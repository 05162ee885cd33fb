"""What is tidied up at night: nothing is lost by it, and every step can be undone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from inhabitants import DAWN
from memory_pairs import Pair, episode

from tzurot.errors import NotFound
from tzurot.memory.dream import Dreams
from tzurot.memory.embed import Embedder

if TYPE_CHECKING:
    from tzurot.database.connect import Database

NIGHT = DAWN + timedelta(days=20)
LINES = ("A locked line about a walrus.", "I live in Lisbon.", "The oldest plain line, of a badger.", "A newer line.")


@pytest.fixture
async def pair(database: Database) -> Pair:
    return await Pair.make(database, Embedder())


async def steps(pair: Pair, dreams: Dreams) -> list[tuple[str, int]]:
    return [(step.step, step.count) for step in await dreams.steps(*pair.ids)]


async def test_what_is_beyond_a_quota_is_put_away_and_can_come_back(pair: Pair) -> None:
    """Locked lines stay, then those that a fact was read from, then the newest."""
    await pair.remember(*(episode(100 * number, text) for number, text in enumerate(LINES, 1)))
    await pair.forgetting.set_lock(*pair.ids, [await pair.id_of(LINES[0])], locked=True)
    assert await pair.texts("badger") == {LINES[2]}
    dreams = Dreams(pair.database, pair.memories, quota=3)
    assert await dreams.dream(*pair.ids, NIGHT) == 1
    assert await pair.texts("badger") == set()
    assert await Dreams(pair.database, pair.memories, quota=0).dream(*pair.ids, NIGHT) == 2
    assert await pair.texts("walrus") == {LINES[0]}
    assert await pair.rows("memories") == 4
    assert await pair.believed() == {"home": "Lisbon"}
    assert await steps(pair, dreams) == [("quota", 2), ("quota", 1)]
    oldest = (await dreams.steps(*pair.ids))[-1]
    assert await dreams.undo(*pair.ids, oldest.id, NIGHT) == 1
    assert await pair.texts("badger") == {LINES[2]}
    assert await dreams.dream(*pair.ids, NIGHT) == 0, "what was brought back is not put away again"
    with pytest.raises(NotFound):
        await dreams.undo(*pair.ids, oldest.id, NIGHT)


async def test_of_doubles_one_stays(pair: Pair) -> None:
    text = "The ferry to the island leaves at dawn."
    await pair.remember(
        *(episode(100 * n, text) for n in (1, 2, 3)), episode(900, "Good night!"), episode(950, "Good night!")
    )
    dreams = Dreams(pair.database, pair.memories)
    assert await dreams.dream(*pair.ids, NIGHT) == 2
    (found,) = await pair.recall("When does the ferry leave?")
    assert found.episode.origin_id == episode(300, text).origin_id, "the newest"
    assert await steps(pair, dreams) == [("doubles", 2)], "greetings are alike by chance"
    assert await dreams.dream(*pair.ids, NIGHT) == 0


async def test_plans_that_are_over_end_and_an_undone_one_stays(pair: Pair) -> None:
    await pair.remember(episode(1, "I'm flying to Rome next week."))
    dreams = Dreams(pair.database, pair.memories)
    assert await dreams.dream(*pair.ids, DAWN + timedelta(days=2)) == 0
    assert await dreams.dream(*pair.ids, NIGHT) == 1
    assert await pair.believed() == {}
    (step,) = await dreams.steps(*pair.ids)
    assert await dreams.undo(*pair.ids, step.id, NIGHT) == 1
    assert await pair.believed() == {"plan": "flying to Rome next week"}
    assert await dreams.dream(*pair.ids, NIGHT + timedelta(days=1)) == 0


async def test_a_night_begins_where_the_last_one_ended(pair: Pair, database: Database) -> None:
    other = await Pair.make(database, Embedder(), who="6")
    text = "The ferry to the island leaves at dawn."
    await pair.remember(episode(1, text), episode(2, text))
    dreams = Dreams(database, pair.memories)
    assert (await dreams.night(0, NIGHT))[0] == 1
    count, newest = await dreams.night(0, NIGHT)
    await other.remember(episode(3, text), episode(4, text))
    assert (count, await dreams.night(newest, NIGHT)) == (0, (1, newest + 2))
    assert await steps(pair, dreams) == [("doubles", 1)]
    (step,) = await dreams.steps(*other.ids)
    with pytest.raises(NotFound):
        await dreams.undo(*pair.ids, step.id, NIGHT)
