"""A list that people page through, sort, filter, search and open, declared once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tzurot.ui.screen import FILL, Address, Answer, Button, Choice, Form, Input, Press, Screen, Select, stale

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tzurot.ui.viewer import Viewer

PAGE = 10
QUERY_LIMIT = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry; `value` is what opening it is told, `order` what sorts it for each of the list's sorts."""

    label: str
    value: str
    detail: str = ""
    order: tuple[float | str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Where somebody is in a list: the page counted from 0, positions among its sorts and filters, what is sought."""

    page: int = 0
    sort: int = 0
    filter: int = 0
    query: str = ""
    subject: str = ""

    def arguments(self) -> tuple[str, ...]:
        return (str(self.page), str(self.sort), str(self.filter), self.subject, self.query)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """`load(viewer, view)` gives all entries that pass the filter and match the query, each sorted by `Row.order`.

    `open(viewer, value, back)` is the screen of one entry; its way back leads to the same page. Without it the list is
    only read. `subject` of a view tells lists of the same kind apart (the memories of which character, say).
    """

    key: str
    title: str
    empty: str
    load: Callable[[Viewer, View], Awaitable[Sequence[Row]]]
    open: Callable[[Viewer, str, Button], Awaitable[Screen]] | None = None
    sorts: tuple[str, ...] = ()
    filters: tuple[str, ...] = field(default=())

    async def page(self, viewer: Viewer, view: View | None = None) -> Screen:
        """One page; a page that is no longer there becomes the last one."""
        view = self._within(view or View())
        rows = list(await self.load(viewer, view))
        if self.sorts:
            rows.sort(key=lambda row: row.order[view.sort])
        pages = max(1, -(-len(rows) // PAGE))
        number = min(max(view.page, 0), pages - 1)
        shown = rows[number * PAGE : (number + 1) * PAGE]
        owner = viewer.front_id
        searched = f" · “{view.query}”" if view.query else ""
        return Screen(
            title=self.title,
            text="\n".join(f"**{row.label}**{f' · {row.detail}' if row.detail else ''}" for row in shown) or self.empty,
            footer=f"{len(rows)} in all · page {number + 1} of {pages}{searched}",
            select=Select(
                prompt="Open one",
                address=self.at("open", owner, view, page=number),
                choices=tuple(Choice(label=row.label, value=row.value, detail=row.detail) for row in shown),
            )
            if self.open is not None and shown
            else None,
            buttons=self._buttons(owner, view, number, pages, many=len(rows) > PAGE or bool(view.query)),
        )

    def _buttons(self, owner: int, view: View, number: int, pages: int, *, many: bool) -> tuple[Button, ...]:
        buttons: list[Button] = []
        if pages > 1:
            previous = self.at("page", owner, view, page=number - 1)
            following = self.at("page", owner, view, page=number + 1)
            buttons += [
                Button(label="◀ Previous", address=previous, enabled=number > 0),
                Button(label="Next ▶", address=following, enabled=number < pages - 1),
            ]
        if len(self.sorts) > 1:
            following = (view.sort + 1) % len(self.sorts)
            address = self.at("sort", owner, view, page=0, sort=following)
            buttons.append(Button(label=f"Sorted by {self.sorts[view.sort]}", address=address))
        if len(self.filters) > 1:
            following = (view.filter + 1) % len(self.filters)
            address = self.at("filter", owner, view, page=0, filter=following)
            buttons.append(Button(label=f"Showing {self.filters[view.filter]}", address=address))
        if many:
            buttons.append(Button(label="Search", address=self.at(FILL, owner, view, page=0)))
        return tuple(buttons)

    async def press(self, viewer: Viewer, press: Press) -> Answer:
        """Raises Invalid where the address is not one of this list's."""
        address = press.address
        view = View(
            page=address.number(0),
            sort=address.number(1),
            filter=address.number(2),
            subject=address.argument(3),
            query=address.argument(4),
        )
        match address.verb:
            case "page" | "sort" | "filter":
                return await self.page(viewer, view)
            case "found":
                query = press.texts.get("query", "").strip()[:QUERY_LIMIT]
                return await self.page(
                    viewer, View(filter=view.filter, sort=view.sort, subject=view.subject, query=query)
                )
            case "fill":
                wanted = Input(name="query", label="Part of what you look for", limit=QUERY_LIMIT, value=view.query)
                return Form(
                    title=f"Search: {self.title}", address=self.at("found", address.owner, view), inputs=(wanted,)
                )
            case "open" if self.open is not None:
                back = Button(label="Back to the list", address=self.at("page", address.owner, view))
                return await self.open(viewer, press.chosen, back)
            case _:
                raise stale()

    def _within(self, view: View) -> View:
        """The same view with a sort and a filter that this list has."""
        return View(
            page=view.page,
            sort=view.sort if 0 <= view.sort < len(self.sorts) else 0,
            filter=view.filter if 0 <= view.filter < len(self.filters) else 0,
            query=view.query[:QUERY_LIMIT],
            subject=view.subject,
        )

    def at(self, verb: str, owner: int, view: View, **changed: int) -> Address:
        """Where in this list a button leads."""
        seen = {"page": view.page, "sort": view.sort, "filter": view.filter} | changed
        view = View(**seen, query=view.query, subject=view.subject)
        return Address(screen=self.key, verb=verb, owner=owner, arguments=view.arguments())
