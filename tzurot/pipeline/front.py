"""What the pipeline asks of the place where people are: Discord, a terminal, a test's script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractAsyncContextManager

    from tzurot.errors import TzurotError
    from tzurot.pipeline.turn import Turn, Voice
    from tzurot.talk import Incoming, MessageLink, Place, Speaker, Utterance


class Unsure(Exception):
    """A message may or may not have been posted: the request was sent, its answer never came."""


class Draft(Protocol):
    """Somebody watches the reply come into being."""

    @property
    def streams(self) -> bool:
        """Whether what is shown is seen."""
        ...

    def show(self, text: str) -> None:
        """More of the reply that is now certain."""
        ...

    def restart(self) -> bool:
        """Begin anew, because the model does; False where what was shown cannot be taken back."""
        ...


class Front(Protocol):
    async def overheard(self, place: Place, before: int, limit: int) -> tuple[Utterance, ...]:
        """What others said in a place before a message, oldest first; nothing a character said or was told."""
        ...

    def reactions(self, place: Place) -> Mapping[int, str]:
        """What people put under messages of a place, in words, by the message's id."""
        ...

    async def linked(self, link: MessageLink, asker: Speaker, shown_in: Place) -> Utterance:
        """A message somebody points at, read with that person's rights, to be spoken of in a place.

        Raises:
            NotFound: it is gone.
            Refused: the asker, or the bot, may not read it, or it does not belong where it would be shown.

        """
        ...

    def composing(self, turn: Turn) -> AbstractAsyncContextManager[Draft]:
        """While this is open people see that the character is at work."""
        ...

    def conversing(self, place: Place) -> AbstractAsyncContextManager[None]:
        """While this is open people see that characters talk among themselves, and can stop them."""
        ...

    async def welcome(self, asked: Utterance) -> None:
        """Somebody was answered in private for the first time: let them choose whom they talk with. Never raises."""
        ...

    async def say(self, place: Place, voice: Voice, text: str, key: str, buttons_of: int | None = None) -> int:
        """Post one message as a character and return its id; `key` is the same whenever this message is posted.

        `buttons_of` is the turn that people can do something with from below this message.

        Raises:
            CannotSpeak: the place does not take it.
            Unsure: it may have been posted.

        """
        ...

    async def revise(
        self, place: Place, voice: Voice, message_id: int, text: str, buttons_of: int | None = None
    ) -> bool:
        """Change a message of a character's, and what stands below it; False where it is gone.

        Doing it twice does no harm. `buttons_of` as in `say`.

        Raises:
            CannotSpeak: it cannot be changed.

        """
        ...

    async def retract(self, place: Place, message_id: int) -> None:
        """Take a message of a character's away, if it is still there; raises CannotSpeak where that is not allowed."""
        ...

    async def find(self, place: Place, voice: Voice, text: str, after: int) -> tuple[int, ...]:
        """The ids of messages that are that very one, posted after a message id, oldest first.

        Raises:
            CannotSpeak: the place cannot be read.

        """
        ...

    async def tell(self, incoming: Incoming, error: TzurotError, reference: str) -> None:
        """Tell the asker, out of character, what went wrong; never raises."""
        ...
