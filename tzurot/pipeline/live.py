"""A reply that people see while it is written: one message, posted with the first words and changed as more come."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from loguru import logger

from tzurot.errors import CannotSpeak, TzurotError
from tzurot.pipeline.delivery import Post
from tzurot.pipeline.lore import scripts_of
from tzurot.pipeline.reply import room_of, voice_of
from tzurot.pipeline.split import split
from tzurot.settings.catalog import STREAMING
from tzurot.tables.turns import Chunk

if TYPE_CHECKING:
    from tzurot.pipeline.delivery import Deliver
    from tzurot.pipeline.front import Draft, Front
    from tzurot.pipeline.turn import Scene, Turn
    from tzurot.tables.drafts import Drafts

EVERY_S = 1.2  # a webhook takes five requests in two seconds, and other replies use it too
UNFINISHED = " …"


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
        self._text = self._shown = ""
        self._message_id: int | None = None
        self._work: asyncio.Task[None] | None = None
        self._over = asyncio.Event()

    def show(self, text: str) -> None:
        self._text += text
        if self._work is None:
            self._work = asyncio.create_task(self._keep_up(), name=f"live {self._turn.accepted.reference}")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Show no more, and wait for what is under way; where there will be no reply, take back what was shown."""
        self._over.set()
        if self._work is not None:
            await self._work
        if isinstance(error, Exception):
            await self._withdraw()

    async def _withdraw(self) -> None:
        try:
            if self._message_id is not None:
                await self._front.retract(self._turn.place, self._message_id)
            if self._work is not None:
                await self._drafts.drop(self._turn.id)
        except TzurotError as error:
            logger.warning("an unfinished reply stays: {}", error)

    async def _keep_up(self) -> None:
        try:
            while not self._over.is_set():
                text = split(self._text, self._room)[0] + UNFINISHED
                if text != self._shown:
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
        if self._message_id is None:
            # the one that an earlier process had posted, if it came so far
            self._message_id = await self._drafts.begin(self._turn.id, text)
            if self._message_id is None:
                post = Post(
                    place=self._turn.place,
                    voice=self._voice,
                    chunk=Chunk(position=0, text=text, state="known"),
                    key=f"{self._turn.id}-live",
                    buttons_of=None,
                )
                self._message_id = await self._deliver.post(post, self._turn.incoming.utterance.message_id, self._front)
                await self._drafts.posted(self._turn.id, self._message_id)
                return
        if not await self._front.revise(self._turn.place, self._voice, self._message_id, text):
            raise CannotSpeak("speak.gone", "Somebody took the message away.")
