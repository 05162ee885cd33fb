"""`/lore`: what a world knows, called up when it is spoken of."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from tzurot.discord import options
from tzurot.discord.commands import Asked, command
from tzurot.errors import Invalid
from tzurot.lore.book import Book, Entry
from tzurot.lore.files import read_lorebook
from tzurot.lore.scan import Conversation, Line, ScanSettings, scan
from tzurot.prompt.tokens import estimate
from tzurot.ui.lore import named
from tzurot.ui.screen import Address, Answer, Form, Input, Press, Screen
from tzurot.ui.viewer import Power

if TYPE_CHECKING:
    import hikari

    from tzurot.discord.components import Router
    from tzurot.outbound import Outbound
    from tzurot.tables.characters import Characters, CharacterSummary
    from tzurot.tables.lorebooks import Lorebook, Lorebooks
    from tzurot.ui.lore import LoreScreens
    from tzurot.ui.rights import Owners
    from tzurot.ui.viewer import Viewer

FILE_BYTES = 4 * 1024 * 1024
TESTED_TOKENS = 16_384
SHOWN = 15
SCOPES = {
    "me in this channel": "chat",
    "me, whoever I talk with": "persona",
    "a character": "character",
    "this channel": "channel",
    "this server": "server",
    "everything": "global",
}
CREATE = Form(
    title="A new lorebook",
    address=Address(screen="lore-create", verb="save"),
    inputs=(
        Input(name="name", label="Name", required=True, limit=100),
        Input(name="keys", label="Keys of its first entry, with commas", limit=500),
        Input(name="content", label="What is known then", long=True, limit=4000),
    ),
)


class LorePlugin:
    key = CREATE.address.screen

    def __init__(
        self,
        *,
        lorebooks: Lorebooks,
        characters: Characters,
        owners: Owners,
        outbound: Outbound,
        screens: LoreScreens,
        router: Router,
    ) -> None:
        self._lorebooks = lorebooks
        self._characters = characters
        self._owners = owners
        self._outbound = outbound
        self._screens = screens
        router.enter(*screens.screens, self)

    @command("lore create", "Begin a lorebook", form=True)
    def create(self) -> Form:
        return CREATE

    @command("lore browse", "Your lorebooks")
    async def browse(self, asked: Asked) -> Screen:
        return await self._screens.books.page(asked.viewer)

    @command("lore edit", "A lorebook of yours and its entries", book=options.lorebook())
    async def edit(self, asked: Asked, book: Lorebook) -> Screen:
        return await self._screens.book_screen(asked.viewer, book)

    @command("lore import", "Bring in a lorebook: a world file, or that of a card", file=options.file("A JSON file"))
    async def import_book(self, asked: Asked, file: hikari.Attachment) -> Screen:
        content = await self._outbound.get(file.url, limit_bytes=FILE_BYTES)
        reading = read_lorebook(content, file.filename.rsplit(".", 1)[0])
        lorebook = await self._lorebooks.add(asked.viewer.user_id, reading.book.name or "Lorebook", reading.book)
        screen = await self._screens.book_screen(asked.viewer, lorebook)
        understood = f"a {reading.kind} file with {len(reading.book.entries):,} entries"
        told = (("Understood", understood), *((("Not used", "\n".join(reading.warnings)),) if reading.warnings else ()))
        return Screen(title=screen.title, text=screen.text, fields=(*told, *screen.fields), buttons=screen.buttons)

    @command("lore export", "A lorebook of yours as a world file", book=options.lorebook())
    async def export(self, asked: Asked, book: Lorebook) -> Screen:  # noqa: ARG002 - as every command
        return await self._screens.exported(book)

    @command(
        "lore link",
        "Put a lorebook in force",
        book=options.lorebook(),
        where=options.choice("For whom", *SCOPES),
        character=options.character("Which, where it is for a character", edit=True, required=False),
    )
    async def link(self, asked: Asked, book: Lorebook, where: str, character: CharacterSummary | None) -> str:
        scope, subject = self._place(asked.viewer, SCOPES[where], character)
        await self._lorebooks.link(book.id, scope, subject)
        return f"**{book.name}** is in force for {character.name if character else named(scope, subject)}."

    @command(
        "lore unlink",
        "Take a lorebook out of force",
        book=options.lorebook(),
        where=options.choice("For whom", *SCOPES),
        character=options.character("Which, where it is for a character", edit=True, required=False),
    )
    async def unlink(self, asked: Asked, book: Lorebook, where: str, character: CharacterSummary | None) -> str:
        scope, subject = self._place(asked.viewer, SCOPES[where], character)
        if not await self._lorebooks.unlink(book.id, scope, subject):
            raise Invalid("lore.not_linked", f"“{book.name}” is not in force there.", "/lore edit shows where it is.")
        return f"**{book.name}** is out of force for {character.name if character else named(scope, subject)}."

    @command(
        "lore test",
        "Which entries a message calls up, and why",
        book=options.lorebook(),
        text=options.text("The message", limit=2000),
    )
    async def test(self, asked: Asked, book: Lorebook, text: str) -> Screen:
        read = await self._lorebooks.book(book.id)
        found = scan(
            [("global", read)],
            Conversation(lines=(Line(name=asked.viewer.person.name, text=text),), length=1),
            settings=ScanSettings(),
            context_tokens=TESTED_TOKENS,
            count=estimate,
            expand=str,
            dice=Random(0),  # noqa: S311 - a trial
        )
        lines = [f"**{each.entry.title}** · {each.why}" for each in found.activated[:SHOWN]]
        silent = len(read.entries) - len(found.activated)
        return Screen(
            title=f"What that calls up in {book.name}",
            text="\n".join(lines) or "Nothing.",
            fields=(("No room for", ", ".join(entry.title for entry in found.dropped[:SHOWN])),)
            if found.dropped
            else (),
            footer=f"{silent:,} entries stay silent",
        )

    async def press(self, viewer: Viewer, press: Press) -> Answer:
        """The form of `/lore create`, when it comes back."""
        name = " ".join(press.texts.get("name", "").split())
        if not name:
            raise Invalid("lorebook.no_name", "A lorebook needs a name.", "Give it one.")
        keys = tuple(key.strip() for key in press.texts.get("keys", "").split(",") if key.strip())
        content = press.texts.get("content", "").strip()
        entries = (Entry(uid="0", keys=keys, content=content, constant=not keys),) if content else ()
        lorebook = await self._lorebooks.add(viewer.user_id, name, Book(name=name, entries=entries))
        return await self._screens.book_screen(viewer, lorebook)

    def _place(self, viewer: Viewer, scope: str, character: CharacterSummary | None) -> tuple[str, str]:
        """The scope and its subject where the viewer is; raises what keeps them from it."""
        if scope == "character":
            if character is None:
                raise Invalid("lore.no_character", "Which character?", "Name it in the option.")
            self._owners.check_edit(viewer.person, character)
            return scope, str(character.id)
        need = {"global": Power.BOT_OWNER, "server": Power.SERVER_MANAGER, "channel": Power.CHANNEL_MANAGER}.get(scope)
        if need is not None:
            viewer.needs(need)
        persona_id, channel_id = viewer.person.persona_id, viewer.channel_id
        subject = {
            "global": "",
            "server": str(viewer.server_id or 0),
            "channel": str(channel_id),
            "persona": str(persona_id),
            "chat": f"{persona_id}:{channel_id}",
        }[scope]
        return scope, subject
