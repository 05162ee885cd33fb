"""Reads a message somebody points at with that person's rights, never with the bot's alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hikari
from hikari import Permissions

from tzurot.discord.inbound import utterance_of
from tzurot.discord.permissions import READ, of_member
from tzurot.errors import NotFound, Refused

if TYPE_CHECKING:
    from tzurot.discord.places import Places
    from tzurot.talk import MessageLink, Place, Speaker, Utterance

# there whoever may not join may not read either
VOICES = (hikari.GuildVoiceChannel, hikari.GuildStageChannel)


class Reader:
    def __init__(self, bot: hikari.GatewayBot, places: Places, me: int) -> None:
        self._bot = bot
        self._me = me
        self._places = places

    async def read(self, link: MessageLink, asker: Speaker, shown_in: Place) -> Utterance:
        """The message behind a link.

        Raises:
            Refused: the asker may not read it, or it is age-restricted and would be shown where nothing else is. Both
                read the same as a message that the bot cannot see.
            NotFound: it was deleted.

        """
        try:
            channel = await self._places.channel(link.channel_id)
            if not await self._may_read(int(asker.external_id), channel):
                raise _not_for_them()
            guild_id = channel.guild_id if isinstance(channel, hikari.GuildChannel) else None
            place = await self._places.of(link.channel_id, guild_id)
            if place.age_restricted and not shown_in.age_restricted:
                raise _not_for_them()
            message = await self._bot.rest.fetch_message(link.channel_id, link.message_id)
        except (hikari.ForbiddenError, hikari.BadRequestError):
            raise _not_for_them() from None
        except hikari.NotFoundError:
            raise NotFound("message.gone", "A linked message no longer exists.") from None
        return utterance_of(message, place, self._me)

    async def _may_read(self, asker: int, channel: hikari.PartialChannel) -> bool:
        if isinstance(channel, hikari.DMChannel):
            return channel.recipient.id == asker
        home = await self._home(channel)
        if not isinstance(home, hikari.PermissibleGuildChannel):
            return False
        rights = await self._rights(asker, home)
        needed = READ | Permissions.CONNECT if isinstance(home, VOICES) else READ
        if rights & needed != needed:
            return False
        if isinstance(channel, hikari.GuildPrivateThread) and not rights & Permissions.MANAGE_THREADS:
            return await self._in_thread(asker, channel)
        return True

    async def _rights(self, asker: int, channel: hikari.PermissibleGuildChannel) -> Permissions:
        """None for who is not in the channel's server, and where the bot is not."""
        guild = self._bot.cache.get_guild(channel.guild_id)
        if guild is None:
            return Permissions.NONE
        try:
            member = await self._bot.rest.fetch_member(guild.id, asker)
        except hikari.NotFoundError:
            return Permissions.NONE
        return of_member(member, guild, channel)

    async def _home(self, channel: hikari.PartialChannel) -> hikari.PartialChannel:
        """The channel that a thread is in, whose rights are the thread's; any other channel itself."""
        if isinstance(channel, hikari.GuildThreadChannel):
            return await self._places.channel(int(channel.parent_id))
        return channel

    async def _in_thread(self, asker: int, thread: hikari.GuildThreadChannel) -> bool:
        try:
            await self._bot.rest.fetch_thread_member(thread.id, asker)
        except hikari.NotFoundError:
            return False
        return True


def _not_for_them() -> Refused:
    return Refused("message.hidden", "A linked message could not be read.")
