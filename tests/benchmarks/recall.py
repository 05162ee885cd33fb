"""`python -m tests.benchmarks.recall`: how long a recall takes, cold and warm, and what a partition costs in memory.

Partitions of 1,000, 10,000 and 50,000 memories in a real Postgres (`--others` adds so many memories of other people),
lines of 25 words out of 20,000 that are as unevenly common as words are. Questions take words of one line. Cold is the
first recall after a start, which loads the partition; the stall is how long the event loop was kept from anything else.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Self

from loguru import logger

from tests.postgres import cluster
from tzurot.database.connect import Database, credentials
from tzurot.memory.embed import Embedder
from tzurot.memory.partition import Episode
from tzurot.memory.question import Cue
from tzurot.memory.store import Memories, Memory
from tzurot.tables.characters import Characters
from tzurot.tables.people import People
from tzurot.talk import Speaker

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZES = {1_000: 10.0, 10_000: 10.0, 50_000: 30.0}  # memories in a partition, and the p95 that is promised, in ms
QUESTIONS = 200
VOCABULARY = 20_000
WORDS_A_LINE = 25
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Language:
    """Words of syllables, some used all the time and most hardly ever (Zipf)."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        syllables = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]
        self._words = sorted({"".join(dice.choices(syllables, k=dice.choice((2, 3, 4)))) for _ in range(VOCABULARY)})
        dice.shuffle(self._words)
        self._weights = list(accumulate(1 / (rank + 20) for rank in range(len(self._words))))

    def line(self) -> str:
        words = self._dice.choices(
            self._words, cum_weights=self._weights, k=self._dice.randint(5, 2 * WORDS_A_LINE - 5)
        )
        return f"I {' '.join(words)}."

    def question(self, line: str) -> str:
        words = [word.strip(".") for word in line.split()[1:]]
        return f"Do you remember the {' '.join(self._dice.sample(words, min(5, len(words))))}?"


@dataclass(frozen=True, slots=True)
class Figures:
    write_ms: float
    cold_ms: float
    warm_ms: list[float]
    stall_ms: float
    megabytes: float


async def written(
    database: Database, memories: Memories, ids: tuple[int, int], lines: Sequence[str], batch: int = 1000
) -> float:
    """Write them as turns are written; milliseconds a memory."""
    begun = time.perf_counter()
    for start in range(0, len(lines), batch):
        rows = [
            Memory(
                persona_id=ids[0],
                character_id=ids[1],
                episode=Episode(
                    place="discord:1",
                    origin_id=number + 1,
                    by_character=number % 2 == 1,
                    speaker="Maren" if number % 2 else "Ida",
                    text=lines[number],
                    said_at=NOW - timedelta(minutes=5 * (len(lines) - number)),
                ),
            )
            for number in range(start, min(start + batch, len(lines)))
        ]
        async with database.transaction(durable=False) as connection:
            await memories.write(connection, rows)
    return (time.perf_counter() - begun) * 1000 / len(lines)


class Stall:
    """The longest time that the event loop was kept from anything else, while the block ran."""

    def __init__(self) -> None:
        self.longest_ms = 0.0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            self.longest_ms, last = max(self.longest_ms, (now - last) * 1000), now


async def measure(database: Database, embedder: Embedder, size: int, character_id: int, dice: random.Random) -> Figures:
    language = Language(dice)
    person = await People(database).meet(Speaker(front="terminal", external_id=f"bench-{size}", name="Ida"))
    ids = (person.persona_id, character_id)
    lines = [language.line() for _ in range(size)]
    write_ms = await written(database, Memories(database, embedder), ids, lines)
    await database.execute("ANALYZE memories")
    memories = Memories(database, embedder)
    newest = await database.value("SELECT max(id) FROM memories")
    cues = [Cue(text=language.question(dice.choice(lines)), now=NOW) for _ in range(QUESTIONS)]
    begun = time.perf_counter()
    await memories.recall(*ids, cues[0], limit=12, last_id=newest)
    cold_ms = (time.perf_counter() - begun) * 1000
    warm: list[float] = []
    for cue in cues:
        begun = time.perf_counter()
        await memories.recall(*ids, cue, limit=12, last_id=newest)
        warm.append((time.perf_counter() - begun) * 1000)
    async with Stall() as stall:
        for cue in cues[:50]:
            await memories.recall(*ids, cue, limit=12, last_id=newest)
            await asyncio.sleep(0)
    partition = await memories.partition(*ids)
    return Figures(write_ms, cold_ms, sorted(warm), stall.longest_ms, partition.size_bytes / 1e6)


async def crowd(database: Database, embedder: Embedder, others: int, character_id: int, dice: random.Random) -> None:
    """Memories of many other people, 1,000 each."""
    language, memories, people = Language(dice), Memories(database, embedder), People(database)
    for number in range(others // 1000):
        person = await people.meet(Speaker(front="terminal", external_id=f"crowd-{number}", name="Bo"))
        await written(database, memories, (person.persona_id, character_id), [language.line() for _ in range(1000)])


async def main() -> int:
    logger.remove()
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--others", type=int, default=0, help="memories of other people beside them")
    given = parser.parse_args()
    dice, kept = random.Random(7), True
    titles = ("memories", "write ms", "cold ms", "p50 ms", "p95 ms", "p99 ms", "stall ms", "MB")
    print("".join(f"{title:>10}" for title in titles))
    async with cluster() as server:
        database, embedder = Database(credentials(await server.clone())), Embedder()
        await database.open()
        try:
            maren = (await Characters(database).by_slug("maren", None)).id
            await crowd(database, embedder, given.others, maren, dice)
            for size, promised in SIZES.items():
                found = await measure(database, embedder, size, maren, dice)
                p50 = statistics.median(found.warm_ms)
                p95, p99 = (found.warm_ms[int(len(found.warm_ms) * part)] for part in (0.95, 0.99))
                print(
                    f"{size:10}{found.write_ms:10.2f}{found.cold_ms:10.1f}{p50:10.2f}{p95:10.2f}{p99:10.2f}"
                    f"{found.stall_ms:10.2f}{found.megabytes:10.1f}  {'ok' if p95 < promised else 'MISS'}"
                )
                kept &= p95 < promised
        finally:
            await database.close()
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
