"""A list that people page through and open, declared once: what is in it and what opening an entry shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from tzurot.errors import Invalid
from tzurot.ui.screen import Address, Button, Choice, Screen, Select, stale

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

PAGE = 10
ViewerT = TypeVar("ViewerT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry; `value` is what opening it is told."""

    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[ViewerT]):
    """`load(viewer, query)` gives all entries that match; `open(viewer, value, back)` the screen of one, whose way back
    leads to the same page.
    """

    key: str
    title: str
    empty: str
    load: Callable[[ViewerT, str], Awaitable[Sequence[Row]]]
    open: Callable[[ViewerT, str, Button], Awaitable[Screen]]

    async def page(self, viewer: ViewerT, owner: int, number: int = 0, query: str = "") -> Screen:
        """A page, counted from 0; a page that is no longer there becomes the last one."""
        rows = await self.load(viewer, query)
        pages = max(1, -(-len(rows) // PAGE))
        number = min(max(number, 0), pages - 1)
        shown = rows[number * PAGE : (number + 1) * PAGE]
        if not shown:
            return Screen(title=self.title, text=self.empty)
        return Screen(
            title=self.title,
            text="\n".join(f"**{row.label}**{f' · {row.detail}' if row.detail else ''}" for row in shown),
            footer=f"{len(rows)} in all · page {number + 1} of {pages}" + (f" · “{query}”" if query else ""),
            select=Select(
                prompt="Open one",
                address=self._at("open", owner, number, query),
                choices=tuple(Choice(label=row.label, value=row.value, detail=row.detail) for row in shown),
            ),
            buttons=(
                Button(label="Back", address=self._at("page", owner, number - 1, query), enabled=number > 0),
                Button(
                    label="Next",
                    address=self._at("page", owner, number + 1, query),
                    enabled=number < pages - 1,
                ),
            )
            if pages > 1
            else (),
        )

    async def press(self, viewer: ViewerT, address: Address, values: Sequence[str]) -> Screen:
        """What a press on this list shows.

        Raises:
            Invalid: the address is not one of this list's.

        """
        try:
            number, query = int(address.arguments[0]), address.arguments[1]
        except (IndexError, ValueError):
            raise stale() from None
        if address.verb == "page":
            return await self.page(viewer, address.owner, number, query)
        if address.verb == "open" and len(values) == 1:
            back = Button(label="Back to the list", address=self._at("page", address.owner, number, query))
            return await self.open(viewer, values[0], back)
        raise Invalid("screen.unknown", "That button does nothing any more.", "Run the command again.")

    def _at(self, verb: str, owner: int, number: int, query: str) -> Address:
        return Address(screen=self.key, verb=verb, owner=owner, arguments=(str(number), query))
