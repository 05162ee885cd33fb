"""`/character`: make, import, look at, browse and delete characters."""

from __future__ import annotations

import hikari
import lightbulb

from tzurot.cards.read import MAX_BYTES, from_object, read_json
from tzurot.discord import options
from tzurot.discord.commands import opens_form, person_of, show, show_form
from tzurot.discord.components import Press, Router
from tzurot.discord.permissions import Owners
from tzurot.errors import Invalid, Refused
from tzurot.outbound import Outbound
from tzurot.tables.characters import Characters
from tzurot.tables.people import People, Person
from tzurot.ui.character import CREATE, view, welcome
from tzurot.ui.confirm import Confirm
from tzurot.ui.listing import Listing, Row
from tzurot.ui.screen import Button, Screen

loader = lightbulb.Loader()
group = lightbulb.Group("character", "Characters: make, import, look at and browse them")


class Screens:
    """The screens of this group, with what they need; entered into the router when the plugin starts."""

    def __init__(self, characters: Characters, owners: Owners) -> None:
        self.characters = characters
        self.owners = owners
        self.browse: Listing[Person] = Listing(
            key="characters",
            title="Characters",
            empty="There is none by that name.",
            load=self._load,
            open=self._open,
        )
        self.delete: Confirm[Person] = Confirm(
            key="character-delete",
            title="Delete a character",
            yes="Delete for good",
            question=self._question,
            act=self._delete,
        )

    def enter(self, router: Router) -> None:
        router.enter(self.browse.key, lambda press: self.browse.press(press.person, press.address, press.values))
        router.enter(self.delete.key, lambda press: self.delete.press(press.person, press.address))
        router.enter(CREATE.address.screen, self._create)

    async def _load(self, person: Person, query: str) -> list[Row]:
        visible = await self.characters.visible_to(person.user_id)
        found = (
            options.best_matches(query, visible, len(visible))
            if query
            else sorted(visible, key=lambda c: c.name.casefold())
        )
        return [
            Row(
                label=character.name,
                value=character.slug,
                detail="yours" if character.owner_id == person.user_id else "",
            )
            for character in found
        ]

    async def _open(self, person: Person, slug: str, back: Button) -> Screen:
        return await self.view(person, slug, back.address.owner, back)

    async def view(self, person: Person, slug: str, owner: int, *buttons: Button) -> Screen:
        summary = await self.characters.by_slug(slug, person.user_id)
        character = await self.characters.get(summary.id)
        if self.owners.may_edit(person, summary):
            buttons += (self.delete.button("Delete", owner, summary.slug),)
        return view(character, await self.characters.face(summary.id), person.name, buttons)

    async def _question(self, person: Person, slug: str) -> str:
        summary = await self.characters.by_slug(slug, person.user_id)
        self._check(person, slug, may=self.owners.may_edit(person, summary))
        return (
            f"**{summary.name}** will be gone for everybody, with all it ever said and all it remembers."
            " This cannot be undone."
        )

    async def _delete(self, person: Person, slug: str) -> str:
        summary = await self.characters.by_slug(slug, person.user_id)
        self._check(person, slug, may=self.owners.may_edit(person, summary))
        await self.characters.delete(summary.id)
        return f"**{summary.name}** was deleted."

    @staticmethod
    def _check(person: Person, slug: str, *, may: bool) -> None:
        if not may:
            raise Refused(
                "character.not_yours",
                f"{person.name} may not delete “{slug}”.",
                "Only whoever made a character, or the bot's owner, can.",
            )

    async def _create(self, press: Press) -> Screen:
        texts = {name: text.strip() for name, text in (press.texts or {}).items()}
        if not texts.get("name"):
            raise Invalid("card.no_name", "A character needs a name.", "Use /character create again.")
        raw = {"spec": "chara_card_v2", "spec_version": "2.0", "data": texts}
        return welcome(await self.characters.add(from_object(raw).card, owner_id=press.person.user_id))


@group.register
@opens_form
class Create(lightbulb.SlashCommand, name="create", description="Make a new character"):
    @lightbulb.invoke
    async def invoke(self, ctx: lightbulb.Context) -> None:
        await show_form(ctx, CREATE)


@group.register
class View(lightbulb.SlashCommand, name="view", description="Look at a character"):
    character = options.character()

    @lightbulb.invoke
    async def invoke(self, ctx: lightbulb.Context, people: People, screens: Screens) -> None:
        person = await person_of(ctx, people)
        await show(ctx, await screens.view(person, self.character, int(ctx.user.id)))


@group.register
class Browse(lightbulb.SlashCommand, name="browse", description="Page through all characters"):
    query = lightbulb.string("query", "Part of a name", default="", max_length=40)

    @lightbulb.invoke
    async def invoke(self, ctx: lightbulb.Context, people: People, screens: Screens) -> None:
        person = await person_of(ctx, people)
        await show(ctx, await screens.browse.page(person, int(ctx.user.id), query=self.query))


@group.register
class Import(lightbulb.SlashCommand, name="import", description="Bring in a character card (JSON, V1 or V2)"):
    file = lightbulb.attachment("file", "The card as a JSON file")

    @lightbulb.invoke
    async def invoke(self, ctx: lightbulb.Context, people: People, characters: Characters, outbound: Outbound) -> None:
        person = await person_of(ctx, people)
        file: hikari.Attachment = self.file
        if file.size > MAX_BYTES:
            raise Invalid(
                "card.too_large",
                f"That file is {file.size // 1024} KiB; cards of up to {MAX_BYTES // 1024} KiB are read.",
                "Export the card as JSON, without embedded pictures.",
            )
        reading = read_json(await outbound.get(file.url, limit_bytes=MAX_BYTES))
        await show(ctx, welcome(await characters.add(reading.card, owner_id=person.user_id), reading))


@group.register
class Delete(lightbulb.SlashCommand, name="delete", description="Delete a character of yours"):
    character = options.character()

    @lightbulb.invoke
    async def invoke(self, ctx: lightbulb.Context, people: People, screens: Screens) -> None:
        person = await person_of(ctx, people)
        slug = (await screens.characters.by_slug(self.character, person.user_id)).slug
        await show(ctx, await screens.delete.ask(person, int(ctx.user.id), slug))


loader.command(group)
