"""`/setup`: a server's first steps, and what is missing for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tzurot.discord import options
from tzurot.discord.commands import Asked, command
from tzurot.errors import Invalid
from tzurot.ui.listing import Listing, Row, View
from tzurot.ui.screen import Button, Screen
from tzurot.ui.viewer import Power, Viewer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.discord.components import Router
    from tzurot.discord.front import DiscordFront
    from tzurot.discord.permissions import Rights
    from tzurot.discord.places import Places
    from tzurot.pipeline.greet import Greet
    from tzurot.pipeline.guards import Guards
    from tzurot.tables.channels import Activations
    from tzurot.tables.characters import Characters, CharacterSummary
    from tzurot.tables.people import People
    from tzurot.talk import Utterance

MISSING_SHOWN = 20


class SetupPlugin:
    def __init__(
        self,
        *,
        people: People,
        characters: Characters,
        activations: Activations,
        greet: Greet,
        guards: Guards,
        front: DiscordFront,
        places: Places,
        rights: Rights,
        router: Router,
    ) -> None:
        self._people = people
        self._characters = characters
        self._activations = activations
        self._greet = greet
        self._guards = guards
        self._front = front
        self._places = places
        self._rights = rights
        self.choose = Listing(
            key="setup",
            title="Who shall live in this channel?",
            empty="There is no character yet: /character import brings one in.",
            load=self._load,
            open=self._open,
            sorts=("name",),
        )
        router.enter(self.choose)

    @command(
        "setup start",
        "Let a character move into this channel and say hello",
        character=options.character("Who; without it you choose from a list", required=False),
    )
    async def start(self, asked: Asked, character: CharacterSummary | None) -> Screen:
        if character is None:
            return await self.choose.page(asked.viewer)
        return await self._settle(asked.viewer, character)

    @command("setup check", "Which permission I am missing, and where")
    async def check(self, asked: Asked) -> Screen:
        if asked.viewer.server_id is None:
            raise Invalid("setup.no_server", "This is not a server.", "Run it in a server.")
        missing = self._rights.missing_in(asked.viewer.server_id)
        lines = [f"<#{channel}>: {', '.join(names)}" for channel, names in missing[:MISSING_SHOWN]]
        more = len(missing) - MISSING_SHOWN
        return Screen(
            title="What I am missing",
            text="\n".join([*lines, *([f"and {more} more channels"] if more > 0 else [])])
            or "Nothing: I can see, read and answer in every channel.",
            footer="Channels that I shall not see may stay so." if missing else "",
        )

    async def offered(self, asked: Utterance) -> Screen:
        """The choice of characters for somebody who writes in private for the first time."""
        viewer = Viewer(
            person=await self._people.meet(asked.speaker),
            front_id=int(asked.speaker.external_id),
            powers=frozenset({Power.CHANNEL_MANAGER}),
            channel_id=asked.place.channel_id,
        )
        return replace(await self.choose.page(viewer), title="Welcome! Would you rather talk with somebody else?")

    async def _load(self, viewer: Viewer, view: View) -> Sequence[Row]:
        return [
            Row(label=c.name, value=str(c.id), order=(c.name.casefold(),))
            for c in await self._characters.visible_to(viewer.user_id)
            if view.query.casefold() in c.name.casefold()
        ]

    async def _open(self, viewer: Viewer, value: str, back: Button) -> Screen:  # noqa: ARG002 - it is done then
        viewer.needs(Power.CHANNEL_MANAGER)
        return await self._settle(viewer, await self._characters.by_id(value, viewer.user_id))

    async def _settle(self, viewer: Viewer, character: CharacterSummary) -> Screen:
        place = await self._places.of(viewer.channel_id, viewer.server_id)
        kept_out = await self._guards.keeps_out(viewer.person.external_id, place, character.id)
        if kept_out is not None:
            raise kept_out
        await self._guards.is_old_enough(viewer.user_id, place, character.id)
        if viewer.server_id is None:
            await self._greet(character.id, place, viewer.person.name, self._front)
            return Screen(
                title=character.name, text="You are talking with each other. `/setup start` shows the others."
            )
        await self._activations.add(viewer.channel_id, viewer.server_id, character.id)
        await self._greet(character.id, place, viewer.person.name, self._front)
        return Screen(
            title=f"{character.name} lives here now",
            text=f"**{character.name}** answers everything that is said in this channel. `/channel deactivate` makes it"
            " wait until it is addressed, `/channel restrict` sets who is answered, `/channel settings` all the rest.",
        )
