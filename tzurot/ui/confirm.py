"""Asks before something is lost, declared once: the question, and what a yes does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tzurot.errors import Invalid
from tzurot.ui.screen import FILL, Address, Answer, Button, Form, Input, Press, Screen, stale

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tzurot.ui.viewer import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """`question(viewer, subject)` says what will be lost and checks the right to lose it; `act` does it and says so.

    `act` must check the right itself: a button may be pressed by anybody who can forge its id. With a `phrase` a click
    is not enough, it has to be typed.
    """

    key: str
    title: str
    yes: str
    question: Callable[[Viewer, str], Awaitable[str]]
    act: Callable[[Viewer, str], Awaitable[str]]
    phrase: str = ""

    def button(self, label: str, viewer: Viewer, subject: str) -> Button:
        """Leads to the question."""
        return Button(label=label, address=self._at("ask", viewer.front_id, subject), style="danger")

    async def ask(self, viewer: Viewer, subject: str) -> Screen:
        owner = viewer.front_id
        agreed = self._at(FILL if self.phrase else "yes", owner, subject)
        return Screen(
            title=self.title,
            text=await self.question(viewer, subject),
            buttons=(
                Button(label=self.yes, address=agreed, style="danger"),
                Button(label="Keep it", address=self._at("no", owner, subject)),
            ),
        )

    async def press(self, viewer: Viewer, press: Press) -> Answer:
        """Raises Invalid for an address that is not one of this question's, and for a wrong phrase."""
        subject = press.address.argument(0)
        match press.address.verb:
            case "ask":
                return await self.ask(viewer, subject)
            case "fill" if self.phrase:
                return self._form(press.address.owner, subject)
            case "typed" if self.phrase:
                if press.texts.get("phrase", "").strip().casefold() != self.phrase.casefold():
                    raise Invalid("confirm.phrase", "That is not the phrase; nothing was changed.", "Press it again.")
                return Screen(title=self.title, text=await self.act(viewer, subject))
            case "yes" if not self.phrase:
                return Screen(title=self.title, text=await self.act(viewer, subject))
            case "no":
                return Screen(title=self.title, text="Nothing was changed.")
            case _:
                raise stale()

    def _form(self, owner: int, subject: str) -> Form:
        typed = Input(name="phrase", label=f"Type: {self.phrase}", required=True, limit=100, placeholder=self.phrase)
        return Form(title=self.title, address=self._at("typed", owner, subject), inputs=(typed,))

    def _at(self, verb: str, owner: int, subject: str) -> Address:
        return Address(screen=self.key, verb=verb, owner=owner, arguments=(subject,))
