"""`/character`: make, import, look at, edit, browse and delete characters."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson

from tzurot.cards.edit import edited
from tzurot.cards.read import FILE_BYTES, from_object
from tzurot.cards.write import export
from tzurot.discord import options
from tzurot.discord.commands import Asked, command
from tzurot.discord.importing import Importing
from tzurot.errors import Invalid
from tzurot.operations.portrait import portrait
from tzurot.settings.setting import Tier
from tzurot.tables.characters import Face
from tzurot.ui.character import CREATE, SECTIONS, TEMPLATE, picture_of, texts_of, view, welcome
from tzurot.ui.confirm import Confirm
from tzurot.ui.dashboard import Action, Dashboard, Sheet
from tzurot.ui.listing import Listing, Row, View
from tzurot.ui.ranking import Named, best_matches
from tzurot.ui.screen import Answer, Button, File, Form, Press, Screen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import hikari

    from tzurot.cards.write import Container
    from tzurot.discord.components import Router
    from tzurot.outbound import Outbound
    from tzurot.tables.characters import Characters, CharacterSummary
    from tzurot.ui.rights import Owners
    from tzurot.ui.settings import SettingsScreen
    from tzurot.ui.viewer import Viewer

AVATAR_BYTES = 10 * 1024 * 1024


class Create:
    """The form of `/character create`, when it comes back."""

    key = CREATE.address.screen

    def __init__(self, characters: Characters) -> None:
        self._characters = characters

    async def press(self, viewer: Viewer, press: Press) -> Answer:
        texts = {name: text.strip() for name, text in press.texts.items()}
        if not texts.get("name"):
            raise Invalid("card.no_name", "A character needs a name.", "Use /character create again.")
        raw = {"spec": "chara_card_v2", "spec_version": "2.0", "data": texts}
        return welcome(await self._characters.add(from_object(raw).card, owner_id=viewer.user_id))


class CharacterPlugin:
    def __init__(
        self, *, characters: Characters, owners: Owners, settings: SettingsScreen, outbound: Outbound, router: Router
    ) -> None:
        self._characters = characters
        self._owners = owners
        self._settings = settings
        self._outbound = outbound
        self._import = Importing(characters, settings.tuned)
        self.browse_screen = Listing(
            key="characters",
            title="Characters",
            empty="There is none by that name.",
            load=self._load,
            open=self._open,
            sorts=("name", "newest"),
            filters=("all", "mine", "public", "private"),
        )
        self.delete_screen = Confirm(
            key="character-delete",
            title="Delete a character",
            yes="Delete for good",
            question=self._question,
            act=self._delete,
        )
        self.edit_screen = Dashboard(
            key="character",
            sections=SECTIONS,
            load=self._sheet,
            save=self._save,
            actions=(
                Action(name="publish", label="Public / private", act=self._publish),
                Action(name="open", label="Open / hide the card", act=self._open_card),
                Action(name="export", label="Export", act=self._export_from_screen),
                Action(name="delete", label="Delete", act=self._ask_delete, danger=True),
            ),
        )
        router.enter(self.browse_screen, self.delete_screen, self.edit_screen, Create(characters))

    @command("character create", "Make a new character", form=True)
    def create(self) -> Form:
        return CREATE

    @command("character view", "Look at a character", character=options.character())
    async def view(self, asked: Asked, character: CharacterSummary) -> Screen:
        return await self._view(asked.viewer, character)

    @command(
        "character browse",
        "Page through all characters",
        query=options.text("Part of a name", limit=40, required=False),
    )
    async def browse(self, asked: Asked, query: str | None) -> Screen:
        return await self.browse_screen.page(asked.viewer, View(query=query or ""))

    @command("character edit", "Change a character of yours", character=options.character(edit=True))
    async def edit(self, asked: Asked, character: CharacterSummary) -> Screen:
        return await self.edit_screen.show(asked.viewer, str(character.id))

    @command(
        "character import",
        "Bring in a character card (PNG, JSON or CHARX), or many of them in a ZIP",
        file=options.file("The card as a file"),
    )
    async def import_card(self, asked: Asked, file: hikari.Attachment) -> Screen:
        if file.size > FILE_BYTES:
            raise Invalid(
                "card.too_large",
                f"That file is {file.size // 2**20} MiB; files of up to {FILE_BYTES // 2**20} MiB are read.",
                "Export the card with a smaller picture.",
            )
        return await self._import.take(asked, await self._outbound.get(file.url, limit_bytes=FILE_BYTES), file.filename)

    @command(
        "character export",
        "A character of yours as a file",
        character=options.character(edit=True),
        kind=options.choice("Which kind of file; without it PNG", "png", "json", "charx", required=False),
    )
    async def export(self, asked: Asked, character: CharacterSummary, kind: Container | None) -> Screen:  # noqa: ARG002
        return await self._exported(character, kind or "png")

    @command("character template", "An empty card to fill in and import")
    async def template(self, asked: Asked) -> Screen:  # noqa: ARG002
        content = orjson.dumps(TEMPLATE, option=orjson.OPT_INDENT_2)
        return Screen(
            title="A card to fill in",
            text="Change the texts and bring it in with /character import.",
            files=(File(name="character.json", content=content),),
        )

    @command("character delete", "Delete a character of yours", character=options.character(edit=True))
    async def delete(self, asked: Asked, character: CharacterSummary) -> Screen:
        return await self.delete_screen.ask(asked.viewer, str(character.id))

    @command("character settings", "How a character of yours answers everybody", character=options.character(edit=True))
    async def settings(self, asked: Asked, character: CharacterSummary) -> Screen:
        return await self._settings.show(asked.viewer, Tier.CHARACTER, str(character.id))

    @command("character overrides", "How a character answers you", character=options.character())
    async def overrides(self, asked: Asked, character: CharacterSummary) -> Screen:
        subject = f"{asked.viewer.user_id}:{character.id}"
        return await self._settings.show(asked.viewer, Tier.USER_CHARACTER, subject)

    @command(
        "character avatar set",
        "Give a character of yours a face",
        character=options.character(edit=True),
        image=options.file("A PNG, JPEG, WebP or GIF"),
    )
    async def avatar_set(self, asked: Asked, character: CharacterSummary, image: hikari.Attachment) -> Screen:
        if image.size > AVATAR_BYTES:
            raise Invalid("avatar.too_large", "That picture is larger than 10 MiB.", "Send a smaller one.")
        content, media_type = await portrait(await self._outbound.get(image.url, limit_bytes=AVATAR_BYTES))
        await self._characters.paint(character.id, Face(content=content, media_type=media_type))
        return await self._view(asked.viewer, character)

    @command("character avatar clear", "Take a character's face away", character=options.character(edit=True))
    async def avatar_clear(self, asked: Asked, character: CharacterSummary) -> Screen:
        await self._characters.paint(character.id, None)
        return await self._view(asked.viewer, character)

    # the list

    async def _load(self, viewer: Viewer, view: View) -> Sequence[Row]:
        visible = await self._characters.visible_to(viewer.user_id)
        kept = [c for c in visible if _passes(c, viewer, self.browse_screen.filters[view.filter])]
        if view.query:
            named = {c.slug: c for c in kept}
            found = best_matches(view.query, [Named(name=c.name, value=c.slug) for c in kept], len(kept))
            kept = [named[match.value] for match in found]
        return [
            Row(label=c.name, value=str(c.id), detail=_detail(c, viewer), order=(c.name.casefold(), -c.id))
            for c in kept
        ]

    async def _open(self, viewer: Viewer, value: str, back: Button) -> Screen:
        return await self._view(viewer, await self._characters.by_id(value, viewer.user_id), back)

    async def _view(self, viewer: Viewer, summary: CharacterSummary, *buttons: Button) -> Screen:
        character = await self._characters.get(summary.id)
        mine = self._owners.may_edit(viewer.person, summary)
        if mine:
            edit = self.edit_screen.back(viewer, str(summary.id))
            buttons += (
                Button(label="Edit", address=edit.address),
                self.delete_screen.button("Delete", viewer, str(summary.id)),
            )
        face = await self._characters.face(summary.id)
        return view(character, face, viewer.person.name, buttons, definition=mine or summary.is_open)

    # the dashboard

    async def _mine(self, viewer: Viewer, subject: str) -> CharacterSummary:
        summary = await self._characters.by_id(subject, viewer.user_id)
        self._owners.check_edit(viewer.person, summary)
        return summary

    async def _sheet(self, viewer: Viewer, subject: str) -> Sheet:
        summary = await self._mine(viewer, subject)
        character = await self._characters.get(summary.id)
        seen = "Everybody can see this character" if summary.is_public else "Only you can see this character"
        read = "and read its card." if summary.is_open else "; its card stays hidden."
        return Sheet(
            title=character.name,
            values=texts_of(character),
            note=f"{seen} {read}".replace(" ;", ";"),
            footer=summary.slug,
            files=picture_of(await self._characters.face(summary.id)),
        )

    async def _save(self, viewer: Viewer, subject: str, changed: Mapping[str, str]) -> None:
        summary = await self._mine(viewer, subject)
        character = await self._characters.get(summary.id)
        await self._characters.change(summary.id, edited(character.card, changed))

    async def _publish(self, viewer: Viewer, subject: str) -> Screen | None:
        summary = await self._mine(viewer, subject)
        await self._characters.publish(summary.id, public=not summary.is_public, open_card=summary.is_open)
        return None

    async def _open_card(self, viewer: Viewer, subject: str) -> Screen | None:
        summary = await self._mine(viewer, subject)
        await self._characters.publish(summary.id, public=summary.is_public, open_card=not summary.is_open)
        return None

    async def _export_from_screen(self, viewer: Viewer, subject: str) -> Screen:
        return await self._exported(await self._mine(viewer, subject), "png", self.edit_screen.back(viewer, subject))

    async def _exported(self, summary: CharacterSummary, kind: Container, *buttons: Button) -> Screen:
        character = await self._characters.get(summary.id)
        files, face = await self._characters.files(summary.id), await self._characters.face(summary.id)
        picture = face.content if face is not None and face.media_type == "image/png" else None
        made = await asyncio.to_thread(export, character.card, kind, files=files, picture=picture)
        return Screen(
            title=f"{summary.name} as a card",
            text="\n".join(made.warnings),
            files=(File(name=f"{summary.slug}.{kind}", content=made.content),),
            buttons=buttons,
        )

    async def _ask_delete(self, viewer: Viewer, subject: str) -> Screen:
        return await self.delete_screen.ask(viewer, subject)

    async def _question(self, viewer: Viewer, subject: str) -> str:
        summary = await self._mine(viewer, subject)
        return (
            f"**{summary.name}** will be gone for everybody, with all it ever said and all it remembers."
            " This cannot be undone."
        )

    async def _delete(self, viewer: Viewer, subject: str) -> str:
        summary = await self._mine(viewer, subject)
        await self._characters.delete(summary.id)
        return f"**{summary.name}** was deleted."


def _passes(character: CharacterSummary, viewer: Viewer, wanted: str) -> bool:
    return {
        "all": True,
        "mine": character.owner_id == viewer.user_id,
        "public": character.is_public,
        "private": not character.is_public,
    }[wanted]


def _detail(character: CharacterSummary, viewer: Viewer) -> str:
    owned = "yours" if character.owner_id == viewer.user_id else ""
    return " · ".join(part for part in (owned, "" if character.is_public else "private") if part)
