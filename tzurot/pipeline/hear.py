"""From a message that reached the bot to the turns it causes: who is meant, entered once, answered in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loguru import logger

from tzurot.errors import TzurotError

if TYPE_CHECKING:
    from tzurot.pipeline.front import Front
    from tzurot.pipeline.run import Run
    from tzurot.pipeline.triggers import Triggers
    from tzurot.pipeline.turn import Delivery
    from tzurot.tables.people import People
    from tzurot.tables.turns import Ledger, OriginKind
    from tzurot.talk import Incoming


class Hear:
    def __init__(self, *, people: People, triggers: Triggers, ledger: Ledger, run: Run) -> None:
        self._people = people
        self._triggers = triggers
        self._ledger = ledger
        self._run = run

    async def __call__(self, incoming: Incoming, front: Front) -> None:
        """Answer a message if it addresses anybody. It never raises what a person could be told instead."""
        certain = incoming.mentions_bot or incoming.utterance.place.kind == "dm"
        try:
            person = await self._people.meet(incoming.utterance.speaker)
            addressed = await self._triggers(incoming, person)
        except TzurotError as error:
            logger.warning("cannot tell whom a message addresses: {}", error)
            if certain:
                await front.tell(incoming, error, "")
            return
        for character in addressed:
            await self.answer(incoming, front, character.character_id, character.reason, "message")

    async def answer(
        self,
        incoming: Incoming,
        front: Front,
        character_id: int,
        reason: str,
        origin_kind: OriginKind,
    ) -> Delivery | None:
        """One character's turn; None when it was entered before, or ended in a sentence to the person."""
        try:
            person = await self._people.meet(incoming.utterance.speaker)
            accepted = await self._ledger.accept(
                incoming,
                origin_kind=origin_kind,
                character_id=character_id,
                reason=reason,
                user_id=person.user_id,
                persona_id=person.persona_id,
            )
        except TzurotError as error:
            logger.warning("a turn could not be entered: {}", error)
            await front.tell(incoming, error, "")
            return None
        return await self._run(accepted, front) if accepted is not None else None
