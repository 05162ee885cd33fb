"""Memories as they are kept and found: written with their turn, searched in a cache of whole partitions."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC
from sys import intern
from typing import TYPE_CHECKING

import numpy as np
from cachetools import LRUCache

from tzurot.memory.claims import claims_in
from tzurot.memory.embed import quantise
from tzurot.memory.facts import Facts
from tzurot.memory.index import Entry
from tzurot.memory.partition import Acquaintance, Episode, Partition, Remembered
from tzurot.memory.question import PRIVATE
from tzurot.memory.rank import STATIC
from tzurot.memory.sectors import sector_of
from tzurot.memory.timeparse import parse
from tzurot.memory.traits import traits_of
from tzurot.memory.words import stems

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from tzurot.database.connect import Connection, Database, Row
    from tzurot.memory.embed import Encoder
    from tzurot.memory.facts import Fact
    from tzurot.memory.question import Cue
    from tzurot.memory.rank import Weights

CACHE_BYTES = 256 * 1024 * 1024
LOAD_ROWS = 1000  # as many are read at once: what is needed on the way is large, and is not kept
INLINE_ROWS = 4000  # a search over more is done beside the event loop
COLUMNS = (
    "id, place, origin_id, by_character, speaker, text, said_at, audience, kind, traits, about_from, about_to, space,"
    " stems, vector, scale"
)
INSERT = (
    "INSERT INTO memories (persona_id, character_id, place, origin_id, by_character, speaker, text, said_at, audience,"
    " kind, sector, traits, about_from, about_to, space, stems, vector, scale)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"
    " ON CONFLICT (persona_id, character_id, place, origin_id) DO NOTHING"
)
FIND = "SELECT id FROM memories WHERE persona_id = $1 AND character_id = $2 AND place = $3 AND origin_id = $4"
DROP = (
    "DELETE FROM memories m USING unnest($1::text[], $2::bigint[]) AS gone (place, origin_id)"
    " WHERE m.place = gone.place AND m.origin_id = gone.origin_id RETURNING m.persona_id, m.character_id"
)
RENEW = (
    "UPDATE memories SET sector = $3, traits = $4, about_from = $5, about_to = $6, space = $7, stems = $8, vector = $9,"
    " scale = $10 WHERE id = $1 AND text = $2"  # unless it was edited meanwhile
)
# within a partition ids become visible in their order, so "everything after the last id" misses nothing
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest($1::text[]) AS key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """An episode and the two it belongs to."""

    persona_id: int
    character_id: int
    episode: Episode


class Memories:
    """Reads and writes memories; a partition is loaded whole at its first use, then only what is new."""

    def __init__(
        self,
        database: Database,
        encoder: Encoder,
        weights: Weights = STATIC,
        *,
        cache_bytes: int = CACHE_BYTES,
        inline_rows: int = INLINE_ROWS,
    ) -> None:
        self._database = database
        self._encoder = encoder
        self._weights = weights
        self._inline_rows = inline_rows
        self._dropped = 0
        self.facts = Facts(database, encoder, changed=self._forget_facts)
        self._learned: set[tuple[int, int]] = set()  # whose facts a write changed that is not committed yet
        self._partitions: LRUCache[tuple[int, int], Partition] = LRUCache(
            cache_bytes, getsizeof=lambda partition: partition.size_bytes
        )

    def forget(self) -> None:
        """Drop the cache."""
        self._dropped += 1
        self._partitions.clear()

    def forget_facts(self) -> None:
        """Read facts anew: some were changed, here or in another process."""
        self._dropped += 1
        for partition in self._partitions.values():
            partition.facts = None

    async def recall(
        self,
        persona_id: int,
        character_id: int,
        cue: Cue,
        *,
        limit: int,
        without: Collection[int] = (),
        last_id: int | None = None,
        floor: bool = True,
    ) -> tuple[Remembered, ...]:
        """What the cue calls up, best first; `without` are message ids that the prompt holds anyway.

        `last_id` is the newest memory's, where the caller knows it: then the database is asked only for what is new.
        Without the `floor` the best come, however little they have to do with it.
        """
        if not limit:
            return ()
        partition = await self.partition(persona_id, character_id, last_id)
        if not len(partition):
            return ()
        if self._beside(partition):
            return await asyncio.to_thread(partition.search, cue, limit, without, floor=floor)
        return partition.search(cue, limit, without, floor=floor)

    def _beside(self, partition: Partition) -> bool:
        """Whether it is worked on in a thread: the event loop must wait neither for that work nor for its end."""
        return len(partition) > self._inline_rows or self._encoder.slow

    def think_ahead(self, persona_id: int, character_id: int, cue: Cue) -> None:
        """Score the memories that are at hand, while the caller waits for something else; `recall` finds it done."""
        partition = self._partitions.get((persona_id, character_id))
        if partition is not None and len(partition) and not self._beside(partition):
            partition.ahead = partition.score(cue)

    async def partition(self, persona_id: int, character_id: int, last_id: int | None = None) -> Partition:
        """What the two share, in memory and current."""
        key = (persona_id, character_id)
        partition = self._partitions.get(key)
        if partition is not None and last_id is not None and last_id <= partition.last_id:
            return partition
        partition = partition or Partition(self._encoder, self._weights)
        asked = self._dropped
        async with partition.loading:
            found = False
            while True:
                rows = await self._database.rows(
                    f"SELECT {COLUMNS} FROM memories"  # noqa: S608 - fixed names
                    " WHERE persona_id = $1 AND character_id = $2 AND id > $3 AND NOT archived ORDER BY id LIMIT $4",
                    *key,
                    partition.last_id,
                    LOAD_ROWS,
                )
                if not rows:
                    break
                found = True
                if len(rows) == LOAD_ROWS or self._beside(partition):
                    await asyncio.to_thread(self._take, partition, rows)
                else:
                    self._take(partition, rows)
                if len(rows) < LOAD_ROWS:
                    break
            fits = partition.size_bytes <= self._partitions.maxsize
            # if something was deleted meanwhile, this may hold it: it serves this question, and is not kept
            if (found or key not in self._partitions) and fits and asked == self._dropped:
                self._partitions[key] = partition
        return partition

    def _take(self, partition: Partition, rows: Sequence[Row]) -> None:
        """Rows that another encoder (or another way of reading words) made are made again, in memory.

        A slow encoder's are found by their words alone until `renew` has come to them.
        """
        old = {row["id"] for row in rows if row["space"] != self._encoder.space}
        texts = [row["text"] for row in rows if row["id"] in old]
        encoder = self._encoder
        anew = iter(np.zeros((len(texts), encoder.dimensions), np.float32) if encoder.slow else encoder.encode(texts))
        entries = [_entry(row, next(anew) if row["id"] in old else None) for row in rows]
        partition.add([row["id"] for row in rows], [episode_of(row) for row in rows], entries)

    async def write(self, connection: Connection, memories: Sequence[Memory]) -> None:
        """Keep memories inside a transaction of the caller's; the same message twice is one memory."""
        derived = await self.derived([memory.episode for memory in memories])
        await self.lock(connection, {(memory.persona_id, memory.character_id) for memory in memories})
        blocked = await self.facts.pairs_with_blocks(connection, {memory.persona_id for memory in memories})
        told = [
            (memory, columns)
            for memory, columns in zip(memories, derived, strict=True)
            if (memory.persona_id, memory.character_id) not in blocked or not await self._forgotten(connection, memory)
        ]
        await connection.executemany(INSERT, [(*_given(memory), *columns) for memory, columns in told])
        for memory, _ in told:
            if not memory.episode.by_character and memory.episode.kind == "chat" and claims_in(memory.episode.text):
                await self._learn(connection, memory)

    @staticmethod
    async def lock(connection: Connection, pairs: Iterable[tuple[int, int]]) -> None:
        """Until the end of the transaction nobody else writes to these partitions."""
        keys = sorted(f"memories:{persona_id}:{character_id}" for persona_id, character_id in pairs)
        await connection.execute(LOCK, keys)

    async def _forgotten(self, connection: Connection, memory: Memory) -> bool:
        """Whether a line says again what the person had erased. What the person says themselves is their own affair."""
        ids, episode = (memory.persona_id, memory.character_id), memory.episode
        if not episode.by_character and episode.kind == "chat":
            return False
        return await self.facts.blocked(connection, ids, "", episode.text)

    async def _learn(self, connection: Connection, memory: Memory) -> None:
        ids, episode = (memory.persona_id, memory.character_id), memory.episode
        memory_id = await connection.fetchval(FIND, *ids, episode.place, episode.origin_id)
        await self.facts.learn(connection, ids, memory_id, episode)
        self._learned.add(ids)

    async def derived(self, episodes: Sequence[Episode]) -> list[tuple[object, ...]]:
        """For each, what is computed of its words: the columns of INSERT from `sector` on."""
        texts = [episode.text for episode in episodes]
        encode = self._encoder.encode
        vectors = await asyncio.to_thread(encode, texts) if self._encoder.slow else encode(texts)
        return [self._derived(episode, vector) for episode, vector in zip(episodes, vectors, strict=True)]

    def _derived(self, episode: Episode, vector: NDArray[np.float32]) -> tuple[object, ...]:
        about = parse(episode.text, episode.said_at, UTC)
        return (
            sector_of(episode.text),
            int(traits_of(episode.text)),
            about.start if about else None,
            about.end if about else None,
            self._encoder.space,
            stems(episode.text).tobytes(),
            *quantise(vector),
        )

    async def renew(self, limit: int = 100) -> int:
        """Make up to so many rows anew that another encoder made, and keep them; how many there were."""
        rows = await self._database.rows(
            f"SELECT {COLUMNS} FROM memories WHERE space <> $1 ORDER BY id DESC LIMIT $2",  # noqa: S608 - fixed names
            self._encoder.space,
            limit,
        )
        columns = await self.derived([episode_of(row) for row in rows])
        async with self._database.transaction(durable=False) as connection:
            await connection.executemany(
                RENEW,
                [(row["id"], row["text"], *derived) for row, derived in zip(rows, columns, strict=True)],
            )
        return len(rows)

    async def believed(self, persona_id: int, character_id: int, cue: Cue) -> tuple[Fact, ...]:
        """The facts that may be spoken of before that audience, oldest first."""
        partition = await self.partition(persona_id, character_id, 0)
        asked, facts = self._dropped, partition.facts
        if facts is None:
            facts = await self.facts.of(persona_id, character_id)
            if asked == self._dropped:
                partition.facts = facts
        facts = tuple(fact for fact in facts if fact.holds(cue.now))
        if cue.everywhere or cue.audience == PRIVATE:
            return facts
        return tuple(fact for fact in facts if cue.audience in fact.audiences)

    async def acquaintance(self, persona_id: int, character_id: int, cue: Cue) -> Acquaintance | None:
        """How long the two have known each other, as those who hear it may know."""
        partition = await self.partition(persona_id, character_id, 0)
        return partition.acquaintance(PRIVATE if cue.everywhere else cue.audience)

    def release(self, persona_id: int, character_id: int) -> None:
        """Drop one partition from the cache: something in it was changed or deleted."""
        self._dropped += 1
        self._partitions.pop((persona_id, character_id), None)

    async def drop(self, connection: Connection, lines: Iterable[tuple[str, int]]) -> None:
        """Forget what was said, each by its place and message id, inside a transaction of the caller's.

        Facts that were read from nothing else go along. Nothing is blocked: what is said again is learned again.
        """
        given = list(lines)
        gone = await connection.fetch(DROP, [place for place, _ in given], [message_id for _, message_id in given])
        for ids in {(row["persona_id"], row["character_id"]) for row in gone}:
            await self.facts.prune(connection, ids, block=False)
            self.release(*ids)

    async def refresh(self, persona_id: int, character_id: int) -> None:
        """Take in what was just written, so that the next message need not; nothing where nobody asked yet."""
        ids = (persona_id, character_id)
        if ids in self._learned:
            self._learned.discard(ids)
            self._forget_facts(*ids)
        if ids in self._partitions:
            await self.partition(*ids)

    def _forget_facts(self, persona_id: int, character_id: int) -> None:
        self._dropped += 1
        if (partition := self._partitions.get((persona_id, character_id))) is not None:
            partition.facts = None

    async def others(self, persona_id: int, character_id: int) -> tuple[int, ...]:
        """The other characters that remember anything of a persona."""
        rows = await self._database.rows(
            "SELECT DISTINCT character_id FROM memories WHERE persona_id = $1 AND character_id <> $2",
            persona_id,
            character_id,
        )
        return tuple(row["character_id"] for row in rows)

    async def count(self, persona_id: int, character_id: int) -> int:
        return await self._database.value(
            "SELECT count(*) FROM memories WHERE persona_id = $1 AND character_id = $2",
            persona_id,
            character_id,
        )

    async def latest(self, persona_id: int, character_id: int, limit: int) -> tuple[Episode, ...]:
        """The newest memories, oldest first."""
        rows = await self._database.rows(
            "SELECT place, origin_id, by_character, speaker, text, said_at, audience, kind FROM memories"
            " WHERE persona_id = $1 AND character_id = $2 ORDER BY id DESC LIMIT $3",
            persona_id,
            character_id,
            limit,
        )
        return tuple(episode_of(row) for row in reversed(rows))


def _given(memory: Memory) -> tuple[object, ...]:
    episode = memory.episode
    return (
        memory.persona_id,
        memory.character_id,
        episode.place,
        episode.origin_id,
        episode.by_character,
        episode.speaker[:255],
        episode.text.replace("\0", ""),
        episode.said_at,
        episode.audience,
        episode.kind,
    )


def episode_of(row: Row) -> Episode:
    return Episode(
        place=intern(row["place"]),  # thousands of rows say the same
        origin_id=row["origin_id"],
        by_character=row["by_character"],
        speaker=intern(row["speaker"]),
        text=row["text"],
        said_at=row["said_at"],
        audience=intern(row["audience"]),
        kind=intern(row["kind"]),
    )


def _entry(row: Row, anew: NDArray[np.float32] | None) -> Entry:
    vector, scale = (row["vector"], row["scale"]) if anew is None else quantise(anew)
    about = (row["about_from"].timestamp(), row["about_to"].timestamp()) if row["about_from"] else None
    return Entry(
        stems=row["stems"] if anew is None else stems(row["text"]).tobytes(),
        vector=vector,
        scale=scale,
        place=row["place"],
        audience=row["audience"],
        said_at=row["said_at"].timestamp(),
        about=about,
        by_character=row["by_character"],
        traits=row["traits"] if anew is None else int(traits_of(row["text"])),
    )
