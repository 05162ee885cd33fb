"""What the character remembers of this person that bears on what was just said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.pipeline.turn import Recollection
from tzurot.settings.catalog import MEMORIES

if TYPE_CHECKING:
    from tzurot.memory.store import Memories
    from tzurot.pipeline.turn import Scene


class Retrieval:
    def __init__(self, memories: Memories) -> None:
        self._memories = memories

    async def __call__(self, scene: Scene) -> Recollection:
        """The best memories that the history does not show anyway, in the order they were made."""
        turn = scene.turn
        shown = {message_id for line in scene.history for message_id in line.message_ids}
        found = await self._memories.recall(
            turn.asked_by.persona_id,
            turn.character.id,
            turn.incoming.utterance.text,
            limit=scene.settings[MEMORIES],
            without=shown | {turn.incoming.utterance.message_id},
            last_id=turn.accepted.last_memory_id,
        )
        return Recollection(memories=tuple(sorted(found, key=lambda memory: memory.episode.said_at)))
