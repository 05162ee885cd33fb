"""`/channel`: where characters answer everything, and where they keep quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.discord import options
from tzurot.discord.commands import Asked, command
from tzurot.errors import Invalid
from tzurot.settings.catalog import ANSWERS
from tzurot.settings.setting import Tier
from tzurot.tables.settings import Scope
from tzurot.talk import place_key
from tzurot.ui import rounds
from tzurot.ui.listing import Listing, Row, View
from tzurot.ui.screen import stale
from tzurot.ui.viewer import Power

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.discord.components import Router
    from tzurot.discord.places import Places
    from tzurot.pipeline.guards import Guards
    from tzurot.pipeline.hear import Hear
    from tzurot.tables.channels import Activations
    from tzurot.tables.characters import Characters, CharacterSummary
    from tzurot.tables.settings import Tuned
    from tzurot.ui.screen import Answer, Press, Screen
    from tzurot.ui.settings import SettingsScreen
    from tzurot.ui.viewer import Viewer

ACTIVE_AT_MOST = 10
HERE, WHOLE_SERVER = "this channel", "the whole server"
SAID = {
    "all": "active characters answer everything, all others when they are addressed",
    "addressed": "characters listen, and answer only when they are addressed",
    "nobody": "nobody is answered",
}


class ChannelPlugin:
    key = rounds.KEY

    def __init__(
        self,
        *,
        hear: Hear,
        guards: Guards,
        places: Places,
        activations: Activations,
        characters: Characters,
        tuned: Tuned,
        settings: SettingsScreen,
        router: Router,
    ) -> None:
        self._hear = hear
        self._guards = guards
        self._places = places
        self._activations = activations
        self._characters = characters
        self._tuned = tuned
        self._settings = settings
        self.list = Listing(
            key="active",
            title="Where characters answer everything",
            empty="Nowhere yet. /channel activate begins.",
            load=self._load,
            sorts=("channel", "newest"),
            filters=("this server", "everywhere"),
        )
        router.enter(self.list, self)

    @command("channel activate", "Let a character answer everything here", character=options.character())
    async def activate(self, asked: Asked, character: CharacterSummary) -> str:
        viewer = asked.viewer
        if viewer.server_id is None:
            raise Invalid(
                "channel.private", "In private one character answers anyway.", "Choose which with /setup start."
            )
        place = await self._places.of(viewer.channel_id, viewer.server_id)
        await self._guards.is_old_enough(viewer.user_id, place, character.id)
        active = await self._activations.of(viewer.channel_id)
        if len(active) >= ACTIVE_AT_MOST and character.id not in active:
            raise Invalid(
                "channel.full",
                f"{ACTIVE_AT_MOST} characters are active here already.",
                "Send one away with /channel deactivate.",
            )
        await self._activations.add(viewer.channel_id, viewer.server_id, character.id)
        return f"**{character.name}** answers everything that is said here from now on."

    @command(
        "channel deactivate",
        "Let characters here answer only when they are addressed",
        character=options.character("One of them; all without", required=False),
    )
    async def deactivate(self, asked: Asked, character: CharacterSummary | None) -> str:
        gone = await self._activations.remove(asked.viewer.channel_id, character.id if character else None)
        if not gone:
            return "Nobody was active here."
        if character:
            return f"**{character.name}** is quiet here until addressed."
        return f"Quiet here until addressed: {gone}."

    @command("channel browse", "Where characters answer everything")
    async def browse(self, asked: Asked) -> Screen:
        return await self.list.page(asked.viewer)

    @command("channel settings", "How characters answer in this channel")
    async def settings(self, asked: Asked) -> Screen:
        return await self._settings.show(asked.viewer, Tier.CHANNEL, str(asked.viewer.channel_id))

    @command(
        "channel restrict",
        "Who is answered here: all, only who addresses a character, or nobody",
        answers=options.choice("Who is answered", *ANSWERS.kind.choices, "as the server"),
        where=options.choice("Where; for the server it takes its manager", HERE, WHOLE_SERVER, required=False),
    )
    async def restrict(self, asked: Asked, answers: str, where: str | None) -> str:
        viewer = asked.viewer
        scope = Scope(Tier.CHANNEL.key, str(viewer.channel_id))
        if where == WHOLE_SERVER:
            viewer.needs(Power.SERVER_MANAGER)
            if viewer.server_id is None:
                raise Invalid("channel.no_server", "This is not a server.", "Run it in a server.")
            scope = Scope(Tier.SERVER.key, str(viewer.server_id))
        if answers not in SAID:
            await self._tuned.clear(scope, ANSWERS.key)
            return f"In {where or HERE} it is as it is one level above."
        await self._tuned.put(scope, ANSWERS.key, answers)
        return f"In {where or HERE} {SAID[answers]}."

    async def press(self, viewer: Viewer, press: Press) -> Answer:
        """The button under characters that go on among themselves."""
        if press.address.verb != rounds.STOP:
            raise stale()
        self._hear.stop(place_key(viewer.channel_id))
        return rounds.stopped()

    async def _load(self, viewer: Viewer, view: View) -> Sequence[Row]:
        everywhere = self.list.filters[view.filter] == "everywhere" and viewer.has(Power.BOT_OWNER)
        names = {character.id: character.name for character in await self._characters.visible_to(viewer.user_id)}
        return [
            Row(
                label=names[active.character_id],
                value=f"{active.channel_id}",
                detail=f"<#{active.channel_id}>",
                order=(active.channel_id, -active.activated_at.timestamp()),
            )
            for there in (await self._activations.everywhere()).values()
            for active in there
            if active.character_id in names
            and (
                everywhere
                or (active.server_id == viewer.server_id is not None)
                or active.channel_id == viewer.channel_id
            )
            and view.query.casefold() in names[active.character_id].casefold()
        ]
