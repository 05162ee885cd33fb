"""Where a channel id is: a guild's channel, a thread in one, or a DM; from the cache, else asked once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hikari
from cachetools import LRUCache

from tzurot.talk import Place

if TYPE_CHECKING:
    from hikari.api import RESTClient

KEPT = 2000


class Places:
    def __init__(self, bot: hikari.GatewayBot) -> None:
        self._bot = bot
        self._asked: LRUCache[int, hikari.PartialChannel] = LRUCache(KEPT)
        self._made: LRUCache[int, Place] = LRUCache(KEPT)

    @property
    def _rest(self) -> RESTClient:
        return self._bot.rest

    async def of(self, channel_id: int, guild_id: int | None) -> Place:
        """The place of a channel. Raises hikari.NotFoundError or ForbiddenError where it cannot be seen."""
        if guild_id is None:
            return Place(front="discord", channel_id=channel_id, kind="dm", name="DM")
        place = self._place(await self.channel(channel_id), guild_id)
        # every line of a channel shares one value, until the channel is renamed
        if self._made.get(channel_id) != place:
            self._made[channel_id] = place
        return self._made[channel_id]

    def around(self, channel_id: int) -> tuple[int, ...]:
        """A channel, and for a thread the one it is in, as far as the cache knows."""
        thread = self._bot.cache.get_thread(channel_id)
        return (channel_id,) if thread is None else (channel_id, int(thread.parent_id))

    def guild_of(self, channel_id: int) -> hikari.Snowflake | None:
        """The server a channel is in, as far as the cache knows: what is fetched does not say."""
        channel = self._bot.cache.get_guild_channel(channel_id) or self._bot.cache.get_thread(channel_id)
        return channel.guild_id if channel is not None else None

    async def channel(self, channel_id: int) -> hikari.PartialChannel:
        """A channel or thread as the cache or Discord knows it."""
        cache = self._bot.cache
        known = cache.get_guild_channel(channel_id) or cache.get_thread(channel_id) or self._asked.get(channel_id)
        if known is None:
            known = self._asked[channel_id] = await self._rest.fetch_channel(channel_id)
        return known

    def _place(self, channel: hikari.PartialChannel, guild_id: int) -> Place:
        guild = self._bot.cache.get_guild(guild_id)
        thread = isinstance(channel, hikari.GuildThreadChannel)
        home = self._bot.cache.get_guild_channel(channel.parent_id) if thread else channel
        adult = guild is not None and guild.nsfw_level is hikari.GuildNSFWLevel.AGE_RESTRICTED
        return Place(
            front="discord",
            channel_id=int(channel.id),
            kind="thread" if thread else "guild",
            name=channel.name or "",
            guild_id=guild_id,
            guild_name=guild.name if guild else "",
            parent_id=int(channel.parent_id) if thread else None,
            age_restricted=adult or (isinstance(home, hikari.PermissibleGuildChannel) and home.is_nsfw),
        )
