"""`/character alias`: other names that a character answers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.discord import options
from tzurot.discord.commands import Asked, command
from tzurot.errors import Invalid, Refused
from tzurot.pipeline.mentions import folded_alias
from tzurot.tables.aliases import ALIAS_LENGTH, ALIASES_EACH
from tzurot.ui.listing import Listing, Row, View
from tzurot.ui.viewer import Power

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.discord.components import Router
    from tzurot.tables.aliases import Aliases
    from tzurot.tables.characters import Characters, CharacterSummary
    from tzurot.ui.screen import Screen
    from tzurot.ui.viewer import Viewer

FOR_ME, FOR_ALL = "me", "everybody"


class AliasPlugin:
    def __init__(self, *, aliases: Aliases, characters: Characters, router: Router) -> None:
        self._aliases = aliases
        self._characters = characters
        self.list = Listing(
            key="aliases", title="Aliases", empty="It has no other names.", load=self._load, sorts=("name",)
        )
        router.enter(self.list)

    @command(
        "character alias add",
        "Give a character another name",
        character=options.character(),
        alias=options.text("One to four words", limit=ALIAS_LENGTH),
        whose=options.choice("Who may use it; for everybody it takes the bot's owner", FOR_ME, FOR_ALL, required=False),
    )
    async def add(self, asked: Asked, character: CharacterSummary, alias: str, whose: str | None) -> str:
        if whose == FOR_ALL:
            asked.viewer.needs(Power.BOT_OWNER)
        user_id = None if whose == FOR_ALL else asked.viewer.user_id
        folded = folded_alias(alias)
        await self._check_free(folded, character, asked.viewer)
        known = await self._aliases.all()
        if sum(a.user_id == user_id and a.character_id == character.id for a in known) >= ALIASES_EACH:
            raise Invalid(
                "alias.too_many", f"{character.name} has {ALIASES_EACH} aliases already.", "Remove one first."
            )
        if not await self._aliases.add(character.id, user_id, folded):
            raise Invalid("alias.taken", f"“{folded}” is an alias already.", _suggestions(folded, character))
        return (
            f"**{character.name}** now answers to **@{folded}**{' for everybody' if whose == FOR_ALL else ' for you'}."
        )

    @command(
        "character alias remove",
        "Take a name away again",
        character=options.character(),
        alias=options.text("The alias", limit=ALIAS_LENGTH),
    )
    async def remove(self, asked: Asked, character: CharacterSummary, alias: str) -> str:
        folded = folded_alias(alias)
        found = [a for a in await self._aliases.all() if a.character_id == character.id and a.alias == folded]
        mine = next((a for a in found if a.user_id == asked.viewer.user_id), None)
        if mine is None and any(a.user_id is None for a in found):
            asked.viewer.needs(Power.BOT_OWNER)
            mine = next(a for a in found if a.user_id is None)
        if mine is None:
            raise Invalid(
                "alias.unknown", f"{character.name} has no alias “{folded}”.", "Look with /character alias browse."
            )
        await self._aliases.remove(mine.id)
        return f"**{character.name}** no longer answers to **@{folded}**."

    @command("character alias browse", "The other names of a character", character=options.character())
    async def browse(self, asked: Asked, character: CharacterSummary) -> Screen:
        return await self.list.page(asked.viewer, View(subject=str(character.id)))

    async def _load(self, viewer: Viewer, view: View) -> Sequence[Row]:
        character = await self._characters.by_id(view.subject, viewer.user_id)
        shadowed = {c.name.casefold() for c in await self._characters.visible_to(viewer.user_id)}
        return [
            Row(
                label=f"@{alias.alias}",
                value=str(alias.id),
                detail=("for you" if alias.user_id else "for everybody")
                + (" · hidden by a character of that name" if alias.alias in shadowed else ""),
                order=(alias.alias,),
            )
            for alias in await self._aliases.for_user(viewer.user_id)
            if alias.character_id == character.id and view.query.casefold() in alias.alias
        ]

    async def _check_free(self, folded: str, character: CharacterSummary, viewer: Viewer) -> None:
        """A name goes before an alias, so an alias that is a name would never be heard."""
        names = {
            name for c in await self._characters.visible_to(viewer.user_id) for name in (c.name.casefold(), c.slug)
        }
        if folded in names:
            raise Refused("alias.is_name", f"“{folded}” is the name of a character.", _suggestions(folded, character))


def _suggestions(folded: str, character: CharacterSummary) -> str:
    first = character.name.split()[0].casefold()
    return f"Try “{folded} {first}” or “my {folded}”."
