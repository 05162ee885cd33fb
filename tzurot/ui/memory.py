"""The screens of memories and facts: lists to open, and what can be done with one of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tzurot.errors import Invalid
from tzurot.ui.dashboard import Action, Dashboard, Field, Section, Sheet
from tzurot.ui.listing import Listing, Row, View
from tzurot.ui.screen import Button, Pressable, Screen, stale

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tzurot.memory.facts import Facts
    from tzurot.memory.forget import Forgetting
    from tzurot.memory.shelf import Shelf
    from tzurot.ui.viewer import Viewer

SECTORS = ("all", "episodic", "semantic", "procedural", "emotional", "reflective")
TEXT = Field(name="text", label="What is remembered", long=True, required=True)
VALUE = Field(name="value", label="What is true", limit=300, required=True)


class MemoryScreens:
    """A memory's subject is its character's id and its own: nobody's are reached but the viewer's."""

    def __init__(self, shelf: Shelf, forgetting: Forgetting) -> None:
        self._shelf = shelf
        self._forgetting = forgetting
        self.list = Listing(
            key="memories",
            title="What is remembered of you",
            empty="Nothing of that kind.",
            load=self._load,
            open=self._open,
            sorts=("newest", "oldest"),
            filters=SECTORS,
        )
        self.sheet = Dashboard(
            key="memory",
            sections=(Section(name="text", label="Memory", fields=(TEXT,)),),
            load=self._sheet,
            save=self._save,
            actions=(
                Action(name="lock", label="Lock / unlock", act=self._lock),
                Action(name="delete", label="Forget", act=self._delete, danger=True),
            ),
        )

    @property
    def screens(self) -> tuple[Pressable, ...]:
        return self.list, self.sheet

    async def _load(self, viewer: Viewer, view: View) -> Sequence[Row]:
        ids = pair_of(viewer, view.subject)
        sector = SECTORS[view.filter] if view.filter else ""
        return [
            Row(
                label=memory.text[:90],
                value=f"{ids[1]}.{memory.id}",
                detail=" · ".join(
                    part
                    for part in (memory.speaker, f"{memory.said_at:%d %b %Y}", "locked" if memory.locked else "")
                    if part
                ),
                order=(-memory.id, memory.id),
            )
            for memory in await self._shelf.all(*ids, sector=sector, query=view.query)
        ]

    async def _open(self, viewer: Viewer, value: str, back: Button) -> Screen:
        return await self.sheet.show(viewer, value, back)

    async def _sheet(self, viewer: Viewer, subject: str) -> Sheet:
        memory = await self._shelf.get(*one_of(viewer, subject))
        where = "in private" if memory.audience == "private" else "on a server"
        return Sheet(
            title=f"{memory.speaker}, {memory.said_at:%d %B %Y}",
            values={"text": memory.text},
            note=f"Said {where} <t:{int(memory.said_at.timestamp())}:f>; {memory.sector}."
            + (" Locked: only you can take it away." if memory.locked else ""),
        )

    async def _save(self, viewer: Viewer, subject: str, changed: Mapping[str, str]) -> None:
        text = changed["text"].strip()
        if not text:
            raise Invalid("memory.empty", "A memory needs words.", "Forget it instead.")
        await self._forgetting.edit(*one_of(viewer, subject), text)

    async def _lock(self, viewer: Viewer, subject: str) -> Screen | None:
        *pair, memory_id = one_of(viewer, subject)
        memory = await self._shelf.get(pair[0], pair[1], memory_id)
        await self._forgetting.set_lock(pair[0], pair[1], [memory_id], locked=not memory.locked)
        return None

    async def _delete(self, viewer: Viewer, subject: str) -> Screen:
        *pair, memory_id = one_of(viewer, subject)
        await self._forgetting.delete(pair[0], pair[1], [memory_id], locked=True)
        return Screen(title="Forgotten", text="It will not be learned again from words like these.")


class FactScreens:
    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.list = Listing(
            key="facts",
            title="What is believed of you",
            empty="Nothing yet.",
            load=self._load,
            open=self._open,
            sorts=("kind", "newest"),
            filters=("now", "now and before"),
        )
        self.sheet = Dashboard(
            key="fact",
            sections=(Section(name="value", label="Correct it", fields=(VALUE,)),),
            load=self._sheet,
            save=self._save,
            actions=(
                Action(name="lock", label="Lock / unlock", act=self._lock),
                Action(name="forget", label="Forget", act=self._forget, danger=True),
            ),
        )

    @property
    def screens(self) -> tuple[Pressable, ...]:
        return self.list, self.sheet

    async def _load(self, viewer: Viewer, view: View) -> Sequence[Row]:
        ids = pair_of(viewer, view.subject)
        return [
            Row(
                label=f"{fact.slot}: {fact.value}"[:100],
                value=f"{ids[1]}.{fact.id}",
                detail=" · ".join(part for part in (fact.status, "locked" if fact.locked else "") if part),
                order=(fact.slot, -fact.id),
            )
            for fact in await self._facts.of(*ids, past=bool(view.filter))
            if view.query.casefold() in f"{fact.slot} {fact.value}".casefold()
        ]

    async def _open(self, viewer: Viewer, value: str, back: Button) -> Screen:
        return await self.sheet.show(viewer, value, back)

    async def _sheet(self, viewer: Viewer, subject: str) -> Sheet:
        fact = await self._facts.find(*one_of(viewer, subject))
        read = "\n".join(f"> {' '.join(quote.split())[:300]}" for quote in fact.quotes) or "You wrote it yourself."
        return Sheet(
            title=f"{fact.slot}: {fact.value}"[:200],
            values={"value": fact.value},
            note=f"{read}\nSince <t:{int(fact.valid_from.timestamp())}:D>." + (" Locked." if fact.locked else ""),
        )

    async def _save(self, viewer: Viewer, subject: str, changed: Mapping[str, str]) -> str:
        value = changed["value"].strip()
        if not value:
            raise Invalid("fact.empty", "A fact needs a value.", "Forget it instead.")
        persona_id, character_id, fact_id = one_of(viewer, subject)
        fact = await self._facts.correct(persona_id, character_id, fact_id, value, now=datetime.now(UTC))
        return f"{character_id}.{fact.id}"

    async def _lock(self, viewer: Viewer, subject: str) -> Screen | None:
        fact = await self._facts.find(*one_of(viewer, subject))
        await self._facts.lock(*one_of(viewer, subject), locked=not fact.locked)
        return None

    async def _forget(self, viewer: Viewer, subject: str) -> Screen:
        fact = await self._facts.forget(*one_of(viewer, subject))
        return Screen(title="Forgotten", text=f"“{fact.slot}: {fact.value}” will not be believed again.")


def pair_of(viewer: Viewer, character: str) -> tuple[int, int]:
    if not character.isascii() or not character.isdecimal() or len(character) > 18:  # noqa: PLR2004 - a bigint
        raise stale()
    return viewer.person.towards(int(character)).persona_id, int(character)


def one_of(viewer: Viewer, subject: str) -> tuple[int, int, int]:
    """The persona, the character and the memory of a subject `character.memory`; raises Invalid for another."""
    character, _, memory = subject.partition(".")
    if not memory.isascii() or not memory.isdecimal() or len(memory) > 18:  # noqa: PLR2004
        raise stale()
    return (*pair_of(viewer, character), int(memory))
