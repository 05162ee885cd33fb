"""The terminal as the pipeline sees it: nobody else is there, and nothing can be posted twice."""

from __future__ import annotations

import zlib
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

from tzurot.errors import NotFound
from tzurot.pipeline.remember import snowflake_at
from tzurot.talk import Incoming, Place, Speaker, Utterance, storable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from tzurot.errors import TzurotError
    from tzurot.pipeline.turn import Turn, Voice
    from tzurot.talk import MessageLink


class ShownDraft:
    """Passes on what becomes certain of a reply, and keeps it to know what is still to be shown."""

    streams = True

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self.shown = ""

    def show(self, text: str) -> None:
        self.shown += text
        self._write(text)

    def restart(self) -> bool:
        return not self.shown


class TerminalFront:
    def __init__(self, write: Callable[[str], None], complain: Callable[[TzurotError, str], None]) -> None:
        self._complain = complain
        self._write = write
        self._numbers = count()
        self.draft = ShownDraft(write)

    def incoming(self, text: str, name: str, slug: str) -> Incoming:
        """A line typed by `name` to a character; each pair of them has a conversation of its own."""
        now = datetime.now(UTC)
        place = Place(
            front="terminal",
            channel_id=zlib.crc32(f"{name}/{slug}".encode()),
            kind="terminal",
            name="terminal",
        )
        return Incoming(
            utterance=Utterance(
                message_id=snowflake_at(now, next(self._numbers)),
                place=place,
                speaker=Speaker(front="terminal", external_id=name.casefold(), name=name),
                text=storable(text),
                said_at=now,
            )
        )

    async def overheard(self, place: Place, before: int, limit: int) -> tuple[Utterance, ...]:  # noqa: ARG002
        return ()

    def reactions(self, place: Place) -> dict[int, str]:  # noqa: ARG002
        return {}

    async def linked(self, link: MessageLink, asker: Speaker, shown_in: Place) -> Utterance:  # noqa: ARG002
        raise NotFound("message.gone", "There are no messages to point at in a terminal.")

    @asynccontextmanager
    async def composing(self, turn: Turn) -> AsyncGenerator[ShownDraft]:  # noqa: ARG002
        self.draft = ShownDraft(self._write)
        yield self.draft

    @asynccontextmanager
    async def conversing(self, place: Place) -> AsyncGenerator[None]:  # noqa: ARG002 - one character is alone here
        yield

    async def welcome(self, asked: Utterance) -> None: ...

    async def say(self, place: Place, voice: Voice, text: str, key: str, buttons_of: int | None = None) -> int:  # noqa: ARG002
        """Number the message; the shell shows what of the reply was not shown while it came."""
        return snowflake_at(datetime.now(UTC), next(self._numbers))

    async def revise(
        self,
        place: Place,  # noqa: ARG002
        voice: Voice,  # noqa: ARG002
        message_id: int,  # noqa: ARG002
        text: str,
        buttons_of: int | None = None,  # noqa: ARG002
    ) -> bool:
        """What was written stays written; the new words follow it."""
        self._write(text)
        return True

    async def retract(self, place: Place, message_id: int) -> None: ...

    async def find(self, place: Place, voice: Voice, text: str, after: int) -> tuple[int, ...]:  # noqa: ARG002
        return ()

    async def tell(self, incoming: Incoming, error: TzurotError, reference: str) -> None:  # noqa: ARG002
        self._complain(error, reference)
