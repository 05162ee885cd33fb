"""Who is behind an interaction, and what they may do there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import hikari
from hikari import Permissions

from tzurot.talk import Speaker
from tzurot.ui.viewer import Power, Viewer

if TYPE_CHECKING:
    from tzurot.tables.people import People

    Interaction = (
        hikari.CommandInteraction
        | hikari.ComponentInteraction
        | hikari.ModalInteraction
        | hikari.AutocompleteInteraction
    )

MANAGES_SERVER = Permissions.MANAGE_GUILD | Permissions.ADMINISTRATOR
MANAGES_CHANNEL = MANAGES_SERVER | Permissions.MANAGE_CHANNELS | Permissions.MANAGE_MESSAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewers:
    """Makes viewers; `owners` are the Discord ids of the bot's owners."""

    people: People
    owners: frozenset[int]

    def powers(self, interaction: Interaction) -> frozenset[Power]:
        """From what Discord says of the member in that channel; in a DM the person manages it."""
        if int(interaction.user.id) in self.owners:
            return frozenset(Power)
        member = interaction.member
        if member is None:
            return frozenset({Power.CHANNEL_MANAGER})
        powers: set[Power] = set()
        if member.permissions & MANAGES_SERVER:
            powers.add(Power.SERVER_MANAGER)
        if member.permissions & MANAGES_CHANNEL:
            powers.add(Power.CHANNEL_MANAGER)
        return frozenset(powers)

    async def of(self, interaction: Interaction) -> Viewer:
        """The person behind it, made known at first contact."""
        channel = interaction.channel
        in_thread = channel.type in THREADS and channel.parent_id is not None
        return Viewer(
            person=await self.people.meet(speaker_of(interaction)),
            front_id=int(interaction.user.id),
            powers=self.powers(interaction),
            channel_id=int(interaction.channel_id),
            server_id=int(interaction.guild_id) if interaction.guild_id else None,
            parent_id=int(channel.parent_id or 0) if in_thread else None,
        )


THREADS = frozenset(
    {
        hikari.ChannelType.GUILD_NEWS_THREAD,
        hikari.ChannelType.GUILD_PUBLIC_THREAD,
        hikari.ChannelType.GUILD_PRIVATE_THREAD,
    }
)


def speaker_of(interaction: Interaction) -> Speaker:
    """The person behind an interaction, named as the server names them."""
    member = interaction.member
    name = member.display_name if member is not None else interaction.user.display_name
    return Speaker(front="discord", external_id=str(int(interaction.user.id)), name=name or interaction.user.username)
