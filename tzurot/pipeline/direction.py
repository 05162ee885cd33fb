"""What people set for a conversation besides the card: instructions, the author's note, lorebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tzurot.pipeline.turn import Direction
from tzurot.prompt.notes import AuthorsNote
from tzurot.settings.catalog import AUTHORS_NOTE, LAST_WORDS, NOTE_DEPTH, NOTE_INTERVAL, PRESET, SIDECAR, SYSTEM_PROMPT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tzurot.pipeline.turn import Turn
    from tzurot.settings.cascade import Resolved
    from tzurot.tables.lorebooks import Lorebooks
    from tzurot.tables.presets import Presets


class Directions:
    def __init__(self, lorebooks: Lorebooks, presets: Presets) -> None:
        self._lorebooks = lorebooks
        self._presets = presets

    async def of(self, turn: Turn, settings: Resolved) -> Direction:
        preset = await self._presets.known(settings[PRESET])
        values: Mapping[str, Any] = preset.values if preset is not None else {}
        return Direction(
            system_prompt=settings[SYSTEM_PROMPT] or values.get("system_prompt", ""),
            post_history=settings[LAST_WORDS] or values.get("last_words", ""),
            sidecar=settings[SIDECAR],
            note=AuthorsNote(text=settings[AUTHORS_NOTE], interval=settings[NOTE_INTERVAL], depth=settings[NOTE_DEPTH]),
            books=await self._lorebooks.in_force(subjects_of(turn)),
        )


def subjects_of(turn: Turn) -> list[tuple[str, str]]:
    """Whose lorebooks are in force: a thread has those of its channel too."""
    place, persona_id = turn.place, turn.asked_by.persona_id
    channels = [place.channel_id, *([place.parent_id] if place.parent_id is not None else [])]
    subjects = [("global", "")]
    if place.guild_id is not None:
        subjects.append(("server", str(place.guild_id)))
    subjects += [("channel", str(channel)) for channel in channels]
    subjects += [("character", str(turn.character.id)), ("persona", str(persona_id))]
    subjects += [("chat", f"{persona_id}:{channel}") for channel in channels]
    return subjects
