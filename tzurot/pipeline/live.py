"""A reply that people see while it is written: one message, posted with the first words and changed as more come."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from loguru import logger

from tzurot.errors import CannotSpeak, TzurotError
from tzurot.pipeline.delivery import PASSING, Post
from tzurot.pipeline.lore import scripts_of
from tzurot.pipeline.reply import room_of, voice_of
from tzurot.pipeline.split import split
from tzurot.settings.catalog import STREAMING
from tzurot.tables.turns import Chunk
from tzurot.talk import storable

if TYPE_CHECKING:
    from tzurot.pipeline.delivery import Deliver
    from tzurot.pipeline.front import Draft, Front
    from tzurot.pipeline.turn import Scene, Turn
    from tzurot.tables.drafts import Drafts

EVERY_S = 1.2  # a webhook takes five requests in two seconds, and other replies use it too
UNFINISHED = " …"


class Unsettled(CannotSpeak):
    """It is not known whether, or where, the beginning of a reply stands."""


def is_shown_live(scene: Scene, draft: Draft, *, waits: bool) -> bool:
    """Whether a reply is to be seen while it is written.

    Not where it waits for another character's, where it takes the place of an earlier one, or where scripts have the
    last word on what is shown.
    """
    first = scene.turn.accepted.take == 1 and not waits
    return first and scene.settings[STREAMING] and not draft.streams and not scripts_of(scene)


class Live:
    """The ledger knows of the message before Discord does, so that the next process finds it whatever happens here.

    What is shown is the beginning of the reply's first message; delivery changes it into the whole of that.
    """

    streams = True

    def __init__(self, turn: Turn, front: Front, drafts: Drafts, deliver: Deliver) -> None:
        self._turn = turn
        self._front = front
        self._drafts = drafts
        self._deliver = deliver
        self._voice = voice_of(turn)
        self._room = room_of(turn) - len(UNFINISHED)
        self._asked = turn.incoming.utterance.message_id
        self._text = self._shown = ""
        self._begun: Post | None = None  # as long as the ledger does not know which message it became
        self.message_id: int | None = None
        self._work: asyncio.Task[None] | None = None
        self._over = asyncio.Event()

    def show(self, text: str) -> None:
        self._text += storable(text)
        if self._work is None:
            self._work = asyncio.create_task(self._keep_up(), name=f"live {self._turn.accepted.reference}")

    def restart(self) -> bool:
        self._text = ""
        return True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Show no more, and wait for what is under way; what becomes of the message is for whoever goes on."""
        self._over.set()
        if self._work is None:
            return
        if isinstance(error, asyncio.CancelledError):
            self._work.cancel()  # the next process finds what it left
        await asyncio.wait({self._work})
        if isinstance(error, asyncio.CancelledError):
            return
        try:
            await self._settle()
        except Unsettled as unsettled:
            if error is None:
                raise
            logger.warning("an unfinished reply may stay: {}", unsettled)

    async def _keep_up(self) -> None:
        try:
            while not self._over.is_set():
                if self._text and (text := split(self._text, self._room)[0] + UNFINISHED) != self._shown:
                    await self._bring_up(text)
                    self._shown = text
                with suppress(TimeoutError):
                    async with asyncio.timeout(EVERY_S):
                        await self._over.wait()
        except TzurotError as error:
            logger.info("the reply is not shown while it is written: {}", error)
        except Exception:  # noqa: BLE001 - the reply itself is delivered whatever became of this
            logger.exception("the reply could not be shown while it was written")

    async def _bring_up(self, text: str) -> None:
        if self.message_id is None:
            # the one that an earlier process had posted, if it came so far
            self.message_id = await self._drafts.begin(self._turn.id, text)
            if self.message_id is None:
                self._begun = Post(
                    place=self._turn.place,
                    voice=self._voice,
                    chunk=Chunk(position=0, text=text, state="known"),
                    key=f"{self._turn.id}-live",
                    buttons_of=None,
                )
                try:
                    self.message_id = await self._deliver.post(self._begun, self._asked, self._front)
                except CannotSpeak as error:
                    if error.code not in PASSING:
                        self._begun = None  # it was refused, so it stands nowhere
                    raise
                await self._drafts.posted(self._turn.id, self.message_id)
                self._begun = None
                return
        if not await self._front.revise(self._turn.place, self._voice, self.message_id, text):
            raise CannotSpeak("speak.gone", "Somebody took the message away.")

    async def _settle(self) -> None:
        """Where a beginning was posted and not recorded, or perhaps posted: find out before the ledger forgets it.

        Raises:
            Unsettled: nobody can tell just now; the turn waits until somebody can.

        """
        if self._begun is None:
            return
        try:
            if self.message_id is None:
                self.message_id = await self._deliver.adopt(self._begun, self._asked, self._front)
            if self.message_id is not None:
                await self._drafts.posted(self._turn.id, self.message_id)
        except TzurotError as error:
            raise Unsettled(error.code, error.sentence, error.remedy) from error
