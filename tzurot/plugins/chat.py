"""`/chat`: talk with a character where no mention is needed, or where mentions cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.discord import options
from tzurot.discord.commands import Asked, command
from tzurot.discord.inbound import links_in, readable
from tzurot.discord.viewers import speaker_of
from tzurot.talk import Incoming, Utterance

if TYPE_CHECKING:
    from tzurot.discord.front import DiscordFront
    from tzurot.discord.places import Places
    from tzurot.pipeline.hear import Hear
    from tzurot.pipeline.lanes import Lanes
    from tzurot.pipeline.run import Run
    from tzurot.tables.characters import CharacterSummary


class ChatPlugin:
    def __init__(self, *, hear: Hear, run: Run, front: DiscordFront, places: Places, lanes: Lanes) -> None:
        self._hear = hear
        self._run = run
        self._front = front
        self._places = places
        self._lanes = lanes

    @command(
        "chat",
        "Say something to a character",
        public=True,
        character=options.character("Whom you talk to"),
        message=options.text("What you say", limit=1500),
    )
    async def chat(self, asked: Asked, character: CharacterSummary, message: str) -> None:
        interaction = asked.context.interaction
        place = await self._places.of(asked.viewer.channel_id, asked.viewer.server_id)
        shown = await interaction.fetch_initial_response()
        utterance = Utterance(
            message_id=int(shown.id),
            place=place,
            speaker=speaker_of(interaction),
            text=readable(message, {}, int(interaction.application_id)),
            said_at=shown.timestamp,
            links=links_in(message),
        )
        incoming = Incoming(utterance=utterance)
        # entered before anybody sees it or it waits in a lane: a restart answers what was asked, nothing else would
        accepted = await self._hear.enter_turn(incoming, character.id, "command", "interaction")
        if accepted is not None:
            self._lanes.put(str(asked.viewer.channel_id), lambda: self._run(accepted, self._front))
        # everybody sees what was asked, and the answer can be replied to like any other
        await interaction.edit_initial_response(f"**{asked.viewer.person.name}** → **{character.name}:** {message}")
