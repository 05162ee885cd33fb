"""Exact search over one partition in memory: BM25 postings and unit vectors, in segments that only ever grow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tzurot.memory.embed import DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

K1 = 1.2
B = 0.75
TAIL_ROWS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One memory as it is searched: `stems` as `embed.stems` gives them, `vector` int8 times `scale`."""

    stems: bytes
    vector: bytes
    scale: float


class Segment:
    """Some rows, sealed: postings sorted by stem, then row."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = tuple(entries)
        stems = [np.frombuffer(entry.stems, np.uint32) for entry in entries]
        self.lengths = np.array([len(row) for row in stems], np.float32)
        rows = np.repeat(np.arange(len(stems), dtype=np.uint64), self.lengths.astype(np.int64))
        words = np.concatenate(stems).astype(np.uint64) if stems else np.zeros(0, np.uint64)
        pairs, counts = np.unique((words << np.uint64(32)) | rows, return_counts=True)
        self._rows = (pairs & np.uint64(0xFFFFFFFF)).astype(np.int32)
        self._counts = counts.astype(np.float32)
        self._words, self._starts = np.unique((pairs >> np.uint64(32)).astype(np.uint32), return_index=True)
        quantised = np.frombuffer(b"".join(entry.vector for entry in entries), np.int8)
        scales = np.array([entry.scale for entry in entries], np.float32)
        self.vectors = quantised.reshape(-1, DIMENSIONS).astype(np.float32) * scales[:, None]

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def size_bytes(self) -> int:
        arrays = (self._rows, self._counts, self._words, self._starts, self.vectors, self.lengths)
        return sum(array.nbytes for array in arrays) + sum(
            len(entry.stems) + len(entry.vector) for entry in self.entries
        )

    def postings(self, word: np.uint32) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The rows that hold a stem, and how often."""
        at = int(np.searchsorted(self._words, word))
        if at == len(self._words) or self._words[at] != word:
            return self._rows[:0], self._counts[:0]
        end = self._starts[at + 1] if at + 1 < len(self._starts) else len(self._rows)
        return self._rows[self._starts[at] : end], self._counts[self._starts[at] : end]


class Index:
    """All rows of a partition in the order they were added: a sealed segment and a short tail that is rebuilt."""

    def __init__(self) -> None:
        self._sealed = Segment(())
        self._tail = Segment(())

    def __len__(self) -> int:
        return len(self._sealed) + len(self._tail)

    @property
    def size_bytes(self) -> int:
        return self._sealed.size_bytes + self._tail.size_bytes

    def add(self, entries: Sequence[Entry]) -> None:
        """Append rows. 2,000 at once take about 10 ms; a few at a time well under one."""
        tail = [*self._tail.entries, *entries]
        if len(tail) > TAIL_ROWS:
            self._sealed, tail = Segment([*self._sealed.entries, *tail]), []
        self._tail = Segment(tail)

    def _segments(self) -> tuple[tuple[Segment, int], ...]:
        """Each segment with the number of its first row."""
        return (self._sealed, 0), (self._tail, len(self._sealed))

    def lexical(self, words: NDArray[np.uint32]) -> NDArray[np.float32]:
        """BM25 of every row, as a share of what a row could reach (0 to 1); an unseen word counts as the rarest."""
        total = len(self)
        scores = np.zeros(total, np.float32)
        if not total or not len(words):
            return scores
        average = float(self._sealed.lengths.sum() + self._tail.lengths.sum()) / total or 1.0
        best = 0.0
        for word in np.unique(words):
            found = [(segment, offset, *segment.postings(word)) for segment, offset in self._segments()]
            holders = sum(len(rows) for *_, rows, _ in found)
            idf = float(np.log1p((total - holders + 0.5) / (holders + 0.5)))
            best += idf * (K1 + 1)
            for segment, offset, rows, counts in found:
                length = segment.lengths[rows] / average
                scores[rows + offset] += idf * counts * (K1 + 1) / (counts + K1 * (1 - B + B * length))
        return scores / best

    def dense(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosine of every row to a unit vector."""
        return np.concatenate([part.vectors @ query for part, _ in self._segments()], dtype=np.float32)
