"""`/chat`: talk with a character where no mention is needed, or where mentions cannot be read."""

from __future__ import annotations

import lightbulb

from tzurot.discord import options
from tzurot.discord.commands import person_of, public, say
from tzurot.discord.components import speaker_of_interaction
from tzurot.discord.front import DiscordFront
from tzurot.discord.inbound import links_in, readable
from tzurot.discord.places import Places
from tzurot.pipeline.hear import Hear
from tzurot.pipeline.lanes import Lanes, lane_full
from tzurot.tables.characters import Characters
from tzurot.tables.people import People
from tzurot.talk import Incoming, Utterance

loader = lightbulb.Loader()


@loader.command
@public
class Chat(lightbulb.SlashCommand, name="chat", description="Say something to a character"):
    character = options.character("Whom you talk to")
    message = lightbulb.string("message", "What you say", max_length=1500)

    @lightbulb.invoke
    async def invoke(
        self,
        ctx: lightbulb.Context,
        people: People,
        characters: Characters,
        hear: Hear,
        front: DiscordFront,
        places: Places,
        lanes: Lanes,
    ) -> None:
        person = await person_of(ctx, people)
        summary = await characters.by_slug(self.character, person.user_id)
        place = await places.of(int(ctx.channel_id), int(ctx.guild_id) if ctx.guild_id else None)
        # everybody sees what was asked, and the answer can be replied to like any other
        asked = await say(ctx, f"**{person.name}** → **{summary.name}:** {self.message}")
        utterance = Utterance(
            message_id=int(asked.id),
            place=place,
            speaker=speaker_of_interaction(ctx.interaction),
            text=readable(self.message, {}, int(ctx.interaction.application_id)),
            said_at=asked.timestamp,
            links=links_in(self.message),
        )
        incoming = Incoming(utterance=utterance)
        lane = str(ctx.channel_id)
        if not lanes.put(lane, lambda: hear.answer(incoming, front, summary.id, "command", "interaction")):
            raise lane_full()
