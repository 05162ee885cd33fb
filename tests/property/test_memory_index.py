"""The search index against the plain formulas of BM25 and cosine, written out once more and slowly."""

from __future__ import annotations

import math
import random
from collections import Counter

import numpy as np
import pytest

from tzurot.memory.embed import DIMENSIONS, Embedder, quantise, stems
from tzurot.memory.index import TAIL_ROWS, Entry, Index
from tzurot.memory.rank import FLOOR, best, fused

K1, B = 1.2, 0.75


def vector(dice: np.random.Generator) -> np.ndarray:
    raw = dice.normal(size=DIMENSIONS).astype(np.float32)
    return raw / np.linalg.norm(raw)


def world(seed: int, rows: int) -> tuple[list[list[int]], list[np.ndarray], list[Entry]]:
    """Rows of stems, some empty and some repetitive, with vectors."""
    chance, dice = random.Random(seed), np.random.default_rng(seed)
    vocabulary = [chance.randrange(2**32) for _ in range(40)] + [0, 2**32 - 1]
    words = [[chance.choice(vocabulary) for _ in range(chance.choice((0, 1, 5, 30)))] for _ in range(rows)]
    vectors = [vector(dice) for _ in range(rows)]
    entries = []
    for row, unit in zip(words, vectors, strict=True):
        packed, scale = quantise(unit)
        entries.append(Entry(stems=np.array(row, np.uint32).tobytes(), vector=packed, scale=scale))
    return words, vectors, entries


def bm25(rows: list[list[int]], query: list[int]) -> list[float]:
    """Each row's BM25 as a share of what a row could reach."""
    average = sum(map(len, rows)) / len(rows) or 1.0
    wanted = sorted(set(query))
    idf = {
        word: math.log(1 + (len(rows) - holders + 0.5) / (holders + 0.5))
        for word in wanted
        for holders in [sum(word in row for row in rows)]
    }
    scores = []
    for row in rows:
        counts = Counter(row)
        scores.append(
            sum(
                idf[word] * counts[word] / (counts[word] + K1 * (1 - B + B * len(row) / average))
                for word in wanted
                if counts[word]
            )
            / sum(idf.values())
        )
    return scores


@pytest.mark.parametrize("rows", [1, 2, 17, TAIL_ROWS - 1, TAIL_ROWS, TAIL_ROWS + 1, 700])
def test_scores_are_those_of_the_formulas(rows: int) -> None:
    words, vectors, entries = world(rows, rows)
    index = Index()
    index.add(entries)
    assert len(index) == rows
    chance, dice = random.Random(rows), np.random.default_rng(rows)
    known = sorted({word for row in words for word in row}) or [1]
    for length in (1, 3, 12):
        query = [chance.choice(known) for _ in range(length)] + [chance.randrange(2**32)] * (length % 2)
        np.testing.assert_allclose(index.lexical(np.array(query, np.uint32)), bm25(words, query), atol=1e-4)
    asked = vector(dice)
    # eight bits a dimension: each is at most half a step of the scale off
    step = max(entry.scale for entry in entries)
    cosines = [float(np.dot(unit, asked)) for unit in vectors]
    np.testing.assert_allclose(index.dense(asked), cosines, atol=step * math.sqrt(DIMENSIONS) / 2)
    restored = [np.frombuffer(entry.vector, np.int8).astype(np.float64) * entry.scale for entry in entries]
    np.testing.assert_allclose(index.dense(asked), [float(row @ asked) for row in restored], atol=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_pieces_added_one_by_one_score_as_the_whole(seed: int) -> None:
    words, _, entries = world(seed, 600)
    chance = random.Random(seed)
    whole, pieces = Index(), Index()
    whole.add(entries)
    at = 0
    while at < len(entries):
        size = chance.choice((0, 1, 2, 50, 200))
        pieces.add(entries[at : at + size])
        at += size
    query = np.array(chance.sample([word for row in words for word in row], 6), np.uint32)
    asked = vector(np.random.default_rng(seed))
    assert len(pieces) == len(whole) == 600
    np.testing.assert_allclose(pieces.lexical(query), whole.lexical(query), atol=1e-4)
    np.testing.assert_allclose(pieces.dense(asked), whole.dense(asked), atol=1e-4)
    assert whole.size_bytes > 600 * DIMENSIONS


def test_nothing_is_found_in_nothing() -> None:
    empty = Index()
    assert empty.lexical(np.array([1], np.uint32)).shape == empty.dense(np.zeros(DIMENSIONS, np.float32)).shape == (0,)
    _, _, entries = world(1, 3)
    empty.add([])
    empty.add(entries)
    assert empty.lexical(np.zeros(0, np.uint32)).tolist() == [0, 0, 0]
    silent = Index()
    silent.add([Entry(stems=b"", vector=bytes(DIMENSIONS), scale=1.0)] * 2)
    assert silent.lexical(np.array([1], np.uint32)).tolist() == [0, 0]


@pytest.mark.parametrize("seed", range(5))
def test_the_best_are_the_best_above_the_floor(seed: int) -> None:
    dice = np.random.default_rng(seed)
    lexical, dense = dice.random(200, np.float32), dice.random(200, np.float32) * 2 - 1
    scores = fused(lexical, dense)
    np.testing.assert_allclose(scores, 10 * lexical + 4 * np.maximum(dense, 0), rtol=1e-5)
    for limit in (1, 5, 199, 200, 999):
        expected = sorted((score for score in scores.tolist() if score >= FLOOR), reverse=True)[:limit]
        found = best(scores, limit)
        assert [score for _, score in found] == expected
        assert all(scores[row] == np.float32(score) for row, score in found)
    assert best(np.full(5, FLOOR - 0.01, np.float32), 3) == []


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
