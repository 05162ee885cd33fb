"""Fills a database with conversations: lines of history in every channel, and memories of one person."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tzurot.app import App
from tzurot.cards.read import from_object
from tzurot.config import load
from tzurot.memory.partition import Episode
from tzurot.memory.store import Memory
from tzurot.pipeline.remember import snowflake_at
from tzurot.prompt.tokens import estimate
from tzurot.tables.messages import History, Said

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tzurot.talk import Speaker

WORDS = (
    "harbour winter letter garden sister train violin coffee lantern mountain doctor spring painting river market"
    " ticket bicycle kitchen thunder teacher library summer bridge candle pottery marathon allergy puppy wedding"
    " interview apartment guitar passport recipe volcano museum festival tomato sweater telescope orchard island"
).split()
VERBS = "bought found lost painted forgot repaired visited dreamed promised carried missed baked planted sold".split()
TALK_EVERY = timedelta(minutes=7)


def sentence(dice: random.Random) -> str:
    first, second, third = dice.sample(WORDS, 3)
    return f"I {dice.choice(VERBS)} the {first} near the {second}, and it reminded me of our {third} last year."


KEEPER = {
    "name": "Keeper",
    "description": "{{char}} keeps the harbour's books and forgets no boat. " * 40,
    "personality": "dry, exact",
    "first_mes": "Sign here.",
    "character_book": {
        "name": "Harbour",
        "entries": [
            {"keys": [], "content": f"{word.title()}: known to every sailor of the quay. " * 4, "constant": True}
            for word in WORDS[:6]
        ],
    },
}


async def seed(data_dir: Path, person: Speaker, channels: Sequence[int], lines: int, memories: int) -> None:
    """Write them as the product writes them."""
    dice = random.Random(7)
    config = load(database={"data_dir": data_dir})
    now = datetime.now(UTC)
    async with App(config, exclusive=True) as core:
        asker = await core.tables.people.meet(person)
        maren = await core.tables.characters.by_slug("maren", None)
        keeper = from_object({"spec": "chara_card_v2", "data": KEEPER}).card
        await core.tables.characters.add(keeper, owner_id=None)
        async with core.database.transaction(durable=False) as connection:
            for channel in channels:
                said = []
                for n in range(lines):
                    at, text, own = now - TALK_EVERY * (lines - n), sentence(dice), n % 2 == 1
                    said.append(
                        Said(
                            place=f"discord:{channel}",
                            message_ids=(snowflake_at(at, channel % 4096),),
                            speaker="Maren" if own else asker.name,
                            text=text,
                            tokens=estimate(text),
                            said_at=at,
                            character_id=maren.id if own else None,
                            persona_id=None if own else asker.persona_id,
                        )
                    )
                await History.keep(connection, said)
            episodes = []
            for n in range(memories):
                at = now - timedelta(days=300) + timedelta(minutes=n)
                episodes.append(
                    Episode(
                        place="discord:1",
                        origin_id=snowflake_at(at, 1),
                        by_character=n % 2 == 1,
                        speaker=asker.name,
                        text=sentence(dice),
                        said_at=at,
                    )
                )
            ids = {"persona_id": asker.persona_id, "character_id": maren.id}
            await core.memories.write(connection, [Memory(**ids, episode=episode) for episode in episodes])
        await core.database.execute("ANALYZE")
    await asyncio.sleep(0)
