"""Exact search over one partition in memory: postings of stems and vectors of what was being talked about.

A chat line says little by itself: the line before it holds the question, the one before that the subject. So a word
counts for the lines around it too (a little less with every step), and a line's vector is mixed with those of its
neighbours. Neighbours are lines of the same place with no long silence between.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log1p
from typing import TYPE_CHECKING, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Rows = NDArray[np.int32]
    Counts = NDArray[np.float32]

K1 = 1.2
B = 0.75
REACH = 3  # how many lines before and after a word counts for
KERNEL = np.array([1.0, *(0.7**step for step in (1, 2, 3)), *(0.7**step for step in (1, 2, 3))], np.float32)
BEFORE, BEFORE_THAT, AFTER = np.float32(0.6), np.float32(0.36), np.float32(0.3)
SILENCE_S = 45 * 60.0
# as if so many more lines were there without any of the words: in a young partition no word is common yet
UNWRITTEN_ROWS = 200
# a stem that more rows have says nothing about any of them, and costs the most
COMMON_ROWS, COMMON_SHARE = 64, 6
TAIL_ROWS = 256
DENSE_ROWS = 256  # made numbers that can be multiplied so many at a time, they leave room in the processor's cache
CHUNK_ROWS = 256  # what is computed on the way to a row is large, and is not kept
NOBODY = -1
NOWHERE = slice(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One memory as it is searched: `stems` as `words.stems` gives them, `vector` int8 times `scale`; times in s."""

    stems: bytes
    vector: bytes
    scale: float
    place: str = ""
    audience: str = ""
    said_at: float = 0.0
    about: tuple[float, float] | None = None
    by_character: bool = False
    traits: int = 0


@dataclass(frozen=True, slots=True)
class Matches:
    """For each stem asked for (in order): its weight, how many rows know it, and its share in every row, 0 to 1."""

    idf: Sequence[float]
    holders: Sequence[int]
    shares: NDArray[np.float32]


def _begins(values: NDArray[np.generic]) -> NDArray[np.intp]:
    """Where each distinct value of a sorted array begins. (np.unique can do it too, with 2 MB of numpy.ma.)"""
    differs = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=differs[1:])
    return np.flatnonzero(differs)


class Segment:
    """Some rows, sealed: postings sorted by stem, then row. Rows are numbered from `first`."""

    def __init__(self, stems: Sequence[bytes], first: int) -> None:
        self.first, self.size = first, len(stems)
        found = [np.frombuffer(row, np.uint32) for row in stems]
        lengths = np.array([len(row) for row in found], np.int64)
        rows = np.repeat(np.arange(len(found), dtype=np.uint64), lengths)
        words = np.concatenate(found).astype(np.uint64) if found else np.zeros(0, np.uint64)
        pairs = np.sort((words << np.uint64(32)) | rows)
        begins = _begins(pairs)
        pairs = pairs[begins]
        self._rows = (pairs & np.uint64(0xFFFFFFFF)).astype(np.int32) + np.int32(first)
        self._counts = np.diff(begins, append=len(words)).astype(np.float32)
        every_word = (pairs >> np.uint64(32)).astype(np.uint32)
        starts = _begins(every_word)
        self._words = every_word[starts]
        self._starts = np.append(starts, len(pairs))
        self.size_bytes = sum(array.nbytes for array in (self._rows, self._counts, self._words, self._starts))

    def spans(self, words: NDArray[np.uint32]) -> list[slice]:
        """Where the postings of each stem are; nowhere for those that no row has."""
        starts = self._starts
        return [
            slice(starts.item(at), starts.item(at + 1))
            if at < len(self._words) and self._words.item(at) == word
            else NOWHERE
            for word, at in zip(words.tolist(), self._words.searchsorted(words).tolist(), strict=True)
        ]

    def postings(self, span: slice) -> tuple[Rows, Counts]:
        """The rows that have a stem, and how often each has it."""
        return self._rows[span], self._counts[span]


class Index:
    """All rows of a partition in the order they were added. One caller at a time: a search must not meet half a row."""

    def __init__(self, dimensions: int) -> None:
        self._count = 0
        self._stems: list[bytes] = []
        self._stem_bytes = 0
        self._segments: list[Segment] = []
        self._codes: dict[str, int] = {}
        self._last: dict[str, int] = {}  # the newest row of a place
        self._late: dict[int, NDArray[np.float32]] = {}  # own vectors of rows that may yet be looked back at
        self._previous = np.full(1, NOBODY, np.int32)  # one slot more than rows: what NOBODY points at
        self._next = np.full(1, NOBODY, np.int32)
        self._near = np.zeros((0, 1 + 2 * REACH), np.int32)
        self._lengths = np.zeros(0, np.float32)
        self._reached = np.zeros(0, np.float32)  # lengths with those of the neighbours
        self._vectors = np.zeros((0, dimensions), np.int8)
        self._scales = np.zeros(0, np.float32)
        self._factors = np.zeros(0, np.float32)  # what makes a cosine of a product with a vector
        self._damping = np.zeros(0, np.float32)  # BM25's saturation, by length
        self._said = np.zeros(0)
        self._about = np.zeros((0, 2))
        self._traits = np.zeros(0, np.int16)
        self._by_character = np.zeros(0, np.bool_)
        self._audiences = np.zeros(0, np.int16)

    def __len__(self) -> int:
        return self._count

    @property
    def size_bytes(self) -> int:
        arrays = (self._near, self._vectors, self._said, self._about, self._lengths, self._reached, self._factors)
        return (
            sum(array.nbytes for array in arrays)
            + sum(segment.size_bytes for segment in self._segments)
            + self._stem_bytes
            + 16 * self._count
        )

    @property
    def said(self) -> NDArray[np.float64]:
        """When each row was said, in seconds."""
        return self._said[: self._count]

    @property
    def about(self) -> NDArray[np.float64]:
        """The time each row speaks of, from and to, in seconds; NaN where it names none."""
        return self._about[: self._count]

    @property
    def traits(self) -> NDArray[np.int16]:
        return self._traits[: self._count]

    @property
    def by_character(self) -> NDArray[np.bool_]:
        return self._by_character[: self._count]

    @property
    def lengths(self) -> NDArray[np.float32]:
        """How many stems each row has."""
        return self._lengths[: self._count]

    @property
    def before(self) -> NDArray[np.int32]:
        """The row before each in the same conversation, or -1."""
        return self._previous[: self._count]

    def stems(self, row: int) -> bytes:
        return self._stems[row]

    def heard_by(self, audience: str) -> NDArray[np.bool_]:
        """Which rows were said before that audience."""
        return self._audiences[: self._count] == self._codes.get(audience, NOBODY)

    def add(self, entries: Sequence[Entry]) -> None:
        """Append rows."""
        if not entries:
            return
        first, count = self._count, self._count + len(entries)
        self._grow(count)
        for start in range(0, len(entries), CHUNK_ROWS):
            self._fill(entries[start : start + CHUNK_ROWS], first + start)
        self._seal(count)
        self._count = count
        reached = self._reached[:count]
        self._damping = K1 * (1 - B + B * reached / (float(reached.mean()) or 1.0))

    def _fill(self, entries: Sequence[Entry], first: int) -> None:
        """The columns of some new rows, and what they change in the rows before them."""
        new = slice(first, first + len(entries))
        self._stems += [entry.stems for entry in entries]
        self._stem_bytes += sum(len(entry.stems) for entry in entries)
        self._lengths[new] = [len(entry.stems) // 4 for entry in entries]
        self._said[new] = [entry.said_at for entry in entries]
        self._about[new] = [entry.about or (np.nan, np.nan) for entry in entries]
        self._traits[new] = [entry.traits for entry in entries]
        self._by_character[new] = [entry.by_character for entry in entries]
        self._audiences[new] = [self._codes.setdefault(entry.audience, len(self._codes)) for entry in entries]
        self._link(entries, first)
        touched = np.sort(self._reachable(np.arange(first, first + len(entries))), axis=None)
        touched = touched[_begins(touched)]
        touched = touched[touched != NOBODY]
        near = self._near[touched] = self._reachable(touched)
        self._reached[touched] = (np.where(near == NOBODY, 0, self._lengths[near]) * KERNEL).sum(axis=1)
        self._mix(entries, first)

    def _grow(self, count: int) -> None:
        """Room for so many rows; arrays are replaced and not resized, because what was found may hold the old ones."""
        room = len(self._lengths)
        if count <= room:
            return
        more = max(count + 32, count + count // 8) - room

        def grown(array: NDArray[np.generic]) -> NDArray[np.generic]:
            return np.concatenate([array, np.zeros((more, *array.shape[1:]), array.dtype)])

        for name in (
            "near",
            "lengths",
            "reached",
            "vectors",
            "scales",
            "factors",
            "said",
            "about",
            "traits",
            "by_character",
        ):
            setattr(self, f"_{name}", grown(getattr(self, f"_{name}")))
        self._audiences = np.concatenate([self._audiences, np.zeros(more, np.int16)])
        nobody = np.full(more, NOBODY, np.int32)
        self._previous = np.concatenate([self._previous, nobody])
        self._next = np.concatenate([self._next, nobody])

    def _link(self, entries: Sequence[Entry], first: int) -> None:
        for row, entry in enumerate(entries, first):
            last = self._last.get(entry.place)
            if last is not None and abs(entry.said_at - self._said[last]) <= SILENCE_S:
                self._previous[row] = last
                self._next[last] = row
            self._last[entry.place] = row

    def _reachable(self, rows: NDArray[np.integer]) -> NDArray[np.int32]:
        """For each row: itself, the three before and the three after it, NOBODY where there is none."""
        found = np.empty((len(rows), 1 + 2 * REACH), np.int32)
        found[:, 0] = rows
        for column, links in ((1, self._previous), (1 + REACH, self._next)):
            at = rows
            for step in range(REACH):
                at = links[at]
                found[:, column + step] = at
        return found

    def _mix(self, entries: Sequence[Entry], first: int) -> None:
        """A row's vector is its own, those of two rows before, and that of the row after once there is one."""
        quantised = np.frombuffer(b"".join(entry.vector for entry in entries), np.int8).reshape(len(entries), -1)
        own = quantised.astype(np.float32) * np.array([entry.scale for entry in entries], np.float32)[:, None]
        rows = np.arange(first, first + len(entries))
        mixed, back = own.copy(), rows
        for weight in (BEFORE, BEFORE_THAT):
            back = self._previous[back]
            inside = back >= first
            mixed[inside] += weight * own[back[inside] - first]
            for row in np.flatnonzero((back != NOBODY) & ~inside).tolist():
                mixed[row] += weight * self._late[int(back[row])]
        following = self._next[rows]
        followed = following != NOBODY
        mixed[followed] += AFTER * own[following[followed] - first]
        self._keep(rows, mixed)
        previous = self._previous[rows]
        outside = (previous != NOBODY) & (previous < first)
        earlier = previous[outside]
        seen: NDArray[np.float32] = self._vectors[earlier].astype(np.float32)
        seen *= self._scales[earlier, None]
        seen += AFTER * own[outside]
        self._keep(earlier, seen)
        late = {row for last in self._last.values() for row in (last, int(self._previous[last])) if row != NOBODY}
        self._late = {row: own[row - first] if row >= first else self._late[row] for row in late}

    def _keep(self, rows: NDArray[np.integer], mixed: NDArray[np.float32]) -> None:
        """Vectors as whole numbers of eight bits: nearly the same angles, and of many rows a quarter of the memory."""
        scales = np.abs(mixed).max(axis=1, initial=0) / np.float32(127) + np.float32(1e-9)
        self._vectors[rows] = np.rint(mixed / scales[:, None]).astype(np.int8)
        self._scales[rows] = scales
        self._factors[rows] = scales / (np.linalg.norm(mixed, axis=1) + np.float32(1e-9))

    def _seal(self, count: int) -> None:
        """The last segment takes what is new; full ones are joined with those before them that are no larger."""
        tail = self._segments.pop() if self._segments and self._segments[-1].size < TAIL_ROWS else None
        start = tail.first if tail else self._count
        while count - start >= TAIL_ROWS and self._segments and self._segments[-1].size <= 2 * (count - start):
            start = self._segments.pop().first
        self._segments = [*self._segments, Segment(self._stems[start:count], start)]

    def match(self, words: NDArray[np.uint32]) -> Matches:
        """BM25 over windows of rows, stem by stem; `words` sorted and distinct. Common ones are in no row."""
        count, most = self._count, max(COMMON_ROWS, self._count // COMMON_SHARE)
        spans = [segment.spans(words) for segment in self._segments]
        own = [sum([span.stop - span.start for span in each]) for each in zip(*spans, strict=True)] or [0] * len(words)
        found = [
            (position, *segment.postings(span))
            for segment, each in zip(self._segments, spans, strict=True)
            for position, span in enumerate(each)
            if span != NOWHERE and own[position] <= most
        ]
        often = self._windows(found, len(words))
        holders: list[int] = np.count_nonzero(often, axis=1).tolist()
        holders = [
            seen if rows <= most else min(rows * KERNEL.size, count) for seen, rows in zip(holders, own, strict=True)
        ]
        shares = often.astype(np.float32)
        shares /= shares + self._damping
        idf = [log1p((count + UNWRITTEN_ROWS - rows + 0.5) / (rows + 0.5)) for rows in holders]
        return Matches(idf, holders, shares)

    def _windows(self, found: Sequence[tuple[int, Rows, Counts]], words: int) -> NDArray[np.float64]:
        """How often each word stands in the window of each row: shape (words, rows)."""
        slots = self._count + 1  # of each word: one for NOBODY, -1, and one for every row
        if not found:
            return np.zeros((words, self._count))
        positions, rows, counts = zip(*found, strict=True)
        firsts = np.repeat(np.array(positions) * slots + 1, [len(each) for each in rows])
        cells = self._near[np.concatenate(rows)] + firsts[:, None]
        weights = np.concatenate(counts)[:, None] * KERNEL
        often = np.bincount(cells.ravel(), weights.ravel(), words * slots).reshape(words, slots)
        return cast("NDArray[np.float64]", often)[:, 1:]

    def dense(self, queries: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosine of every row's mixed vector to unit vectors: shape (queries, rows)."""
        count, vectors = self._count, self._vectors[: self._count]
        found = np.empty((len(queries), count), np.float32)
        for start in range(0, count, DENSE_ROWS):
            rows = slice(start, start + DENSE_ROWS)
            block = vectors[rows].astype(np.float32)
            for query, cosines in zip(queries, found, strict=True):  # all at once they take twice as long
                np.dot(block, query, out=cosines[rows])
        found *= self._factors[:count]
        return found
