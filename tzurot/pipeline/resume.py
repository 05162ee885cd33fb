"""What an earlier process still owed: replies are completed, young questions answered, old ones apologised for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from loguru import logger

from tzurot.errors import TzurotError, bug
from tzurot.log import turn_reference
from tzurot.pipeline.delivery import PASSING, Post
from tzurot.pipeline.reply import buttons_stand, voice_of, without_footer
from tzurot.pipeline.turn import UNASKED

if TYPE_CHECKING:
    from tzurot.pipeline.delivery import Deliver
    from tzurot.pipeline.front import Front
    from tzurot.pipeline.remember import Remember
    from tzurot.pipeline.run import Run
    from tzurot.settings.cascade import Cascade
    from tzurot.tables.drafts import Drafts
    from tzurot.tables.turns import Ledger, Owed

REMEMBERED_FOR = timedelta(days=1)
STILL_ANSWERED = timedelta(minutes=5)


class Resume:
    def __init__(
        self,
        *,
        ledger: Ledger,
        drafts: Drafts,
        run: Run,
        deliver: Deliver,
        remember: Remember,
        cascade: Cascade,
    ) -> None:
        self._ledger = ledger
        self._drafts = drafts
        self._run = run
        self._deliver = deliver
        self._remember = remember
        self._cascade = cascade

    async def owed(self, front_name: str) -> tuple[Owed, ...]:
        """What an earlier process left; asked before anything new is accepted."""
        return await self._ledger.owed(front_name, REMEMBERED_FOR)

    async def stranded(self, front_name: str) -> tuple[Owed, ...]:
        """Turns of this process that were given up while Discord or the database was away."""
        if not self._run.stranded:
            return ()
        owed = await self._ledger.owed(front_name, REMEMBERED_FOR)
        found = tuple(o for o in owed if o.turn.id in self._run.stranded)
        self._run.stranded.clear()
        return found

    async def __call__(self, owed: Owed, front: Front) -> None:
        """Bring one turn to an end, unless that was done since somebody looked."""
        turn = owed.turn
        with turn_reference(turn.reference):
            try:
                owed = await self._ledger.stored(turn.id)
                if owed.state not in ("accepted", "posting"):
                    return
                if owed.state != "accepted":
                    await self._complete(owed, front)
                    return
                is_young = datetime.now(UTC) - owed.accepted_at <= STILL_ANSWERED
                if owed.chunks:
                    await self._settle(owed, front, goes_on=is_young)
                if is_young:
                    logger.info("answering what was asked before the restart")
                    await self._run(turn, front)
                elif turn.reason in UNASKED:
                    await self._ledger.end(turn.id, "apologised")
                else:
                    sorry = TzurotError(
                        "turn.missed", "I was away when you wrote this and missed it.", "Please say it again."
                    )
                    await front.tell(turn.incoming, sorry, turn.reference)
                    await self._ledger.end(turn.id, "apologised")
            except Exception as error:  # noqa: BLE001 - left as it is, it would come back with every start
                known = error if isinstance(error, TzurotError) else bug()
                if known.code in PASSING:
                    logger.warning("not yet: {}", known)
                    self._run.stranded.add(turn.id)
                    return
                logger.opt(exception=error).warning("a turn could not be finished: {}", known)
                await front.tell(turn.incoming, known, turn.reference)
                await self._ledger.end(turn.id, "failed")

    async def _settle(self, owed: Owed, front: Front, *, goes_on: bool) -> None:
        """Find the message that showed the beginning of a reply; it is changed when that is written, or taken away."""
        turn = await self._run.turn_of(owed.turn)
        (chunk,) = owed.chunks
        asked, message_id = owed.turn.incoming.utterance.message_id, chunk.message_id
        if message_id is None:
            post = Post(place=turn.place, voice=voice_of(turn), chunk=chunk, key="", buttons_of=None)
            message_id = await self._deliver.adopt(post, asked, front)
        if message_id is not None and goes_on:
            await self._drafts.posted(turn.id, message_id)
            return
        if message_id is not None:
            await front.retract(turn.place, message_id)
        await self._drafts.drop(turn.id)

    async def _complete(self, owed: Owed, front: Front) -> None:
        """Post the chunks that are missing, then remember."""
        accepted = owed.turn
        turn = await self._run.turn_of(accepted)
        logger.info("completing a reply that was left unfinished")
        asked = accepted.incoming.utterance.message_id
        settings = await self._cascade.of(
            place=turn.place, character_id=turn.character.id, user_id=turn.asked_by.user_id
        )
        message_ids = await self._deliver.finish(
            accepted.id,
            asked,
            turn.place,
            voice_of(turn, owed.voice),
            owed.chunks,
            front,
            has_buttons=buttons_stand(settings, turn.place, datetime.now(UTC)),
        )
        text = without_footer("\n".join(chunk.text for chunk in owed.chunks if chunk.text))
        replaces = any(chunk.message_id is not None and chunk.state == "planned" for chunk in owed.chunks)
        await self._remember(turn, text, message_ids, None, replaces=replaces)
