"""What can be done with a reply that stands: make it anew, show another version, go on, take it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tzurot.errors import NotFound, Refused, TooBusy
from tzurot.pipeline.turn import GO_ON
from tzurot.talk import Incoming, Utterance

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

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
        self, *, ledger: Ledger, takes: Takes, run: Run, hear: Hear, resume: Resume, forget: Forget, lanes: Lanes
    ) -> None:
        self._ledger = ledger
        self._takes = takes
        self._run = run
        self._hear = hear
        self._resume = resume
        self._forget = forget
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

        async def work() -> None:
            accepted = await self._takes.again(turn_id)
            if accepted is None:
                raise TooBusy("take.under_way", "That reply is being made anew already.", "Wait for it.")
            await self._run(accepted, front)

        await self._in_lane(await self._stored(turn_id), work)
        return await self.versions(turn_id)

    async def show(self, turn_id: int, step: int, front: Front) -> Versions:
        """The version before (-1) or after (+1) the one that is shown; at an end it stays."""
        versions = await self.versions(turn_id)
        wanted = min(max(versions.shown + step, 0), len(versions.takes) - 1)
        if wanted == versions.shown:
            return versions

        async def work() -> None:
            await self._takes.show(versions.takes[wanted])
            await self._resume(await self._ledger.stored(versions.takes[wanted]), front)

        await self._in_lane(await self._stored(turn_id), work)
        return await self.versions(turn_id)

    async def go_on(self, turn_id: int, message_id: int, front: Front) -> None:
        """Let the character say more, without anybody having said anything; `message_id` is the asking click's."""
        stored = await self._stored(turn_id)
        said = stored.turn.incoming.utterance
        asking = Utterance(
            message_id=message_id, place=said.place, speaker=said.speaker, text=WORDS, said_at=datetime.now(UTC)
        )

        async def work() -> None:
            character_id = stored.turn.character_id
            await self._hear.answer(Incoming(utterance=asking), front, character_id, GO_ON, "interaction")

        await self._in_lane(stored, work)

    async def retract(self, turn_id: int, front: Front) -> None:
        """Take a reply back: its messages, its line of the history, its memory, and all its versions."""
        versions = await self.versions(turn_id)
        stored = await self._stored(versions.turn_id)
        place = stored.turn.incoming.utterance.place
        message_ids = [chunk.message_id for chunk in stored.chunks if chunk.message_id is not None]

        async def work() -> None:
            for message_id in reversed(message_ids):
                await front.retract(place, message_id)
            await self._forget(place.key, message_ids)
            await self._takes.retract(turn_id)

        await self._in_lane(stored, work)

    async def _stored(self, turn_id: int) -> Owed:
        stored = await self._ledger.stored(turn_id)
        if stored.state in ("accepted", "posting"):
            raise TooBusy("turn.under_way", "That reply is still being made.", "Wait for it.")
        return stored

    async def _in_lane(self, stored: Owed, work: Callable[[], Awaitable[None]]) -> None:
        await self._lanes.do(str(stored.turn.incoming.utterance.place.channel_id), work)


def gone() -> NotFound:
    return NotFound("reply.gone", "That is no reply of a character's, or it was taken back.", "Try it on another one.")


def not_yours() -> Refused:
    return Refused(
        "reply.not_yours", "That reply was made for somebody else.", "Ask them, or a manager of the channel."
    )
