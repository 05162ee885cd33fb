"""The search index against its formulas, written out once more and slowly."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tzurot.memory.embed import DIMENSIONS, Embedder, quantise
from tzurot.memory.index import COMMON_ROWS, COMMON_SHARE, SILENCE_S, TAIL_ROWS, UNWRITTEN_ROWS, Entry, Index
from tzurot.memory.rank import best
from tzurot.memory.words import stems

K1, B = 1.2, 0.75
DECAY = 0.7
MIX = {-1: 0.6, -2: 0.36, 1: 0.3}


def vector(dice: np.random.Generator) -> np.ndarray:
    raw = dice.normal(size=DIMENSIONS).astype(np.float32)
    return raw / np.linalg.norm(raw)


class World:
    """Rows of stems, some empty and some repetitive, said in two places with silences between."""

    def __init__(self, seed: int, rows: int) -> None:
        chance, dice = random.Random(seed), np.random.default_rng(seed)
        vocabulary = [chance.randrange(2**32) for _ in range(40)] + [0, 2**32 - 1]
        self.words = [[chance.choice(vocabulary) for _ in range(chance.choice((0, 1, 5, 30)))] for _ in range(rows)]
        self.vectors = [vector(dice) for _ in range(rows)]
        self.entries: list[Entry] = []
        now = 0.0
        for row, unit in zip(self.words, self.vectors, strict=True):
            now += chance.choice((10.0, 60.0, 2 * SILENCE_S))
            packed, scale = quantise(unit)
            place = chance.choice("aab")
            words = np.array(row, np.uint32).tobytes()
            self.entries.append(Entry(stems=words, vector=packed, scale=scale, place=place, said_at=now))

    def neighbours(self, row: int) -> dict[int, int]:
        """Steps to rows of the same conversation: -1 is the one before."""
        talk = [at for at, entry in enumerate(self.entries) if entry.place == self.entries[row].place]
        here, found = talk.index(row), {0: row}
        for sign in (-1, 1):
            for step in (1, 2, 3):
                one, other = here + sign * (step - 1), here + sign * step
                if not 0 <= other < len(talk):
                    break
                if abs(self.entries[talk[one]].said_at - self.entries[talk[other]].said_at) > SILENCE_S:
                    break
                found[sign * step] = talk[other]
        return found

    def shares(self, query: list[int]) -> list[list[float]]:
        """For each word its BM25 share in every row's window."""
        windows: list[Counter[int]] = []
        for row in range(len(self.words)):
            window: Counter[int] = Counter()
            for step, other in self.neighbours(row).items():
                for word in self.words[other]:
                    window[word] += DECAY ** abs(step)  # type: ignore[assignment]
            windows.append(window)
        lengths = [sum(window.values()) for window in windows]
        average = sum(lengths) / len(lengths) or 1.0
        return [
            [
                window[word] / (window[word] + K1 * (1 - B + B * length / average)) if window[word] else 0.0
                for window, length in zip(windows, lengths, strict=True)
            ]
            for word in query
        ]

    def cosines(self, asked: np.ndarray) -> list[float]:
        found = []
        for row in range(len(self.words)):
            mixed = self.vectors[row].copy()
            for step, other in self.neighbours(row).items():
                mixed += MIX.get(step, 0) * self.vectors[other]
            found.append(float(mixed @ asked / np.linalg.norm(mixed)))
        return found


def index_of(entries: list[Entry]) -> Index:
    index = Index(DIMENSIONS)
    index.add(entries)
    return index


@pytest.mark.parametrize("rows", [1, 2, 17, TAIL_ROWS - 1, TAIL_ROWS, TAIL_ROWS + 1, 700])
def test_scores_are_those_of_the_formulas(rows: int) -> None:
    world = World(rows, rows)
    index = index_of(world.entries)
    assert len(index) == rows
    chance, dice = random.Random(rows), np.random.default_rng(rows)
    known = sorted({word for row in world.words for word in row}) or [1]
    for length in (1, 3, 12):
        query = sorted({*(chance.choice(known) for _ in range(length)), chance.randrange(2**32)})
        matches = index.match(np.array(query, np.uint32))
        shares = world.shares(query)
        own = [sum(word in row for row in world.words) for word in query]
        holders = [sum(share > 0 for share in word) for word in shares]
        for at, held in enumerate(own):
            if held > max(COMMON_ROWS, rows // COMMON_SHARE):  # too common to tell anything
                shares[at], holders[at] = [0.0] * rows, min(7 * held, rows)
        np.testing.assert_allclose(matches.shares, shares, atol=1e-4)
        assert matches.holders == holders
        idf = [math.log(1 + (rows + UNWRITTEN_ROWS - held + 0.5) / (held + 0.5)) for held in holders]
        np.testing.assert_allclose(matches.idf, idf, rtol=1e-4)
    asked = vector(dice)
    np.testing.assert_allclose(index.dense(asked[None])[0], world.cosines(asked), atol=0.02)  # eight bits a dimension


@pytest.mark.parametrize("seed", range(5))
def test_pieces_added_one_by_one_score_as_the_whole(seed: int) -> None:
    world = World(seed, 900)
    chance = random.Random(seed)
    whole, pieces = index_of(world.entries), Index(DIMENSIONS)
    at = 0
    while at < len(world.entries):
        size = chance.choice((0, 1, 2, 2, 50, 300))
        pieces.add(world.entries[at : at + size])
        at += size
    query = np.unique(np.array(chance.sample([word for row in world.words for word in row], 6), np.uint32))
    asked = vector(np.random.default_rng(seed))[None]
    assert len(pieces) == len(whole) == 900
    np.testing.assert_allclose(pieces.match(query).shares, whole.match(query).shares, atol=1e-5)
    assert pieces.match(query).holders == whole.match(query).holders
    np.testing.assert_allclose(pieces.dense(asked), whole.dense(asked), atol=5e-3)  # rounded once more
    np.testing.assert_array_equal(pieces.before, whole.before)
    assert whole.size_bytes > 900 * DIMENSIONS


def test_nothing_is_found_in_nothing() -> None:
    empty = Index(DIMENSIONS)
    assert empty.match(np.array([1], np.uint32)).shares.shape == (1, 0)
    assert empty.dense(np.zeros((1, DIMENSIONS), np.float32)).shape == (1, 0)
    empty.add([])
    empty.add(World(1, 3).entries)
    assert empty.match(np.zeros(0, np.uint32)).shares.shape == (0, 3)
    silent = index_of([Entry(stems=b"", vector=bytes(DIMENSIONS), scale=1.0)] * 2)
    assert silent.match(np.array([1], np.uint32)).shares.tolist() == [[0, 0]]
    assert silent.dense(np.zeros((1, DIMENSIONS), np.float32)).tolist() == [[0, 0]]


def test_rows_know_before_whom_they_were_said() -> None:
    entries = World(1, 4).entries
    index = index_of([replace(entry, audience=name) for entry, name in zip(entries, "xyxz", strict=True)])
    assert index.heard_by("x").tolist() == [True, False, True, False]
    assert not index.heard_by("nobody").any()


@pytest.mark.parametrize("seed", range(5))
def test_the_best_are_the_best_and_never_what_is_left_out(seed: int) -> None:
    scores = np.random.default_rng(seed).random(200, np.float32)
    scores[::7] = -np.inf
    for limit in (1, 5, 199, 200, 999):
        expected = sorted((score for score in scores.tolist() if math.isfinite(score)), reverse=True)[:limit]
        assert scores[best(scores, limit)].tolist() == expected
    assert best(np.full(5, -np.inf, np.float32), 3) == []


def test_texts_become_unit_vectors_and_stems_of_any_script() -> None:
    embedder = Embedder()
    vectors = embedder.encode(["the violin", "", "バイオリン", "x " * 50_000])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 0, 1, 1], atol=1e-4)
    packed, scale = quantise(vectors[0])
    np.testing.assert_allclose(np.frombuffer(packed, np.int8) * scale, vectors[0], atol=scale / 2 + 1e-7)
    assert quantise(vectors[1]) == (bytes(DIMENSIONS), 1.0)
    assert stems("Violins, VIOLIN violin's").tolist()[:2] == stems("violin violin").tolist()
    assert stems("the and of").size == 0
    assert set(stems("東京").tolist()) < set(stems("東京都庁").tolist())
    assert stems("I went; we bought").tolist() == stems("going, buying").tolist()
