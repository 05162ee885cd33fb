"""Asks before something is lost, declared once: the question, and what a yes does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from tzurot.ui.screen import Address, Button, Screen, stale

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ViewerT = TypeVar("ViewerT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm(Generic[ViewerT]):
    """`question(viewer, subject)` says what will be lost and checks the right to lose it; `act` does it and says so."""

    key: str
    title: str
    yes: str
    question: Callable[[ViewerT, str], Awaitable[str]]
    act: Callable[[ViewerT, str], Awaitable[str]]

    def button(self, label: str, owner: int, subject: str) -> Button:
        """Leads to the question."""
        return Button(label=label, address=self._at("ask", owner, subject), style="danger")

    async def ask(self, viewer: ViewerT, owner: int, subject: str) -> Screen:
        return Screen(
            title=self.title,
            text=await self.question(viewer, subject),
            buttons=(
                Button(label=self.yes, address=self._at("yes", owner, subject), style="danger"),
                Button(label="Keep it", address=self._at("no", owner, subject)),
            ),
        )

    async def press(self, viewer: ViewerT, address: Address) -> Screen:
        """Raises Invalid for an address that is not one of this question's."""
        if len(address.arguments) != 1:
            raise stale()
        (subject,) = address.arguments
        match address.verb:
            case "ask":
                return await self.ask(viewer, address.owner, subject)
            case "yes":
                return Screen(title=self.title, text=await self.act(viewer, subject))
            case "no":
                return Screen(title=self.title, text="Nothing was changed.")
            case _:
                raise stale()

    def _at(self, verb: str, owner: int, subject: str) -> Address:
        return Address(screen=self.key, verb=verb, owner=owner, arguments=(subject,))
