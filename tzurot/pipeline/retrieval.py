"""What the character remembers of this person that bears on what was just said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tzurot.memory.claims import IDENTITY
from tzurot.memory.question import LINES_BEFORE, Cue
from tzurot.memory.words import stems
from tzurot.pipeline.turn import Recollection
from tzurot.prompt.tokens import MESSAGE_OVERHEAD, estimate
from tzurot.settings.catalog import FRESH_UNTIL, MEMORIES, MEMORY_EVERYWHERE, MEMORY_FLOOR, SHARED_MEMORY, TIMEZONE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tzurot.memory.facts import Fact
    from tzurot.memory.partition import Remembered
    from tzurot.memory.store import Memories
    from tzurot.pipeline.turn import Scene
    from tzurot.talk import Utterance

MEMORY_TOKENS = 900
MOST_FACTS = 12


def cue_of(said: Utterance, before: tuple[str, ...] = (), *, zone: tzinfo = UTC, everywhere: bool = False) -> Cue:
    """What an utterance asks of memory; `before` are the lines said before it."""
    place = said.place
    return Cue(
        text=said.text,
        now=said.said_at,
        place=place.key,
        audience=place.audience,
        everywhere=everywhere,
        zone=zone,
        before=before,
    )


class Retrieval:
    def __init__(self, memories: Memories) -> None:
        self._memories = memories

    async def __call__(self, scene: Scene) -> Recollection:
        """Facts, and the best memories that the history does not show anyway, in the order they were made."""
        settings = scene.settings
        limit = settings[MEMORIES]
        if not limit or settings[FRESH_UNTIL] > scene.now.timestamp():
            return Recollection()
        turn = scene.turn
        before = tuple(line.text for line in scene.history[-LINES_BEFORE:])
        zone = ZoneInfo(settings[TIMEZONE])
        cue = cue_of(turn.incoming.utterance, before, zone=zone, everywhere=settings[MEMORY_EVERYWHERE])
        if turn.accepted.together:
            cue = replace(cue, text="\n".join(said.text for said in turn.said))
        if turn.accepted.take > 1:  # a reply made anew knows what was known then: neither itself nor what came of it
            cue = replace(cue, until=turn.incoming.utterance.message_id)
        ids = (turn.asked_by.persona_id, turn.character.id)
        without = scene.message_ids.union([said.message_id for said in turn.said])
        floor = settings[MEMORY_FLOOR]
        last_id = turn.accepted.last_memory_id
        found = await self._memories.recall(*ids, cue, limit=limit, without=without, last_id=last_id, floor=floor)
        if settings[SHARED_MEMORY]:
            for other in await self._memories.others(*ids):
                found += await self._memories.recall(ids[0], other, cue, limit=limit, without=without, floor=floor)
            found = tuple(sorted(found, key=lambda memory: -memory.score)[:limit])
        believed = await self._memories.believed(*ids, cue)
        return Recollection(
            known=await self._memories.acquaintance(*ids, cue),
            memories=tuple(sorted(_within(found, MEMORY_TOKENS), key=lambda memory: memory.episode.said_at)),
            facts=_to_tell(believed, cue.text),
        )


def _within(found: Iterable[Remembered], tokens: int) -> list[Remembered]:
    """The best of them that fit into so many tokens."""
    kept: list[Remembered] = []
    for memory in found:
        tokens -= estimate(memory.episode.text) + MESSAGE_OVERHEAD
        if tokens < 0 and kept:
            break
        kept.append(memory)
    return kept


def _to_tell(facts: tuple[Fact, ...], text: str) -> tuple[Fact, ...]:
    """Who somebody is, always; of all else what the message speaks of, then the newest."""
    if len(facts) <= MOST_FACTS:
        return facts
    asked = set(stems(text).tolist())

    def weight(fact: Fact) -> tuple[bool, bool, int]:
        spoken_of = not asked.isdisjoint(stems(f"{fact.slot} {fact.value}").tolist())
        return spoken_of, fact.slot in IDENTITY, fact.id

    chosen = sorted(facts, key=weight, reverse=True)[:MOST_FACTS]
    return tuple(sorted(chosen, key=lambda fact: fact.id))
