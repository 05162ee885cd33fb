"""`tzurot play`: read a line, let the character answer, until the input ends."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tzurot.errors import TzurotError
from tzurot.terminal.front import TerminalFront
from tzurot.ui.flight import flight_screen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator

    from tzurot.memory.store import Memories
    from tzurot.pipeline.hear import Hear
    from tzurot.tables.characters import Characters, CharacterSummary
    from tzurot.tables.flights import Flights
    from tzurot.tables.people import People
    from tzurot.terminal.render import Screen

HELP = (
    "Type to talk. /characters lists who is here, /switch NAME talks with another, /memory shows what is remembered of"
    " you, /inspect how the last reply was made, /quit leaves."
)
SHOWN_MEMORIES = 10


class Shell:
    def __init__(
        self,
        *,
        name: str,
        character: CharacterSummary,
        screen: Screen,
        hear: Hear,
        people: People,
        characters: Characters,
        memories: Memories,
        flights: Flights,
    ) -> None:
        self._name = name
        self._character = character
        self._screen = screen
        self._hear = hear
        self._people = people
        self._characters = characters
        self._memories = memories
        self._flights = flights
        self._front = TerminalFront(screen.write, screen.complain)
        self.failed = False

    async def run(self) -> None:
        """Answer every line; Ctrl-C stops a reply, Ctrl-D or /quit leaves."""
        lines = _typed(self._prompt) if sys.stdin.isatty() else _piped()
        async for line in lines:
            text = line.strip()
            if text in ("/quit", "/exit"):
                return
            try:
                if text.startswith("/"):
                    await self._command(text)
                elif text:
                    await self._say(text)
            except TzurotError as error:
                self._screen.complain(error, "")

    def _prompt(self) -> str:
        return f"{self._name} → {self._character.name}  "

    async def _say(self, text: str) -> None:
        incoming = self._front.incoming(text, self._name, self._character.slug)
        self._screen.speaker(self._character.name)
        turn = asyncio.ensure_future(
            self._hear.answer(incoming, self._front, self._character.id, "terminal", "message")
        )
        try:
            with _ctrl_c(turn.cancel):
                await asyncio.wait([turn])
        finally:
            turn.cancel()  # where this session ends in the middle; nothing where the turn is done
        if turn.cancelled():
            self._screen.note("\n(stopped)")
            return
        delivery = turn.result()
        if delivery is None:
            self.failed = True
            return
        shown = self._front.draft.shown
        rest = delivery.text[len(shown) :] if delivery.text.startswith(shown) else f"\n{delivery.text}"
        self._screen.write(f"{rest}\n")

    async def _command(self, text: str) -> None:
        verb, _, rest = text[1:].partition(" ")
        person = await self._people.meet(self._front.incoming("", self._name, self._character.slug).utterance.speaker)
        match verb:
            case "characters":
                visible = await self._characters.visible_to(person.user_id)
                self._screen.characters(visible, self._character.slug)
            case "switch":
                self._character = await self._characters.by_slug(rest, person.user_id)
                self._screen.note(f"You are talking with {self._character.name}.")
            case "memory":
                ids = (person.persona_id, self._character.id)
                total = await self._memories.count(*ids)
                self._screen.memories(await self._memories.latest(*ids, SHOWN_MEMORIES), total)
            case "inspect":
                flight = await self._flights.find(person.user_id)
                if flight is None:
                    self._screen.note("There is nothing to inspect yet: say something first.")
                else:
                    self._screen.flight(flight_screen(flight))
            case _:
                self._screen.note(HELP)


@contextmanager
def _ctrl_c(stop: Callable[[], object]) -> Generator[None]:
    """While a reply is made Ctrl-C stops the reply, where a person sits there; a pipe ends as pipes do."""
    if not sys.stdin.isatty():
        yield
        return
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGINT)
    loop.add_signal_handler(signal.SIGINT, stop)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)


async def _piped() -> AsyncIterator[str]:
    while sys.stdin is not None and (line := await asyncio.to_thread(sys.stdin.readline)):  # pyright: ignore[reportUnnecessaryComparison]
        yield line


async def _typed(prompt: object) -> AsyncIterator[str]:
    from prompt_toolkit import PromptSession  # noqa: PLC0415 - only where a person sits

    session: PromptSession[str] = PromptSession()
    while True:
        try:
            yield await session.prompt_async(prompt)  # pyright: ignore[reportArgumentType]
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
