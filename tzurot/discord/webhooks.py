"""The bot's own webhook of each channel, and posting through it: once per request, never again on its own."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

import aiohttp
import hikari
from cachetools import LRUCache, TTLCache

from tzurot.discord.names import webhook_name
from tzurot.discord.notices import reason
from tzurot.errors import CannotSpeak
from tzurot.pipeline.front import Unsure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hikari.api import ComponentBuilder, RESTClient

    from tzurot.tables.characters import Face
    from tzurot.talk import Place

OWN_NAME = "Tzurot"
WEARING = "Tzurot as "  # with the first digits of a face's digest
DIGITS = 12
TOO_MANY_WEBHOOKS = 30007  # fifteen in a channel
KEPT = 5000
UNKNOWN_WEBHOOK = 10015
REFUSAL_S = 60  # so long a channel without webhooks is not asked again
# an answer that never came, or broke off inside its body, which hikari hands on as it is
LOST = (hikari.HTTPError, aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    id: int
    token: str

    def __repr__(self) -> str:
        """Without the token: whoever has it can post."""
        return f"Hook({self.id})"


class Webhooks:
    """`post` makes one request, through the client `once` that never retries. hikari's own would repeat one whose
    answer was lost, and a webhook's message has no nonce by which Discord could tell.
    """

    def __init__(self, rest: RESTClient, once: RESTClient, application_id: int) -> None:
        self._rest = rest
        self._once = once
        self._application_id = application_id
        self._hooks: LRUCache[tuple[int, str], Hook] = LRUCache(KEPT)
        self.posted: LRUCache[int, int] = LRUCache(KEPT)  # by which webhook a message was posted
        self._used: dict[int, float] = {}
        self._making: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._refusals: TTLCache[int, CannotSpeak] = TTLCache(KEPT, REFUSAL_S)

    def is_own(self, webhook_id: int | None) -> bool:
        return webhook_id in self._used

    async def post(
        self,
        place: Place,
        name: str,
        avatar_url: str | None,
        text: str,
        face: Face | None = None,
        buttons: Sequence[ComponentBuilder] = (),
    ) -> int:
        """Post one message as a character; its id. With a `face` the webhook itself is made to wear it.

        Raises:
            CannotSpeak: no webhook may be made or used here; `speak.no_webhook` where plain messages may still work.
            Unsure: it may have been posted.

        """
        key = place.parent_id or place.channel_id, face.digest if face else ""
        for last_try in (False, True):
            hook = self._hooks.get(key) or await self._find_or_make(key, face)
            self._used[hook.id] = monotonic()
            try:
                message = await self._once.execute_webhook(
                    hook.id,
                    hook.token,
                    text,
                    username=webhook_name(name),
                    avatar_url=avatar_url or hikari.UNDEFINED,
                    thread=_thread(place),
                    components=buttons or hikari.UNDEFINED,
                )
            except hikari.NotFoundError as error:
                # somebody deleted the webhook, or the whole thread
                self._hooks.pop(key, None)
                if last_try or error.code != UNKNOWN_WEBHOOK:
                    raise _gone() from None
            except (hikari.ForbiddenError, hikari.UnauthorizedError) as error:
                self._hooks.pop(key, None)
                if last_try:
                    raise _refused(error) from None
            except hikari.ClientHTTPResponseError as error:
                raise _refused(error) from None
            except LOST as error:
                raise Unsure from error
            else:
                self.posted[int(message.id)] = hook.id
                return int(message.id)
        raise AssertionError("the last try returns or raises")

    async def edit(
        self, place: Place, webhook_id: int, message_id: int, text: str, buttons: Sequence[ComponentBuilder] = ()
    ) -> None:
        """Change a message that one of our webhooks posted; raises hikari's errors as they come."""
        hook = await self._by_id(place, webhook_id)
        await self._rest.edit_webhook_message(
            hook.id, hook.token, message_id, text, thread=_thread(place), components=buttons or None
        )

    async def delete(self, place: Place, webhook_id: int, message_id: int) -> None:
        """Take a message away that one of our webhooks posted; raises hikari's errors as they come."""
        hook = await self._by_id(place, webhook_id)
        await self._rest.delete_webhook_message(hook.id, hook.token, message_id, thread=_thread(place))

    async def _by_id(self, place: Place, webhook_id: int) -> Hook:
        channel_id = place.parent_id or place.channel_id
        for hook in self._hooks.values():
            if hook.id == webhook_id:
                return hook
        for webhook in await self._own(channel_id):
            if int(webhook.id) == webhook_id:
                return Hook(id=webhook_id, token=str(webhook.token))
        raise CannotSpeak("speak.not_ours", "The webhook that posted this is gone.", "Say it again.")

    async def _find_or_make(self, key: tuple[int, str], face: Face | None) -> Hook:
        channel_id, digest = key
        async with self._making[channel_id]:
            if known := self._hooks.get(key):
                return known
            if refusal := self._refusals.get(channel_id):
                raise refusal
            try:
                found = await self._look(channel_id, digest) or await self._make(channel_id, face)
            except hikari.NotFoundError:
                raise _gone() from None
            except (hikari.ForbiddenError, hikari.BadRequestError) as error:
                refusal = self._refusals[channel_id] = CannotSpeak(
                    "speak.no_webhook",
                    f"No webhook can be used here: {reason(error)}",
                    "Give the bot the permission Manage Webhooks in this channel.",
                )
                raise refusal from None
            except LOST as error:
                raise Unsure from error
            self._hooks[key] = found
            return found

    async def _own(self, channel_id: int) -> list[hikari.IncomingWebhook]:
        return [
            webhook
            for webhook in await self._rest.fetch_channel_webhooks(channel_id)
            if isinstance(webhook, hikari.IncomingWebhook)
            and webhook.application_id == self._application_id
            and webhook.token
        ]

    async def _look(self, channel_id: int, digest: str) -> Hook | None:
        """The webhook that an earlier process made: the one of that face, or the one that wears none."""
        for webhook in await self._own(channel_id):
            name = webhook.name or ""
            if name == WEARING + digest[:DIGITS] if digest else not name.startswith(WEARING):
                return Hook(id=int(webhook.id), token=str(webhook.token))
        return None

    async def _make(self, channel_id: int, face: Face | None) -> Hook:
        name = WEARING + face.digest[:DIGITS] if face else OWN_NAME
        picture = hikari.Bytes(face.content, "face.png") if face else hikari.UNDEFINED
        try:
            made = await self._rest.create_webhook(channel_id, name, avatar=picture)
        except hikari.BadRequestError as error:
            own = await self._own(channel_id)
            if error.code != TOO_MANY_WEBHOOKS or not own:
                raise
            longest_unused = min(own, key=lambda webhook: self._used.get(int(webhook.id), 0.0))
            self._hooks.clear()
            await self._rest.delete_webhook(longest_unused.id)
            made = await self._rest.create_webhook(channel_id, name, avatar=picture)
        return Hook(id=int(made.id), token=str(made.token))


def _thread(place: Place) -> hikari.UndefinedOr[int]:
    return place.channel_id if place.kind == "thread" else hikari.UNDEFINED


def _gone() -> CannotSpeak:
    return CannotSpeak("speak.gone", "That channel or thread no longer exists.")


def _refused(error: hikari.ClientHTTPResponseError) -> CannotSpeak:
    return CannotSpeak(
        "speak.refused",
        f"Discord did not take the message: {reason(error)}",
        "Check the bot's permissions in this channel.",
    )
