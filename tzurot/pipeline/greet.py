"""A character says its greeting without being asked, and it is part of the conversation from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.pipeline.remember import time_of
from tzurot.pipeline.split import split
from tzurot.pipeline.turn import Voice
from tzurot.prompt.macros import expand
from tzurot.prompt.tokens import estimate
from tzurot.tables.messages import Said

if TYPE_CHECKING:
    from tzurot.pipeline.front import Front
    from tzurot.tables.characters import Characters
    from tzurot.tables.messages import History
    from tzurot.talk import Place

ROOM = 1800


class Greet:
    def __init__(self, characters: Characters, history: History) -> None:
        self._characters = characters
        self._history = history

    async def __call__(self, character_id: int, place: Place, reader: str, front: Front) -> None:
        """Post the card's greeting, or a plain hello where it has none.

        Raises:
            CannotSpeak: the place does not take it.

        """
        character = await self._characters.get(character_id)
        card = character.card
        text = expand(card.first_mes, char=card.spoken_name, user=reader).strip() or "Hello."
        voice = Voice(name=character.name, character_id=character.id, avatar_digest=character.summary.avatar_digest)
        said = tuple(
            [
                await front.say(place, voice, chunk, f"hello-{character_id}-{n}")
                for n, chunk in enumerate(split(text, ROOM))
            ]
        )
        line = Said(
            place=place.key,
            message_ids=said,
            speaker=character.name,
            text=text,
            tokens=estimate(text),
            said_at=time_of(said[0]),
            character_id=character.id,
        )
        await self._history.add((line,))
