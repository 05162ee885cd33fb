"""Reads a message somebody points at with that person's rights, never with the bot's alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hikari

from tzurot.discord.inbound import utterance_of
from tzurot.discord.permissions import READ, of_member
from tzurot.errors import NotFound, Refused

if TYPE_CHECKING:
    from tzurot.discord.places import Places
    from tzurot.talk import MessageLink, Speaker, Utterance


class Reader:
    def __init__(self, bot: hikari.GatewayBot, places: Places, me: int) -> None:
        self._bot = bot
        self._me = me
        self._places = places

    async def read(self, link: MessageLink, asker: Speaker) -> Utterance:
        """The message behind a link.

        Raises:
            Refused: the asker may not read it. It reads the same as a message that the bot cannot see.
            NotFound: it was deleted.

        """
        try:
            channel = await self._places.channel(link.channel_id)
            if not await self._may_read(int(asker.external_id), channel):
                raise _not_for_them()
            message = await self._bot.rest.fetch_message(link.channel_id, link.message_id)
        except (hikari.ForbiddenError, hikari.BadRequestError):
            raise _not_for_them() from None
        except hikari.NotFoundError:
            raise NotFound("message.gone", "A linked message no longer exists.") from None
        guild_id = channel.guild_id if isinstance(channel, hikari.GuildChannel) else None
        return utterance_of(message, await self._places.of(link.channel_id, guild_id), self._me)

    async def _may_read(self, asker: int, channel: hikari.PartialChannel) -> bool:
        if isinstance(channel, hikari.DMChannel):
            return channel.recipient.id == asker
        if not isinstance(channel, hikari.GuildChannel):
            return False
        guild = self._bot.cache.get_guild(channel.guild_id)
        if guild is None:
            return False
        try:
            member = await self._bot.rest.fetch_member(channel.guild_id, asker)
        except hikari.NotFoundError:
            return False
        home: hikari.PartialChannel = channel
        if isinstance(channel, hikari.GuildThreadChannel):
            home = await self._places.channel(int(channel.parent_id))
            if isinstance(channel, hikari.GuildPrivateThread) and not await self._in_thread(asker, channel):
                return False
        return isinstance(home, hikari.PermissibleGuildChannel) and of_member(member, guild, home) & READ == READ

    async def _in_thread(self, asker: int, thread: hikari.GuildThreadChannel) -> bool:
        try:
            await self._bot.rest.fetch_thread_member(thread.id, asker)
        except hikari.NotFoundError:
            return False
        return True


def _not_for_them() -> Refused:
    return Refused("message.hidden", "A linked message could not be read.")
