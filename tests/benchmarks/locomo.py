"""`python -m tests.benchmarks.locomo --data DIR [--json FILE]`: evidence recall over the product's own memory.

Every turn is written into a real Postgres as the product writes it and recalled as it recalls, the floor aside (it
decides whether anything is worth recalling, and is measured apart). Recall@k is the share of a question's evidence
among the k turns delivered, averaged over the questions of categories 1 to 4 that have any.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loguru import logger

from tests.benchmarks.conversations import CATEGORIES, Asked, Conversation, read_all, tell
from tests.postgres import cluster
from tzurot.database.connect import Database, credentials
from tzurot.memory.encoders import EncoderName, encoding
from tzurot.memory.question import Cue
from tzurot.memory.store import Memories
from tzurot.tables.characters import Characters
from tzurot.tables.people import People

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from tzurot.memory.partition import Remembered

DEPTHS = (5, 10, 25, 50)


@dataclass(frozen=True, slots=True)
class Told:
    """A conversation that was told to the product, and whose memories it is."""

    conversation: Conversation
    ids: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Bench:
    memories: Memories
    told: tuple[Told, ...]

    async def recall(self, told: Told, text: str, limit: int, *, floor: bool) -> tuple[Remembered, ...]:
        cue = Cue(text=text, now=told.conversation.now)
        return await self.memories.recall(*told.ids, cue, limit=limit, floor=floor)

    async def shares(self, phrase: Callable[[Conversation, str], str]) -> dict[int, list[list[float]]]:
        """Per category, for each question the share of its evidence found at every depth."""
        found: dict[int, list[list[float]]] = {category: [] for category in CATEGORIES}
        for told in self.told:
            for asked in told.conversation.questions:
                got = await self.recall(told, phrase(told.conversation, asked.text), DEPTHS[-1], floor=False)
                turns = [memory.episode.origin_id for memory in got]
                found[asked.category].append([share(asked, turns[:depth]) for depth in DEPTHS])
        return found

    async def floors(self, phrase: Callable[[Conversation, str], str], dice: random.Random) -> tuple[float, float]:
        """Which share of own questions keep their best memory, and of foreign ones recall nothing."""
        kept: list[bool] = []
        refused: list[bool] = []
        for told in self.told:
            for asked in told.conversation.questions:
                text = phrase(told.conversation, asked.text)
                other = dice.choice([one for one in self.told if one is not told])
                kept.append(bool(await self.recall(told, text, 1, floor=True)))
                refused.append(not await self.recall(other, text, 1, floor=True))
        return statistics.mean(kept), statistics.mean(refused)


def share(asked: Asked, turns: Sequence[int]) -> float:
    return len(asked.evidence.intersection(turns)) / len(asked.evidence)


def as_asked(_: Conversation, question: str) -> str:
    return question


def nameless(conversation: Conversation, question: str) -> str:
    return conversation.nameless(question)


def chatty(conversations: Sequence[Conversation], dice: random.Random) -> Callable[[Conversation, str], str]:
    """The question without names, and before it a turn of another conversation: what people write in a chat."""

    def phrase(conversation: Conversation, question: str) -> str:
        other = dice.choice([one for one in conversations if one is not conversation])
        return f"{dice.choice(other.turns).text} {conversation.nameless(question)}"

    return phrase


@asynccontextmanager
async def bench(conversations: Sequence[Conversation], encoder: EncoderName = "static") -> AsyncGenerator[Bench]:
    """The conversations, told to a product of their own."""
    async with cluster() as server:
        database = Database(credentials(await server.clone()))
        await database.open()
        try:
            memories, people = Memories(database, *encoding(encoder)), People(database)
            character = (await Characters(database).by_slug("maren", None)).id
            told = [Told(one, await tell(one, database, people, memories, character)) for one in conversations]
            yield Bench(memories, tuple(told))
        finally:
            await database.close()


def averages(shares: Sequence[Sequence[float]]) -> dict[str, float]:
    return {
        f"recall@{depth}": statistics.mean(row[at] for row in shares) if shares else 0.0
        for at, depth in enumerate(DEPTHS)
    }


def line(label: str, values: dict[str, float], count: int) -> str:
    return f"{label:34}" + "".join(f"{values[f'recall@{depth}']:9.3f}" for depth in DEPTHS) + f"{count:8}"


async def main() -> int:
    logger.remove()
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of the conversations")
    parser.add_argument("--encoder", choices=("static", "minilm"), default="static")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    given = parser.parse_args()
    async with bench(read_all(given.data), given.encoder) as measured:
        if not measured.told:
            print(f"There are no conversations in {given.data}.", file=sys.stderr)
            return 1
        shares = await measured.shares(as_asked)
        everything = [row for rows in shares.values() for row in rows]
        overall = averages(everything)
        categories = {CATEGORIES[category]: averages(rows) for category, rows in shares.items()}
        print(f"{'evidence recall at':34}" + "".join(f"{depth:9}" for depth in DEPTHS) + "       n")
        for category, rows in shares.items():
            print(line(CATEGORIES[category], categories[CATEGORIES[category]], len(rows)))
        print(line("overall", overall, len(everything)))
        conversations = [told.conversation for told in measured.told]
        for label, phrase in (
            ("names stripped", nameless),
            ("and an unrelated turn before it", chatty(conversations, random.Random(5))),
        ):
            rows = [row for found in (await measured.shares(phrase)).values() for row in found]
            print(line(label, averages(rows), len(rows)))
        if len(measured.told) > 1:
            for label, phrase in (("as asked", as_asked), ("names stripped", nameless)):
                kept, refused = await measured.floors(phrase, random.Random(5))
                print(f"floor, {label}: own questions keep their best {kept:.3f}, foreign recall nothing {refused:.3f}")
    if given.json:
        given.json.write_text(json.dumps({"overall": overall, "categories": categories}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
