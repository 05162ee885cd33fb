"""From a message that reached the bot to the turns it causes: who is meant, entered once, answered in order."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from loguru import logger

from tzurot.errors import Invalid, Refused, TooBusy, TzurotError, bug
from tzurot.pipeline.remember import snowflake_at
from tzurot.pipeline.retrieval import cue_of
from tzurot.pipeline.turn import ACTIVE, FIRST_DM, FREE, ROUND
from tzurot.settings.catalog import ANSWER_EDITS, ROUNDS
from tzurot.talk import Incoming, Utterance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.memory.store import Memories
    from tzurot.pipeline.front import Front
    from tzurot.pipeline.guards import Guards
    from tzurot.pipeline.listen import Listen
    from tzurot.pipeline.run import Run
    from tzurot.pipeline.triggers import Triggers
    from tzurot.pipeline.turn import Delivery
    from tzurot.settings.cascade import Cascade
    from tzurot.tables.people import People, Person
    from tzurot.tables.takes import Takes
    from tzurot.tables.turns import Accepted, Ledger, OriginKind


EDITED_WITHIN = timedelta(minutes=5)


class Room(Protocol):
    def is_wanted(self) -> bool:
        """Whether something waits for the end of this: then characters do not go on among themselves."""
        ...

    async def settled(self, said: Utterance) -> bool:
        """Whether a person has said it all; False where what they said next is answered instead."""
        ...


class Hear:
    def __init__(
        self,
        *,
        people: People,
        triggers: Triggers,
        guards: Guards,
        ledger: Ledger,
        takes: Takes,
        cascade: Cascade,
        memories: Memories,
        listen: Listen,
        run: Run,
    ) -> None:
        self._people = people
        self._triggers = triggers
        self._guards = guards
        self._ledger = ledger
        self._takes = takes
        self._cascade = cascade
        self._memories = memories
        self._listen = listen
        self._run = run
        self._merged: dict[tuple[str, int], list[Accepted]] = {}  # what waits for what else somebody says
        self._stopped: set[str] = set()  # places where somebody had enough of characters among themselves

    async def __call__(self, incoming: Incoming, front: Front, room: Room | None = None) -> None:
        """Answer a message if it addresses anybody. It never raises what a person could be told instead.

        `room` is what goes on around it, where more than one thing does.
        """
        turns = await self.enter(incoming, front, at_once=True)
        if turns:
            await self.answer_all(turns, front, room)

    async def answer_all(self, turns: Sequence[Accepted], front: Front, room: Room | None = None) -> None:
        """Answer what was entered: who was called thinks beside the others, who is only there hears them first."""
        if turns[0].reason in FREE and room is not None:
            turns = await self._settled(turns, room)
        if not turns:
            return
        first, *others = turns
        if first.reason == ACTIVE:
            last = await self._run(first, front)
            for turn in others:
                last = await self._run(turn, front) or last
            if last is not None:
                await self._rounds(last, front, room)
        elif not others:
            if await self._run(first, front) and first.reason == FIRST_DM:
                await front.welcome(first.incoming.utterance)
        else:
            async with asyncio.TaskGroup() as group:
                before = None
                for turn in turns:
                    before = group.create_task(self._run(turn, front, before))

    async def _settled(self, turns: Sequence[Accepted], room: Room) -> Sequence[Accepted]:
        """The turns with all that their person said in one go; none where more is to come, which they go into."""
        said = turns[0].incoming.utterance
        whose = said.place.key, turns[0].user_id
        if await room.settled(said):
            before = self._merged.pop(whose, ())
            together = tuple(turn.incoming.utterance for turn in before)
            first = FIRST_DM if any(turn.reason == FIRST_DM for turn in before) else turns[0].reason
            return [replace(turn, together=together, reason=first) for turn in turns] if together else turns
        for turn in turns:
            await self._run.merge(turn)
        self._merged.setdefault(whose, []).append(turns[0])
        return ()

    async def asked_anew(self, place: str, message_id: int, front: Front) -> None:
        """Make the last reply anew where its question was edited, if that is wanted."""
        turn = await self._takes.last(place, message_id, EDITED_WITHIN)
        if turn is None:
            return
        said = turn.incoming.utterance
        settings = await self._cascade.of(place=said.place, character_id=turn.character_id, user_id=turn.user_id)
        if not settings[ANSWER_EDITS]:
            return
        try:
            await self.admit(said, turn.character_id)
        except TzurotError as error:
            logger.info("an edited question is not answered anew: {}", error)
            return
        if (accepted := await self._takes.again(turn.id)) is not None:
            await self._run(accepted, front)

    def stop(self, place: str) -> None:
        """Let characters there stop to go on among themselves."""
        self._stopped.add(place)

    async def _rounds(self, last: Delivery, front: Front, room: Room | None) -> None:
        """Characters go on among themselves, for so many rounds, until somebody says something or stops them."""
        place, asked_by = last.turn.place, last.turn.accepted.user_id
        rounds = (await self._cascade.of(place=place))[ROUNDS]
        if not rounds or (room and room.is_wanted()):
            return
        speakers = await self._triggers.after(last.turn.character.id, last.text, place, asked_by)
        if not speakers:
            return
        self._stopped.discard(place.key)
        async with front.conversing(place):
            for number in range(rounds):
                if number:
                    speakers = await self._triggers.after(last.turn.character.id, last.text, place, asked_by)
                for speaker in speakers:
                    if (room and room.is_wanted()) or place.key in self._stopped:
                        return
                    said = await self.answer(prompted_by(last), front, speaker, ROUND, "round")
                    if said is None:
                        return
                    last = said

    async def enter(self, incoming: Incoming, front: Front, *, at_once: bool = False) -> tuple[Accepted, ...] | None:
        """The turns a message causes, entered into the ledger; from there on a restart cannot lose them.

        `at_once`: the first of them is answered next, so its memories may be looked for while the ledger is written.
        None where the person was told instead what went wrong.
        """
        said = incoming.utterance
        accepted: list[Accepted] = []
        told = False
        # until it is known whom a message addresses, only these certainly address somebody here
        certain = incoming.mentions_bot or said.place.kind == "dm" or said.reply_to is not None
        try:
            known = await self._people.find(said.speaker)
            user_id = known.user_id if known else None
            addressed = await self._triggers(incoming, user_id)
            certain = bool(addressed)
            if addressed and any(one.is_voice for one in said.attachments):
                incoming = await self._listen(incoming, front, addressed[0].character_id, user_id)
                if incoming.utterance is not said:  # now it is known what was said, and perhaps to whom
                    addressed = await self._triggers(incoming, user_id) or addressed
            if addressed and not said.text and not said.attachments and not incoming.mentions_bot:
                raise unreadable()  # noqa: TRY301
        except Exception as error:  # noqa: BLE001 - whatever it was, a person who addressed somebody hears of it
            await self._fail(error, incoming, front if certain else None)
            return None if certain else ()
        for character in addressed:
            ahead = at_once and character is addressed[0]
            try:
                turn = await self.enter_turn(incoming, character.character_id, character.reason, "message", ahead=ahead)
            except Exception as error:  # noqa: BLE001 - one that cannot be entered stops nobody
                # whom nobody called need not say why they keep quiet
                uncalled = character.reason == ACTIVE and isinstance(error, Refused) and error.code.startswith("age.")
                await self._fail(error, incoming, None if uncalled else front)
                told = True
            else:
                accepted += [turn] if turn is not None else []
        return None if told and not accepted else tuple(accepted)

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
            accepted = await self.enter_turn(incoming, character_id, reason, origin_kind)
        except Exception as error:  # noqa: BLE001
            await self._fail(error, incoming, front)
            return None
        return await self._run(accepted, front) if accepted is not None else None

    async def admit(self, said: Utterance, character_id: int) -> Person:
        """Count a turn of somebody who may have one.

        Raises:
            TzurotError: what keeps them from it.

        """
        kept_out = await self._guards.keeps_out(said.speaker.external_id, said.place, character_id)
        if kept_out is not None:
            raise kept_out
        await self._guards.takes_a_turn(said.speaker.external_id, said.place)
        person = (await self._people.meet(said.speaker)).towards(character_id)
        await self._guards.is_old_enough(person.user_id, said.place, character_id)
        return person

    async def enter_turn(
        self, incoming: Incoming, character_id: int, reason: str, origin_kind: OriginKind, *, ahead: bool = True
    ) -> Accepted | None:
        """One character's turn; None when it was entered before. Raises what keeps this person from an answer."""
        person = await self.admit(incoming.utterance, character_id)
        if ahead:  # the loop comes to it while the database works
            ids, cue = (person.persona_id, character_id), cue_of(incoming.utterance)
            asyncio.get_running_loop().call_soon(self._memories.think_ahead, *ids, cue)
        return await self._ledger.accept(
            incoming,
            origin_kind=origin_kind,
            character_id=character_id,
            reason=reason,
            user_id=person.user_id,
            persona_id=person.persona_id,
        )

    async def _fail(self, error: Exception, incoming: Incoming, front: Front | None) -> None:
        known = error if isinstance(error, TzurotError) else bug()
        if known is error:
            logger.warning("a message was not answered: {} {}", known.code, known)
        else:
            logger.opt(exception=error).error("a message was not answered: {}", type(error).__name__)
        said = incoming.utterance
        once = isinstance(known, Refused | TooBusy)
        if front is not None and (not once or self._guards.is_news(said.speaker.external_id, said.place, known)):
            await front.tell(incoming, known, "")


def prompted_by(said: Delivery) -> Incoming:
    """What a character says moves another one to speak, on behalf of the person who began it."""
    asked = said.turn.incoming.utterance
    return Incoming(
        utterance=Utterance(
            message_id=snowflake_at(datetime.now(UTC)),
            place=asked.place,
            speaker=asked.speaker,
            text=said.text,
            said_at=datetime.now(UTC),
        )
    )


def unreadable() -> Invalid:
    """Discord gives a message without its words where the bot lacks the intent to read them."""
    return Invalid(
        "message.unreadable",
        "I can see that you wrote to me, but not what.",
        "Mention me or use /chat; the host can switch on Message Content Intent for this bot.",
    )
