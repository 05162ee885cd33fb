"""`/persona`: who somebody is to characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.discord import options
from tzurot.discord.commands import Asked, command
from tzurot.errors import Invalid
from tzurot.tables.people import NAME_LENGTH, PRONOUNS_LENGTH
from tzurot.ui.confirm import Confirm
from tzurot.ui.dashboard import Action, Dashboard, Field, Section, Sheet
from tzurot.ui.listing import Listing, Row, View
from tzurot.ui.screen import Address, Answer, Button, Form, Input, Press, Screen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tzurot.discord.components import Router
    from tzurot.tables.characters import CharacterSummary
    from tzurot.tables.people import Guise
    from tzurot.tables.personas import Personas
    from tzurot.ui.viewer import Viewer

FIELDS = (
    Field(name="name", label="Name", limit=NAME_LENGTH, required=True),
    Field(name="pronouns", label="Pronouns", limit=PRONOUNS_LENGTH, placeholder="she/her"),
    Field(
        name="description",
        label="What characters know of you",
        long=True,
        placeholder="How you look, what you do, what you like.",
    ),
)
CREATE = Form(
    title="A new persona",
    address=Address(screen="persona-create", verb="save"),
    inputs=tuple(
        Input(name=f.name, label=f.label, limit=f.limit, required=f.required, long=f.long, placeholder=f.placeholder)
        for f in FIELDS
    ),
)


class PersonaPlugin:
    key = CREATE.address.screen

    def __init__(self, *, personas: Personas, router: Router) -> None:
        self._personas = personas
        self.list = Listing(
            key="personas",
            title="Your personas",
            empty="There is none by that name.",
            load=self._load,
            open=self._open,
            sorts=("name",),
        )
        self.sheet = Dashboard(
            key="persona",
            sections=(Section(name="all", label="Who you are", fields=FIELDS),),
            load=self._sheet,
            save=self._save,
            actions=(
                Action(name="default", label="Make it my default", act=self._default),
                Action(name="delete", label="Delete", act=self._ask_delete, danger=True),
            ),
        )
        self.gone = Confirm(
            key="persona-delete", title="Delete a persona", yes="Delete", question=self._question, act=self._delete
        )
        router.enter(self.list, self.sheet, self.gone, self)

    @command("persona create", "Make another persona", form=True)
    def create(self) -> Form:
        return CREATE

    @command("persona edit", "Look at a persona of yours and change it", persona=options.persona())
    async def edit(self, asked: Asked, persona: Guise) -> Screen:
        return await self.sheet.show(asked.viewer, str(persona.id))

    @command("persona view", "Who you are to a character", character=options.character())
    async def view(self, asked: Asked, character: CharacterSummary) -> Screen:
        me = asked.viewer.person.towards(character.id)
        return Screen(
            title=f"To {character.name} you are {me.name}",
            text=me.description or "Nothing more is known of you: /persona edit tells more.",
            footer=me.pronouns,
        )

    @command("persona browse", "Your personas")
    async def browse(self, asked: Asked) -> Screen:
        return await self.list.page(asked.viewer)

    @command("persona default", "Be this persona to every character", persona=options.persona())
    async def default(self, asked: Asked, persona: Guise) -> str:
        await self._personas.make_default(asked.viewer.user_id, persona.id)
        return f"You are **{persona.name}** now."

    @command(
        "persona override set",
        "Be another persona to one character",
        character=options.character(),
        persona=options.persona(),
    )
    async def override_set(self, asked: Asked, character: CharacterSummary, persona: Guise) -> str:
        await self._personas.override(asked.viewer.user_id, character.id, persona.id)
        return f"To **{character.name}** you are **{persona.name}** now. It keeps memories of each persona apart."

    @command("persona override clear", "Be your default persona to a character again", character=options.character())
    async def override_clear(self, asked: Asked, character: CharacterSummary) -> str:
        await self._personas.override(asked.viewer.user_id, character.id, None)
        return f"To **{character.name}** you are your default persona again."

    async def press(self, viewer: Viewer, press: Press) -> Answer:
        """The form of `/persona create`, when it comes back."""
        made = await self._personas.add(viewer.user_id, **_checked(press.texts))
        return await self.sheet.show(viewer, str(made.id))

    async def _load(self, viewer: Viewer, view: View) -> Sequence[Row]:
        return [
            Row(
                label=persona.name,
                value=str(persona.id),
                detail=" · ".join(part for part in ("default" if persona.is_default else "", persona.pronouns) if part),
                order=(persona.name.casefold(),),
            )
            for persona in await self._personas.of(viewer.user_id)
            if view.query.casefold() in persona.name.casefold()
        ]

    async def _open(self, viewer: Viewer, value: str, back: Button) -> Screen:
        return await self.sheet.show(viewer, value, back)

    async def _sheet(self, viewer: Viewer, subject: str) -> Sheet:
        persona = await self._personas.find(viewer.user_id, subject)
        return Sheet(
            title=persona.name,
            values={"name": persona.name, "pronouns": persona.pronouns, "description": persona.description},
            note="Your default: every character knows you so." if persona.is_default else "",
        )

    async def _save(self, viewer: Viewer, subject: str, changed: Mapping[str, str]) -> None:
        persona = await self._personas.find(viewer.user_id, subject)
        await self._personas.change(viewer.user_id, persona.id, **_checked(changed))

    async def _default(self, viewer: Viewer, subject: str) -> Screen | None:
        persona = await self._personas.find(viewer.user_id, subject)
        await self._personas.make_default(viewer.user_id, persona.id)
        return None

    async def _ask_delete(self, viewer: Viewer, subject: str) -> Screen:
        return await self.gone.ask(viewer, subject)

    async def _question(self, viewer: Viewer, subject: str) -> str:
        persona = await self._personas.find(viewer.user_id, subject)
        if persona.is_default:
            raise Invalid("persona.is_default", "That is your default persona.", "Make another one your default first.")
        return f"**{persona.name}** will be gone, with everything characters remember of it."

    async def _delete(self, viewer: Viewer, subject: str) -> str:
        await self._question(viewer, subject)
        persona = await self._personas.find(viewer.user_id, subject)
        await self._personas.delete(viewer.user_id, persona.id)
        return f"**{persona.name}** was deleted."


def _checked(texts: Mapping[str, str]) -> dict[str, str]:
    """The fields as they are kept; raises Invalid without a name."""
    name = " ".join(texts.get("name", "").split())[:NAME_LENGTH]
    if not name:
        raise Invalid("persona.no_name", "A persona needs a name.", "Give it one.")
    return {
        "name": name,
        "description": texts.get("description", "").strip(),
        "pronouns": texts.get("pronouns", "").strip()[:PRONOUNS_LENGTH],
    }
