"""What can be done with a reply that stands: make it anew, show another version, go on, take it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tzurot.errors import NotFound, Refused, TooBusy
from tzurot.pipeline.remember import snowflake_at
from tzurot.pipeline.turn import GO_ON
from tzurot.talk import Incoming, Utterance

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tzurot.memory.forget import Forgetting
    from tzurot.pipeline.forget import Forget
    from tzurot.pipeline.front import Front
    from tzurot.pipeline.hear import Hear
    from tzurot.pipeline.lanes import Lanes
    from tzurot.pipeline.resume import Resume
    from tzurot.pipeline.run import Run
    from tzurot.tables.takes import Takes
    from tzurot.tables.turns import Ledger, Owed

WORDS = "(Go on.)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """The takes of a turn, and which of them is shown, counted from 0; `asked_by` is the user it answered."""

    turn_id: int
    takes: tuple[int, ...]
    shown: int
    character_id: int
    asked_by: int


class Actions:
    """Each runs in its channel's lane, behind whatever is being said there."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        takes: Takes,
        run: Run,
        hear: Hear,
        resume: Resume,
        forget: Forget,
        forgetting: Forgetting,
        lanes: Lanes,
    ) -> None:
        self._ledger = ledger
        self._takes = takes
        self._run = run
        self._hear = hear
        self._resume = resume
        self._forget = forget
        self._forgetting = forgetting
        self._lanes = lanes

    async def versions(self, turn_id: int) -> Versions:
        """Raises NotFound where the reply is gone."""
        takes = await self._takes.of(turn_id)
        if not takes:
            raise gone()
        stored = [await self._ledger.stored(take) for take in takes]
        shown = next((n for n, one in enumerate(stored) if any(c.message_id for c in one.chunks)), len(takes) - 1)
        turn = stored[shown].turn
        return Versions(
            turn_id=turn.id, takes=takes, shown=shown, character_id=turn.character_id, asked_by=turn.user_id
        )

    async def regenerate(self, turn_id: int, front: Front) -> Versions:
        """Answer the same question once more; the new version takes the old one's place.

        Raises:
            TooBusy: somebody is doing that just now, or the process is stopping.
            NotFound: the reply is gone.

        """

        async def work(stored: Owed) -> None:
            await self._hear.admit(stored.turn.incoming.utterance, stored.turn.character_id)
            accepted = await self._takes.again(turn_id)
            if accepted is None:
                raise TooBusy("take.under_way", "That reply is being made anew already.", "Wait for it.")
            await self._run(accepted, front)

        await self._in_lane(turn_id, work)
        return await self.versions(turn_id)

    async def show(self, turn_id: int, step: int, front: Front) -> Versions:
        """The version before (-1) or after (+1) the one that is shown; at an end it stays."""

        async def work(_: Owed) -> None:
            versions = await self.versions(turn_id)
            wanted = min(max(versions.shown + step, 0), len(versions.takes) - 1)
            if wanted != versions.shown:
                await self._takes.show(versions.takes[wanted])
                await self._resume(await self._ledger.stored(versions.takes[wanted]), front)

        await self._in_lane(turn_id, work)
        return await self.versions(turn_id)

    async def go_on(self, turn_id: int, front: Front) -> None:
        """Let the character say more, without anybody having said anything."""

        async def work(stored: Owed) -> None:
            said, now = stored.turn.incoming.utterance, datetime.now(UTC)
            asking = Utterance(
                message_id=snowflake_at(now), place=said.place, speaker=said.speaker, text=WORDS, said_at=now
            )
            character_id = stored.turn.character_id
            await self._hear.answer(Incoming(utterance=asking), front, character_id, GO_ON, "interaction")

        await self._in_lane(turn_id, work)

    async def keep(self, turn_id: int) -> None:
        """Lock what is remembered of a question and its answer; raises NotFound where nothing is."""

        async def work(stored: Owed) -> None:
            said = stored.turn.incoming.utterance
            if not await self._forgetting.lock_said(said.place.key, [said.message_id, *_posted(stored)]):
                raise NotFound("memory.none", "Nothing of that is remembered.", "Memory may be off: /memory incognito.")

        await self._in_lane((await self.versions(turn_id)).turn_id, work)

    async def retract(self, turn_id: int, front: Front) -> None:
        """Take a reply back: its messages, its line of the history, its memory, and all its versions."""

        async def work(_: Owed) -> None:
            stored = await self._ledger.stored((await self.versions(turn_id)).turn_id)
            place, message_ids = stored.turn.incoming.utterance.place, _posted(stored)
            for message_id in reversed(message_ids):
                await front.retract(place, message_id)
            await self._forget(place.key, message_ids)
            await self._takes.retract(turn_id)

        await self._in_lane(turn_id, work)

    async def _in_lane(self, turn_id: int, work: Callable[[Owed], Awaitable[None]]) -> None:
        """Do something with a reply once all is done that was begun in its place before.

        Raises:
            TooBusy: the reply is unfinished even then, because Discord cannot be reached, say.

        """
        stored = await self._ledger.stored(turn_id)

        async def job() -> None:
            current = await self._ledger.stored(turn_id)
            if current.state in ("accepted", "posting"):
                raise TooBusy("turn.under_way", "That reply is still being made.", "Wait for it.")
            await work(current)

        await self._lanes.do(str(stored.turn.incoming.utterance.place.channel_id), job)


def _posted(stored: Owed) -> list[int]:
    return [chunk.message_id for chunk in stored.chunks if chunk.message_id is not None]


def gone() -> NotFound:
    return NotFound("reply.gone", "That is no reply of a character's, or it was taken back.", "Try it on another one.")


def not_yours() -> Refused:
    return Refused(
        "reply.not_yours", "That reply was made for somebody else.", "Ask them. Managers of the channel may delete it."
    )
