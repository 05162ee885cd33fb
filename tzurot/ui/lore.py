"""The screens of lorebooks: one's books, their entries, and what an entry says and when."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from tzurot.errors import Invalid
from tzurot.lore.book import Entry, Slot
from tzurot.lore.files import to_world
from tzurot.ui.confirm import Confirm
from tzurot.ui.dashboard import Action, Dashboard, Field, Section, Sheet
from tzurot.ui.listing import Listing, Row, View
from tzurot.ui.screen import Button, File, Pressable, Screen, stale

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tzurot.lore.book import Book
    from tzurot.tables.lorebooks import Lorebook, Lorebooks
    from tzurot.ui.viewer import Viewer

SLOTS = {slot.name.lower().replace("_", " "): slot for slot in Slot}
SWITCH = {"on": True, "off": False}
SECTIONS = (
    Section(
        name="what",
        label="What and when",
        fields=(
            Field(name="comment", label="Title", limit=200),
            Field(name="keys", label="Keys, with commas", limit=2000),
            Field(name="secondary_keys", label="Secondary keys, with commas", limit=2000),
            Field(name="content", label="What is known", long=True, required=True),
            Field(name="constant", label="Always there", limit=3, placeholder="on or off"),
        ),
    ),
    Section(
        name="where",
        label="Where",
        fields=(
            Field(name="slot", label="Position", limit=20, placeholder=", ".join(SLOTS)),
            Field(name="depth", label="Depth", limit=6),
            Field(name="order", label="Order", limit=8),
            Field(name="scan_depth", label="Scan depth", limit=6, placeholder="empty: as the book"),
            Field(name="enabled", label="In use", limit=3, placeholder="on or off"),
        ),
    ),
    Section(
        name="how",
        label="How long and how likely",
        fields=(
            Field(name="probability", label="Probability in percent", limit=6),
            Field(name="sticky", label="Stays for so many messages", limit=6),
            Field(name="cooldown", label="Rests for so many messages", limit=6),
            Field(name="delay", label="Not before so many messages", limit=6),
            Field(name="group", label="One of a group", limit=100),
        ),
    ),
)


class LoreScreens:
    """A book's subject is its id; an entry's is `book.uid`. Only the viewer's own books are reached."""

    def __init__(self, lorebooks: Lorebooks) -> None:
        self._lorebooks = lorebooks
        self.books = Listing(
            key="lorebooks",
            title="Your lorebooks",
            empty="None yet: /lore import brings one, /lore create begins one.",
            load=self._load_books,
            open=self._open_book,
            sorts=("name", "size"),
        )
        self.entries = Listing(
            key="lore-entries",
            title="Entries",
            empty="No entry like that.",
            load=self._load_entries,
            open=self._open_entry,
            sorts=("order", "title"),
            filters=("all", "always there", "called up", "out of use"),
        )
        self.entry = Dashboard(
            key="lore-entry",
            sections=SECTIONS,
            load=self._sheet,
            save=self._save,
            actions=(Action(name="delete", label="Delete", act=self._delete_entry, danger=True),),
        )
        self.gone = Confirm(
            key="lore-delete", title="Delete a lorebook", yes="Delete", question=self._question, act=self._delete
        )

    @property
    def screens(self) -> tuple[Pressable, ...]:
        return self.books, self.entries, self.entry, self.gone

    async def book_screen(self, viewer: Viewer, lorebook: Lorebook, *more: Button) -> Screen:
        book = await self._lorebooks.book(lorebook.id)
        links = await self._lorebooks.links_of(lorebook.id)
        view = View(subject=str(lorebook.id))
        return Screen(
            title=lorebook.name,
            text=book.description[:1000],
            fields=(
                ("Entries", f"{lorebook.entries:,}"),
                ("In force for", "\n".join(named(link.scope, link.subject) for link in links) or "nothing: /lore link"),
            ),
            buttons=(
                Button(label="Entries", address=self.entries.at("page", viewer.front_id, view)),
                self.gone.button("Delete", viewer, str(lorebook.id)),
                *more,
            ),
        )

    async def exported(self, lorebook: Lorebook) -> Screen:
        book = await self._lorebooks.book(lorebook.id)
        content = orjson.dumps(to_world(book), option=orjson.OPT_INDENT_2)
        return Screen(title=f"{lorebook.name} as a world file", files=(File(name="lorebook.json", content=content),))

    async def _load_books(self, viewer: Viewer, view: View) -> Sequence[Row]:
        return [
            Row(label=b.name, value=str(b.id), detail=f"{b.entries:,} entries", order=(b.name.casefold(), -b.entries))
            for b in await self._lorebooks.of(viewer.user_id)
            if view.query.casefold() in b.name.casefold()
        ]

    async def _open_book(self, viewer: Viewer, value: str, back: Button) -> Screen:
        return await self.book_screen(viewer, await self._lorebooks.find(viewer.user_id, value), back)

    async def _load_entries(self, viewer: Viewer, view: View) -> Sequence[Row]:
        lorebook = await self._lorebooks.find(viewer.user_id, view.subject)
        wanted = self.entries.filters[view.filter]
        return [
            Row(
                label=entry.title[:100],
                value=f"{lorebook.id}.{entry.uid}"[:100],
                detail="always there" if entry.constant else ", ".join(entry.keys)[:80],
                order=(entry.order, entry.title.casefold()),
            )
            for entry in (await self._lorebooks.book(lorebook.id)).entries
            if view.query.casefold() in f"{entry.title} {' '.join(entry.keys)} {entry.content}".casefold()
            and {
                "all": True,
                "always there": entry.constant,
                "called up": not entry.constant and entry.enabled,
                "out of use": not entry.enabled,
            }[wanted]
        ]

    async def _open_entry(self, viewer: Viewer, value: str, back: Button) -> Screen:
        return await self.entry.show(viewer, value, back)

    async def _found(self, viewer: Viewer, subject: str) -> tuple[Lorebook, Book, Entry]:
        given, _, uid = subject.partition(".")
        lorebook = await self._lorebooks.find(viewer.user_id, given)
        book = await self._lorebooks.book(lorebook.id)
        entry = next((entry for entry in book.entries if entry.uid == uid), None)
        if entry is None:
            raise stale()
        return lorebook, book, entry

    async def _sheet(self, viewer: Viewer, subject: str) -> Sheet:
        lorebook, _, entry = await self._found(viewer, subject)
        return Sheet(title=entry.title[:200], values=texts_of(entry), footer=lorebook.name)

    async def _save(self, viewer: Viewer, subject: str, changed: Mapping[str, str]) -> None:
        lorebook, book, entry = await self._found(viewer, subject)
        new = changed_entry(entry, changed)
        await self._lorebooks.change(
            lorebook.id, replace(book, entries=tuple(new if one is entry else one for one in book.entries))
        )

    async def _delete_entry(self, viewer: Viewer, subject: str) -> Screen:
        lorebook, book, entry = await self._found(viewer, subject)
        await self._lorebooks.change(
            lorebook.id, replace(book, entries=tuple(one for one in book.entries if one is not entry))
        )
        return await self.entries.page(viewer, View(subject=str(lorebook.id)))

    async def _question(self, viewer: Viewer, subject: str) -> str:
        lorebook = await self._lorebooks.find(viewer.user_id, subject)
        return f"**{lorebook.name}** will be gone with its {lorebook.entries:,} entries, wherever it is in force."

    async def _delete(self, viewer: Viewer, subject: str) -> str:
        lorebook = await self._lorebooks.find(viewer.user_id, subject)
        await self._lorebooks.delete(lorebook.id)
        return f"**{lorebook.name}** was deleted."


def texts_of(entry: Entry) -> dict[str, str]:
    """An entry's fields as somebody would type them."""
    texts = {
        name: f"{getattr(entry, name):g}" for name in ("depth", "order", "probability", "sticky", "cooldown", "delay")
    }
    texts |= {name: "on" if getattr(entry, name) else "off" for name in ("constant", "enabled")}
    return texts | {
        "comment": entry.comment,
        "keys": ", ".join(entry.keys),
        "secondary_keys": ", ".join(entry.secondary_keys),
        "content": entry.content,
        "slot": next(name for name, slot in SLOTS.items() if slot == entry.slot),
        "scan_depth": "" if entry.scan_depth is None else str(entry.scan_depth),
        "group": entry.group,
    }


def _keys(text: str) -> tuple[str, ...]:
    return tuple(key.strip() for key in text.split(",") if key.strip())


def _count(text: str) -> int:
    return max(0, int(text or 0))


def _figure(text: str) -> float:
    return float(text or 100)


def _switch(text: str) -> bool:
    return SWITCH[text.casefold() or "off"]


READERS: Mapping[str, Callable[[str], object]] = {
    "comment": str, "content": str, "group": str, "keys": _keys, "secondary_keys": _keys,
    "depth": _count, "sticky": _count, "cooldown": _count, "delay": _count,
    "order": _figure, "probability": _figure, "constant": _switch, "enabled": _switch,
    "scan_depth": lambda text: int(text) if text else None, "slot": lambda text: SLOTS[text.casefold()],
}  # fmt: skip


def changed_entry(entry: Entry, texts: Mapping[str, str]) -> Entry:
    """The entry with what was typed.

    Raises:
        Invalid: a value is none.

    """
    try:
        values = {name: READERS[name](text.strip()) for name, text in texts.items()}
    except (ValueError, KeyError) as error:
        raise Invalid(
            "lore.value", f"{str(error)[:80]} cannot be used there.", "Write numbers in digits, and on or off."
        ) from None
    if "probability" in values:
        values["use_probability"] = values["probability"] != 100  # noqa: PLR2004 - percent
    return replace(entry, **values)  # pyright: ignore[reportArgumentType] - each was read for its field


def named(scope: str, subject: str) -> str:
    """Where a book is in force, in words."""
    return {
        "global": "everything",
        "server": "a server",
        "channel": f"<#{subject}>",
        "character": "a character",
        "persona": "a persona of yours",
        "chat": f"you in <#{subject.rpartition(':')[2]}>",
    }[scope]
