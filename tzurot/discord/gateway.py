"""The connection to Discord: what is heard, in which order, and what is said at the start."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import hikari
from cachetools import LRUCache
from hikari.api import CacheComponents
from hikari.impl import CacheSettings, HTTPSettings
from loguru import logger

from tzurot.discord.bursts import Bursts, Room
from tzurot.discord.contents import attachments_of, words_of
from tzurot.discord.inbound import names_in, readable, utterance_of
from tzurot.discord.permissions import CONTENT_INTENT, INTENTS
from tzurot.discord.proxies import Proxies, on_behalf
from tzurot.outbound import trusted
from tzurot.pipeline.lanes import lane_full
from tzurot.talk import Incoming, place_key

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tzurot.discord.front import DiscordFront
    from tzurot.discord.inbound import Overheard
    from tzurot.discord.places import Places
    from tzurot.pipeline.forget import Forget
    from tzurot.pipeline.hear import Hear
    from tzurot.pipeline.lanes import Lanes
    from tzurot.tables.channels import Activations
    from tzurot.tables.turns import Accepted

LEAN_CACHE = CacheSettings(
    components=CacheComponents.ME
    | CacheComponents.GUILDS
    | CacheComponents.GUILD_CHANNELS
    | CacheComponents.GUILD_THREADS
    | CacheComponents.ROLES
    | CacheComponents.MEMBERS,
    only_my_member=True,
)
# hikari closes every connection after one request unless told otherwise: a TLS handshake for each message
KEEP_ALIVE = HTTPSettings(force_close_transports=False, ssl=trusted())
REPLAYED = 10_000
SPOKEN = (hikari.MessageType.DEFAULT, hikari.MessageType.REPLY)


def make_bot(token: str, rest_url: str, *, content: bool) -> hikari.GatewayBot:
    """A bot that keeps little; without `content` it reads only DMs, mentions and what commands bring.

    Raises:
        ValueError: the token has not the form of one.

    """
    return hikari.GatewayBot(
        token,
        banner=None,
        logs=None,
        suppress_optimization_warning=True,
        intents=INTENTS if content else INTENTS & ~CONTENT_INTENT,
        cache_settings=LEAN_CACHE,
        auto_chunk_members=False,
        rest_url=rest_url or None,
        http_settings=KEEP_ALIVE,
    )


class Ears:
    """Drops without waiting what is nobody's business, and puts the rest into its channel's lane."""

    def __init__(
        self,
        *,
        bot: hikari.GatewayBot,
        me: int,
        front: DiscordFront,
        places: Places,
        overheard: Overheard,
        lanes: Lanes,
        hear: Hear,
        forget: Forget,
        activations: Activations,
    ) -> None:
        self._activations = activations
        self._me = me
        self._front = front
        self._places = places
        self._overheard = overheard
        self._lanes = lanes
        self._hear = hear
        self._forget = forget
        self._told_busy: set[tuple[int, str]] = set()
        self._heard: LRUCache[int, None] = LRUCache(REPLAYED)
        self._bursts = Bursts()
        self._proxies = Proxies()
        for event, listener in (
            (hikari.MessageCreateEvent, self.on_message),
            (hikari.MessageUpdateEvent, self.on_edit),
            (hikari.MessageDeleteEvent, self.on_delete),
            (hikari.GuildBulkMessageDeleteEvent, self.on_purge),
            (hikari.TypingEvent, self.on_typing),
            (hikari.ReactionAddEvent, self.on_reaction),
            (hikari.ReactionDeleteEvent, self.on_reaction_gone),
            (hikari.ReactionDeleteEmojiEvent, self.on_sign_gone),
            (hikari.ReactionDeleteAllEvent, self.on_signs_gone),
            (hikari.ShardReadyEvent, self.on_ready),
        ):
            bot.subscribe(event, listener)  # pyright: ignore[reportArgumentType]

    async def on_message(self, event: hikari.MessageCreateEvent) -> None:
        await self.hear(event.message, is_human=event.is_human)

    async def missed(self, message: hikari.Message) -> None:
        """A message that no event told of."""
        if message.guild_id is None and (channel := self._places.guild_of(message.channel_id)):
            message.guild_id = channel
        await self.hear(message, is_human=not message.author.is_bot and message.webhook_id is None)

    async def hear(self, message: hikari.Message, *, is_human: bool) -> None:
        # the person's own message: this one, or the one that a proxy posts again with it
        own = message if is_human else self._proxies.original(message)
        if is_human:
            self._proxies.hear(message)
        follows = self._overheard.follows(message.channel_id)
        is_new = own is not None and own.id not in self._heard and own.type in SPOKEN
        addresses = own is not None and is_new and (self._may_address(message) or self._may_address(own))
        if not (follows or addresses) or self._front.is_own(message):
            return
        try:
            place = await self._places.of(message.channel_id, message.guild_id)
        except hikari.HTTPError as error:
            logger.warning("a message came from channel {}, which cannot be seen: {}", message.channel_id, error)
            return
        said = utterance_of(message, place, self._me)
        if own is not None and own is not message:
            said = on_behalf(said, utterance_of(own, place, self._me))
        if follows:
            self._overheard.hear(said)
        if addresses and not (is_human and await self._proxies.takes_over(message)):
            # a resumed session replays events: the ledger would stop them too, but they need not wait in a lane
            self._heard[message.id] = None
            mentioned = hikari.Snowflake(self._me) in (message.user_mentions_ids or ())
            await self._queue(Incoming(utterance=said, mentions_bot=mentioned))

    async def _queue(self, incoming: Incoming) -> None:
        """Into its channel's lane; what has to wait there is entered into the ledger first, so that a crash keeps it.

        Where the lane is full each person hears of it once. Where the process is stopping the next start answers.
        """
        said = incoming.utterance
        lane, told = str(said.place.channel_id), (said.place.channel_id, said.speaker.external_id)
        if self._lanes.is_full(lane):
            if told not in self._told_busy:
                self._told_busy.add(told)
                await self._front.tell(incoming, lane_full(), "")
            return
        self._told_busy.discard(told)
        self._bursts.says(said)
        room = Room(said.place.channel_id, self._lanes, self._bursts)
        if not self._lanes.waits(lane) and self._lanes.put(lane, lambda: self._hear(incoming, self._front, room)):
            return
        entering = asyncio.ensure_future(self._hear.enter(incoming, self._front))
        self._bursts.queue(said, entering)
        self._lanes.put(lane, lambda: self._answer(incoming, entering, room))
        await entering

    async def _answer(
        self,
        incoming: Incoming,
        entering: asyncio.Future[tuple[Accepted, ...] | None],
        room: Room,
    ) -> None:
        """Answer what had to wait; what it did not address then it may address now: a reply just posted, say."""
        self._bursts.begin(incoming.utterance, entering)
        accepted = await entering
        if accepted:
            await self._hear.answer_all(accepted, self._front, room)
        elif accepted is not None:
            await self._hear(incoming, self._front, room)

    def _may_address(self, message: hikari.Message) -> bool:
        """Whether it is worth finding out; most messages of a busy server are not."""
        if message.guild_id is None or "@" in (message.content or ""):
            return True
        if any(self._activations.may_be_active(there) for there in self._places.around(message.channel_id)):
            return True
        answered = message.referenced_message
        return bool(answered and answered.author and answered.author.is_bot)

    async def on_edit(self, event: hikari.MessageUpdateEvent) -> None:
        message = event.message
        if isinstance(message.content, str):
            text = readable(words_of(message), names_in(message), self._me)
            self._overheard.edit(message.channel_id, message.id, text)
            # links that unfold are updates as well; an author's change has a time
            if message.edited_timestamp and not self._front.is_own(message):
                attached = tuple(one.label for one in attachments_of(message))
                self._lane(message.channel_id, lambda: self._revised(message, text, attached))

    async def _revised(self, message: hikari.PartialMessage, text: str, attached: tuple[str, ...]) -> None:
        place = place_key(message.channel_id)
        await self._forget.revised(place, int(message.id), text, attached)
        await self._hear.asked_anew(place, int(message.id), self._front)

    async def on_delete(self, event: hikari.MessageDeleteEvent) -> None:
        await self._gone(event.channel_id, (int(event.message_id),))

    async def on_purge(self, event: hikari.GuildBulkMessageDeleteEvent) -> None:
        await self._gone(event.channel_id, tuple(map(int, event.message_ids)))

    async def _gone(self, channel_id: int, message_ids: tuple[int, ...]) -> None:
        for message_id in message_ids:
            self._overheard.delete(channel_id, message_id)
        # what a proxy took away it has said again in its own words
        taken_back = [one for one in message_ids if not self._proxies.is_reposted(one)]
        if taken_back:
            self._lane(channel_id, lambda: self._forget(place_key(channel_id), taken_back))

    def _lane(self, channel_id: int, job: Callable[[], Awaitable[None]]) -> None:
        """Behind what is being said there, so that nothing is kept after it was taken back."""
        self._lanes.put(str(channel_id), job, waited_for=False)

    async def on_reaction(self, event: hikari.ReactionAddEvent) -> None:
        if int(event.user_id) != self._me:
            # in private there is one who can
            who = event.member.display_name if isinstance(event, hikari.GuildReactionAddEvent) else "they"
            self._overheard.react(*key_of_reaction(event), int(event.user_id), who)

    async def on_reaction_gone(self, event: hikari.ReactionDeleteEvent) -> None:
        self._overheard.unreact(*key_of_reaction(event), int(event.user_id))

    async def on_sign_gone(self, event: hikari.ReactionDeleteEmojiEvent) -> None:
        self._overheard.unreact_all(*key_of_reaction(event))

    async def on_signs_gone(self, event: hikari.ReactionDeleteAllEvent) -> None:
        self._overheard.unreact_all(int(event.channel_id), int(event.message_id))

    async def on_typing(self, event: hikari.TypingEvent) -> None:
        self._bursts.types(int(event.channel_id), int(event.user_id))

    async def on_ready(self, _: hikari.ShardReadyEvent) -> None:
        """A new session: what was said in between is unknown."""
        self._overheard.forget()


def key_of_reaction(
    event: hikari.ReactionAddEvent | hikari.ReactionDeleteEvent | hikari.ReactionDeleteEmojiEvent,
) -> tuple[int, int, str]:
    """Its channel, its message and its sign."""
    name = str(event.emoji_name or "?")
    return int(event.channel_id), int(event.message_id), f":{name}:" if event.emoji_id else name
