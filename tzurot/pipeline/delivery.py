"""Posts a reply so that a crash at any moment loses nothing and repeats nothing; the ledger decides."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tzurot.errors import CannotSpeak
from tzurot.pipeline.front import Unsure
from tzurot.pipeline.turn import Delivery
from tzurot.tables.turns import Chunk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.pipeline.front import Front
    from tzurot.pipeline.turn import Reply, Voice
    from tzurot.tables.takes import Takes
    from tzurot.tables.turns import Ledger
    from tzurot.talk import Place


PASSING = frozenset({"speak.unanswered", "database.unreachable"})  # trouble that is worth waiting out
TRIES = 4
FIRST_WAIT_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One message to be posted; `key` is the same whenever it is, `buttons_of` as in `Front.say`."""

    place: Place
    voice: Voice
    chunk: Chunk
    key: str
    buttons_of: int | None


class Deliver:
    def __init__(self, ledger: Ledger, takes: Takes) -> None:
        self._ledger = ledger
        self._takes = takes

    async def __call__(self, reply: Reply, front: Front) -> Delivery:
        """Commit the reply, then post it chunk by chunk, each one's id committed before the next one's request."""
        turn = reply.turn
        chunks: Sequence[Chunk]
        if turn.accepted.take > 1:
            chunks = await self._takes.speak(turn.id, reply.voice.name, reply.chunks)
        else:
            shown = await self._ledger.speak(turn.id, reply.voice.name, reply.chunks)
            chunks = [Chunk(position=position, text=text, state="known") for position, text in enumerate(reply.chunks)]
            if shown is not None:
                chunks[0] = replace(chunks[0], state="planned", message_id=shown)
        asked = turn.incoming.utterance.message_id
        message_ids = await self.finish(
            turn.id, asked, turn.place, reply.voice, chunks, front, has_buttons=reply.has_buttons
        )
        return Delivery(turn=turn, text=reply.text, message_ids=message_ids)

    async def finish(
        self,
        turn_id: int,
        asked: int,
        place: Place,
        voice: Voice,
        chunks: Sequence[Chunk],
        front: Front,
        *,
        has_buttons: bool = False,
    ) -> tuple[int, ...]:
        """Post what is still owed of a committed reply, and return all its message ids.

        A chunk that an earlier process had planned may have been posted although nobody heard of it: it is looked for
        after the last message that is known, adopted when found, and posted when not. A planned one that has a message
        already stands where another take stood: that message is changed, or taken away where there are no words for it.

        Raises:
            CannotSpeak: the place does not take messages any more, or cannot be searched.

        """
        message_ids: list[int] = []
        after = asked
        worded = [chunk for chunk in chunks if chunk.text]
        for chunk in chunks:
            is_last = chunk is chunks[-1]
            buttons_of = turn_id if has_buttons and chunk is worded[-1] else None
            message_id = chunk.message_id
            if message_id is not None and chunk.state == "planned":
                if not chunk.text:
                    await front.retract(place, message_id)
                    await self._ledger.drop(turn_id, chunk.position)
                    continue
                if await front.revise(place, voice, message_id, chunk.text, buttons_of):
                    await self._ledger.posted(turn_id, chunk.position, message_id)
                else:
                    message_id = None
            if message_id is None:
                post = Post(
                    place=place,
                    voice=voice,
                    chunk=chunk,
                    key=f"{turn_id}-{chunk.position}",
                    buttons_of=buttons_of,
                )
                message_id = await self.post(post, after, front)
                if not is_last:
                    await self._ledger.posted(turn_id, chunk.position, message_id)
            message_ids.append(message_id)
            after = message_id
        return tuple(message_ids)

    async def post(self, post: Post, after: int, front: Front) -> int:
        """Post one message, once, and return its id; a planned one may have been, after the message `after`.

        Raises CannotSpeak, see `finish`.
        """
        look_first = post.chunk.state == "planned"
        for wait_s in (FIRST_WAIT_S * 2**n for n in range(TRIES)):
            if look_first and (found := await self.adopt(post, after, front)) is not None:
                return found
            try:
                return await front.say(post.place, post.voice, post.chunk.text, post.key, post.buttons_of)
            except Unsure:
                look_first = True
                await asyncio.sleep(wait_s)
        if (found := await self.adopt(post, after, front)) is not None:
            return found
        raise CannotSpeak(
            "speak.unanswered",
            "Discord did not answer when the reply was posted.",
            "Try again in a minute; discordstatus.com tells whether it has trouble.",
        )

    async def adopt(self, post: Post, after: int, front: Front) -> int | None:
        """The message that is this chunk, if it was posted: one of the same words that is no other reply's."""
        found = await front.find(post.place, post.voice, post.chunk.text, after)
        taken = await self._ledger.taken(found) if found else set[int]()
        return next((message_id for message_id in found if message_id not in taken), None)
