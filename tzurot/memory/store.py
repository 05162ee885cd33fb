"""Memories as they are kept and found: written with their turn, searched in a cache of whole partitions."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from cachetools import LRUCache

from tzurot.memory.embed import SPACE, quantise, stems
from tzurot.memory.index import Entry, Index
from tzurot.memory.rank import best, fused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from tzurot.database.connect import Connection, Database, Row
    from tzurot.memory.embed import Embedder

CACHE_BYTES = 256 * 1024 * 1024
INLINE_ROWS = 20_000
ROW_OVERHEAD_BYTES = 200
INSERT = (
    "INSERT INTO memories (persona_id, character_id, place, origin_id, by_character, speaker, text, said_at, space,"
    " stems, vector, scale) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    " ON CONFLICT (persona_id, character_id, place, origin_id) DO NOTHING"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A line that was said between a persona and a character; `origin_id` is its message."""

    place: str
    origin_id: int
    by_character: bool
    speaker: str
    text: str
    said_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """An episode and the two it belongs to."""

    persona_id: int
    character_id: int
    episode: Episode


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    episode: Episode
    score: float


@dataclass(slots=True)
class Partition:
    """What one persona and one character share: rows in the order of their ids."""

    index: Index = field(default_factory=Index)
    episodes: list[Episode] = field(default_factory=list[Episode])
    last_id: int = 0
    text_bytes: int = 0
    size_bytes: int = 1
    ahead: tuple[str, int, NDArray[np.float32]] | None = None  # scores of a text, made while nothing else was to do
    loading: asyncio.Lock = field(default_factory=asyncio.Lock)


class Memories:
    """Reads and writes memories; a partition is loaded whole at its first use, then only what is new."""

    def __init__(self, database: Database, embedder: Embedder, cache_bytes: int = CACHE_BYTES) -> None:
        self._database = database
        self._embedder = embedder
        self._partitions: LRUCache[tuple[int, int], Partition] = LRUCache(
            cache_bytes, getsizeof=lambda partition: partition.size_bytes
        )

    def forget(self) -> None:
        """Drop the cache."""
        self._partitions.clear()

    async def recall(
        self,
        persona_id: int,
        character_id: int,
        text: str,
        *,
        limit: int,
        without: Collection[int] = (),
        last_id: int | None = None,
    ) -> tuple[Remembered, ...]:
        """What the text calls up, best first; `without` are message ids that the prompt holds anyway.

        `last_id` is the newest memory's, where the caller knows it: then the database is asked only for what is new.
        """
        if not limit:
            return ()
        partition = self._partitions.get((persona_id, character_id))
        if partition is None or last_id is None or last_id > partition.last_id:
            partition = await self._current(persona_id, character_id)
        if not partition.episodes:
            return ()
        if len(partition.episodes) > INLINE_ROWS:
            return await asyncio.to_thread(self._search, partition, text, limit, without)
        return self._search(partition, text, limit, without)

    def think_ahead(self, persona_id: int, character_id: int, text: str) -> None:
        """Score the memories that are at hand, while the caller waits for something else; `recall` finds it done."""
        partition = self._partitions.get((persona_id, character_id))
        if partition is not None and 0 < len(partition.episodes) <= INLINE_ROWS:
            partition.ahead = text, len(partition.index), self._scores(partition, text)

    def _scores(self, partition: Partition, text: str) -> NDArray[np.float32]:
        index = partition.index
        return fused(index.lexical(stems(text)), index.dense(self._embedder.encode([text])[0]))

    def _search(self, partition: Partition, text: str, limit: int, without: Collection[int]) -> tuple[Remembered, ...]:
        ahead, partition.ahead = partition.ahead, None
        if ahead is not None and ahead[:2] == (text, len(partition.index)):
            scores = ahead[2]
        else:
            scores = self._scores(partition, text)
        found: tuple[Remembered, ...] = ()
        # few of the best are in the prompt anyway, as a rule: only where many are the rest is looked at
        for most in (2 * limit, limit + len(without)):
            ranked = ((partition.episodes[row], score) for row, score in best(scores, most))
            unseen = ((episode, score) for episode, score in ranked if episode.origin_id not in without)
            found = tuple(Remembered(episode=episode, score=score) for episode, score in islice(unseen, limit))
            if len(found) == limit:
                break
        return found

    async def _current(self, persona_id: int, character_id: int) -> Partition:
        key = (persona_id, character_id)
        partition = self._partitions.get(key) or Partition()
        async with partition.loading:
            rows = await self._database.rows(
                "SELECT id, place, origin_id, by_character, speaker, text, said_at, stems, vector, scale"
                " FROM memories WHERE persona_id = $1 AND character_id = $2 AND id > $3 AND space = $4 ORDER BY id",
                persona_id,
                character_id,
                partition.last_id,
                SPACE,
            )
            if rows:
                entries = [Entry(stems=row["stems"], vector=row["vector"], scale=row["scale"]) for row in rows]
                if len(rows) > INLINE_ROWS:
                    await asyncio.to_thread(partition.index.add, entries)
                else:
                    partition.index.add(entries)
                partition.episodes.extend(_episode(row) for row in rows)
                partition.last_id = rows[-1]["id"]
            if rows or key not in self._partitions:
                partition.text_bytes += sum(len(row["text"].encode()) + ROW_OVERHEAD_BYTES for row in rows)
                partition.size_bytes = partition.index.size_bytes + partition.text_bytes + 1
                if partition.size_bytes <= self._partitions.maxsize:
                    self._partitions[key] = partition
        return partition

    async def write(self, connection: Connection, memories: Sequence[Memory]) -> None:
        """Keep memories inside a transaction of the caller's; the same message twice is one memory."""
        vectors = self._embedder.encode([memory.episode.text for memory in memories])
        keys = sorted({f"memories:{memory.persona_id}:{memory.character_id}" for memory in memories})
        # within a partition ids become visible in their order, so "everything after the last id" misses nothing
        await connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest($1::text[]) AS key", keys
        )
        rows = [
            (
                memory.persona_id,
                memory.character_id,
                memory.episode.place,
                memory.episode.origin_id,
                memory.episode.by_character,
                memory.episode.speaker[:255],
                memory.episode.text.replace("\0", ""),
                memory.episode.said_at,
                SPACE,
                stems(memory.episode.text).tobytes(),
                *quantise(vector),
            )
            for memory, vector in zip(memories, vectors, strict=True)
        ]
        await connection.executemany(INSERT, rows)

    async def drop(self, connection: Connection, lines: Iterable[tuple[str, int]]) -> None:
        """Forget what was said, each by its place and message id, inside a transaction of the caller's."""
        await connection.executemany("DELETE FROM memories WHERE place = $1 AND origin_id = $2", list(lines))

    async def revise(self, connection: Connection, place: str, message_id: int, text: str) -> None:
        """Remember a line as it reads now, inside a transaction of the caller's."""
        vector = self._embedder.encode([text])[0]
        await connection.execute(
            "UPDATE memories SET text = $3, stems = $4, vector = $5, scale = $6 WHERE place = $1 AND origin_id = $2",
            place,
            message_id,
            text.replace("\0", ""),
            stems(text).tobytes(),
            *quantise(vector),
        )

    async def refresh(self, persona_id: int, character_id: int) -> None:
        """Take in what was just written, so that the next message need not; nothing where nobody asked yet."""
        if (persona_id, character_id) in self._partitions:
            await self._current(persona_id, character_id)

    async def count(self, persona_id: int, character_id: int) -> int:
        return await self._database.value(
            "SELECT count(*) FROM memories WHERE persona_id = $1 AND character_id = $2",
            persona_id,
            character_id,
        )

    async def latest(self, persona_id: int, character_id: int, limit: int) -> tuple[Episode, ...]:
        """The newest memories, oldest first."""
        rows = await self._database.rows(
            "SELECT id, place, origin_id, by_character, speaker, text, said_at FROM memories"
            " WHERE persona_id = $1 AND character_id = $2 ORDER BY id DESC LIMIT $3",
            persona_id,
            character_id,
            limit,
        )
        return tuple(_episode(row) for row in reversed(rows))


def _episode(row: Row) -> Episode:
    return Episode(
        place=row["place"],
        origin_id=row["origin_id"],
        by_character=row["by_character"],
        speaker=row["speaker"],
        text=row["text"],
        said_at=row["said_at"],
    )
