"""Discord as the pipeline sees it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import hikari
from cachetools import LRUCache, TTLCache
from loguru import logger

from tzurot.discord.inbound import CHANNELS, utterance_of
from tzurot.discord.names import webhook_name
from tzurot.discord.notices import notice, reason
from tzurot.discord.render import drawn, rows
from tzurot.discord.webhooks import LOST
from tzurot.errors import CannotSpeak, NotFound, Refused
from tzurot.pipeline.front import Unsure
from tzurot.ui.reply import below
from tzurot.ui.rounds import going_on

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from tzurot.discord.avatars import Avatars
    from tzurot.discord.inbound import Overheard
    from tzurot.discord.places import Places
    from tzurot.discord.rights import Reader
    from tzurot.discord.webhooks import Webhooks
    from tzurot.errors import TzurotError
    from tzurot.pipeline.turn import Turn, Voice
    from tzurot.talk import Incoming, MessageLink, Place, Speaker, Utterance
    from tzurot.ui.screen import Screen

TYPING_AFTER_S = 0.3
TYPING_EVERY_S = 8.0
PAGE = 100
PAGE_S = 3.0  # context is worth this long a wait
SEARCHED = 300
KEPT = 5000


class UnseenDraft:
    """By itself Discord shows nobody a reply before it is posted."""

    streams = False

    def show(self, text: str) -> None: ...

    def restart(self) -> bool:
        return True


class DiscordFront:
    def __init__(
        self,
        *,
        bot: hikari.GatewayBot,
        me: int,
        application_id: int,
        webhooks: Webhooks,
        avatars: Avatars,
        places: Places,
        overheard: Overheard,
        reader: Reader,
    ) -> None:
        self._bot = bot
        self._me = me
        self._application_id = application_id
        self._webhooks = webhooks
        self._avatars = avatars
        self._places = places
        self._overheard = overheard
        self._shown_typing: TTLCache[int, None] = TTLCache(CHANNELS, TYPING_EVERY_S)
        self._spoken: LRUCache[int, None] = LRUCache(KEPT)  # what the bot itself posted as a character
        self._reader = reader
        self.choice: Callable[[Utterance], Awaitable[Screen]] | None = None

    def is_own(self, message: hikari.PartialMessage) -> bool:
        """Whether we posted it: as the bot, or through our webhook."""
        author = message.author
        return bool(
            (author and int(author.id) == self._me)
            or message.application_id == self._application_id
            or (message.webhook_id and self._webhooks.is_own(int(message.webhook_id)))
        )

    async def overheard(self, place: Place, before: int, limit: int) -> tuple[Utterance, ...]:
        if not self._overheard.follows(place.channel_id):
            await self._fill(place, before)
        return self._overheard.before(place.channel_id, before, limit)

    async def _fill(self, place: Place, before: int) -> None:
        """Read one page of a channel; where that is not allowed, what is heard from now on must do."""
        page: list[Utterance] = []
        try:
            async with asyncio.timeout(PAGE_S):
                messages = await self._bot.rest.fetch_messages(place.channel_id, before=before).limit(PAGE)
            page = [utterance_of(said, place, self._me) for said in messages if not self.is_own(said)]
        except hikari.ClientHTTPResponseError as error:
            logger.info("the history of channel {} cannot be read: {}", place.channel_id, error.message)
        except LOST as error:
            logger.warning("the history of channel {} was not to be had: {}", place.channel_id, error)
            return
        self._overheard.fill(place.channel_id, page)

    def reactions(self, place: Place) -> dict[int, str]:
        return self._overheard.reactions(place.channel_id)

    async def linked(self, link: MessageLink, asker: Speaker, shown_in: Place) -> Utterance:
        try:
            async with asyncio.timeout(PAGE_S):
                return await self._reader.read(link, asker, shown_in)
        except (NotFound, Refused):
            raise
        except LOST:
            raise NotFound("message.unreachable", "A linked message could not be fetched.") from None

    @asynccontextmanager
    async def composing(self, turn: Turn) -> AsyncGenerator[UnseenDraft]:
        typing: list[asyncio.Task[None]] = []
        # what comes at once needs no sign that something is coming, nor a task to show it
        soon = asyncio.get_running_loop().call_later(
            TYPING_AFTER_S, lambda: typing.append(asyncio.create_task(self._type(turn.place)))
        )
        try:
            yield UnseenDraft()
        finally:
            soon.cancel()
            for task in typing:
                task.cancel()

    async def _type(self, place: Place) -> None:
        """Show that something is coming, until cancelled; a message of the bot's own ends it, a webhook's does not."""
        try:
            while True:
                if place.kind == "dm" or place.channel_id not in self._shown_typing:
                    self._shown_typing[place.channel_id] = None
                    await self._bot.rest.trigger_typing(place.channel_id)
                await asyncio.sleep(TYPING_EVERY_S)
        except hikari.HTTPError as error:
            logger.debug("no typing in {}: {}", place.channel_id, error)

    @asynccontextmanager
    async def conversing(self, place: Place) -> AsyncGenerator[None]:
        """A notice with a button, for as long as it lasts."""
        message: hikari.Message | None = None
        shown = drawn(going_on())
        try:
            message = await self._bot.rest.create_message(
                place.channel_id, embeds=shown["embeds"], components=shown["components"]
            )
        except LOST as error:
            logger.info("nobody can be offered to stop them in channel {}: {}", place.channel_id, error)
        try:
            yield
        finally:
            if message is not None:
                try:
                    await message.delete()
                except LOST as error:
                    logger.info("a notice stays in channel {}: {}", place.channel_id, error)

    async def welcome(self, asked: Utterance) -> None:
        if self.choice is None:
            return
        shown = drawn(await self.choice(asked))
        try:
            await self._bot.rest.create_message(
                asked.place.channel_id, embeds=shown["embeds"], components=shown["components"]
            )
        except LOST as error:
            logger.info("nobody can be welcomed in channel {}: {}", asked.place.channel_id, error)

    async def say(self, place: Place, voice: Voice, text: str, key: str, buttons_of: int | None = None) -> int:
        """Through the channel's webhook; as the bot, with the name in front, in DMs and where no webhook may be."""
        buttons = rows(below(buttons_of)) if buttons_of is not None else ()
        if place.kind != "dm":
            try:
                url = self._avatars.url(voice)
                face = None if url else await self._avatars.to_wear(voice)
                return await self._webhooks.post(place, voice.name, url, text, face, buttons)
            except CannotSpeak as error:
                if error.code != "speak.no_webhook":
                    raise
                logger.info("channel {}: {}", place.channel_id, error)
        try:
            message = await self._bot.rest.create_message(
                place.channel_id, prefixed(voice, text), nonce=key, components=buttons or hikari.UNDEFINED
            )
        except hikari.ClientHTTPResponseError as error:
            raise CannotSpeak(
                "speak.refused",
                f"I may not answer in that channel: {reason(error)}",
                "Give me the permissions View Channel and Send Messages there.",
            ) from None
        except LOST as error:
            raise Unsure from error
        self._spoken[int(message.id)] = None
        return int(message.id)

    async def revise(
        self, place: Place, voice: Voice, message_id: int, text: str, buttons_of: int | None = None
    ) -> bool:
        buttons = rows(below(buttons_of)) if buttons_of is not None else ()
        try:
            hook = await self._posted_by(place, message_id)
            if hook is not None:
                await self._webhooks.edit(place, hook, message_id, text, buttons)
            else:
                await self._bot.rest.edit_message(
                    place.channel_id, message_id, prefixed(voice, text), components=buttons or None
                )
        except hikari.NotFoundError:
            return False
        except hikari.ClientHTTPResponseError as error:
            raise unchangeable(reason(error)) from None
        except LOST as error:
            raise CannotSpeak("speak.unanswered", "Discord does not answer.", "Try again in a minute.") from error
        return True

    async def _posted_by(self, place: Place, message_id: int) -> int | None:
        """The webhook that posted a message; None for the bot itself. Only what another process posted is asked for."""
        if message_id in self._spoken:
            return None
        if (hook := self._webhooks.posted.get(message_id)) is not None:
            return hook
        message = await self._bot.rest.fetch_message(place.channel_id, message_id)
        return int(message.webhook_id) if message.webhook_id is not None else None

    async def retract(self, place: Place, message_id: int) -> None:
        try:
            hook = await self._posted_by(place, message_id)
            if hook is not None:
                await self._webhooks.delete(place, hook, message_id)
            else:
                await self._bot.rest.delete_message(place.channel_id, message_id)
        except hikari.NotFoundError:
            return
        except hikari.ClientHTTPResponseError as error:
            raise unchangeable(reason(error)) from None
        except LOST as error:
            raise CannotSpeak("speak.unanswered", "Discord does not answer.", "Try again in a minute.") from error

    async def find(self, place: Place, voice: Voice, text: str, after: int) -> tuple[int, ...]:
        seen = 0
        found: list[int] = []
        try:
            async for message in self._bot.rest.fetch_messages(place.channel_id, after=after).limit(SEARCHED):
                seen += 1
                if self.is_own(message) and self._is_that(message, voice, text):
                    found.append(int(message.id))
        except hikari.ClientHTTPResponseError:
            raise _unreadable("because I may not read this channel") from None
        except LOST as error:
            raise CannotSpeak("speak.unanswered", "Discord does not answer.", "Try again in a minute.") from error
        if seen == SEARCHED and not found:
            raise _unreadable("so much was said here since")
        return tuple(sorted(found))

    @staticmethod
    def _is_that(message: hikari.PartialMessage, voice: Voice, text: str) -> bool:
        author = message.author
        content = (message.content or "").strip()
        by_webhook = bool(author and author.username == webhook_name(voice.name) and content == text.strip())
        return by_webhook or content == prefixed(voice, text).strip()

    async def tell(self, incoming: Incoming, error: TzurotError, reference: str) -> None:
        said = incoming.utterance
        # as a reply; where that is not allowed (it takes Read Message History), as a plain message
        for answers in (said.message_id, hikari.UNDEFINED):
            try:
                await self._bot.rest.create_message(
                    said.place.channel_id,
                    notice(error, reference),
                    reply=answers,
                    reply_must_exist=False if answers else hikari.UNDEFINED,
                    mentions_reply=False,
                    nonce=f"tell-{reference or said.message_id}"[:25],
                )
            except hikari.ClientHTTPResponseError as refused:
                logger.info("a notice was not taken in channel {}: {}", said.place.channel_id, refused.message)
            except LOST as lost:
                logger.warning("a notice could not be posted: {}", lost)
                return
            else:
                return
        await self._tell_privately(int(said.speaker.external_id), error, reference)

    async def _tell_privately(self, user_id: int, error: TzurotError, reference: str) -> None:
        """The channel does not take even a notice: the person still hears of it."""
        try:
            channel = await self._bot.rest.create_dm_channel(user_id)
            await self._bot.rest.create_message(channel, notice(error, reference))
        except LOST as closed:
            logger.info("nor privately: {}", closed)


def unchangeable(why: str) -> CannotSpeak:
    return CannotSpeak(
        "speak.unchangeable",
        f"I cannot change that message: {why}",
        "Give me the permission Read Message History here.",
    )


def _unreadable(why: str) -> CannotSpeak:
    return CannotSpeak(
        "speak.unreadable",
        f"I cannot tell whether my last reply arrived, {why}.",
        "Look whether it stands here; Read Message History lets me look myself.",
    )


def prefixed(voice: Voice, text: str) -> str:
    """A line of the bot's own that says who speaks."""
    return f"**{voice.name}:** {text}"
