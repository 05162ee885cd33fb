"""The bot's own webhook of each channel, and posting through it: once per request, never again on its own."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
import hikari
from cachetools import LRUCache, TTLCache

from tzurot.discord.names import webhook_name
from tzurot.errors import CannotSpeak
from tzurot.pipeline.front import Unsure

if TYPE_CHECKING:
    from hikari.api import RESTClient

    from tzurot.talk import Place

OWN_NAME = "Tzurot"
KEPT = 5000
UNKNOWN_WEBHOOK = 10015
REFUSAL_S = 60  # so long a channel without webhooks is not asked again
# an answer that never came, or broke off inside its body, which hikari hands on as it is
LOST = (hikari.HTTPError, aiohttp.ClientError, TimeoutError, ValueError)


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
        self._hooks: LRUCache[int, Hook] = LRUCache(KEPT)
        self._making: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._refusals: TTLCache[int, CannotSpeak] = TTLCache(KEPT, REFUSAL_S)

    def is_own(self, webhook_id: int | None) -> bool:
        return webhook_id is not None and any(hook.id == webhook_id for hook in self._hooks.values())

    async def post(self, place: Place, name: str, avatar_url: str | None, text: str) -> int:
        """Post one message as a character; its id.

        Raises:
            CannotSpeak: no webhook may be made or used here; `speak.no_webhook` where plain messages may still work.
            Unsure: it may have been posted.

        """
        channel_id = place.parent_id or place.channel_id
        for last_try in (False, True):
            hook = self._hooks.get(channel_id) or await self._find_or_make(channel_id)
            try:
                message = await self._once.execute_webhook(
                    hook.id,
                    hook.token,
                    text,
                    username=webhook_name(name),
                    avatar_url=avatar_url or hikari.UNDEFINED,
                    thread=place.channel_id if place.kind == "thread" else hikari.UNDEFINED,
                )
            except hikari.NotFoundError as error:
                # somebody deleted the webhook, or the whole thread
                self._hooks.pop(channel_id, None)
                if last_try or error.code != UNKNOWN_WEBHOOK:
                    raise _gone() from None
            except (hikari.ForbiddenError, hikari.UnauthorizedError) as error:
                self._hooks.pop(channel_id, None)
                if last_try:
                    raise _refused(error) from None
            except hikari.ClientHTTPResponseError as error:
                raise _refused(error) from None
            except LOST as error:
                raise Unsure from error
            else:
                return int(message.id)
        raise AssertionError("the last try returns or raises")

    async def _find_or_make(self, channel_id: int) -> Hook:
        async with self._making[channel_id]:
            if known := self._hooks.get(channel_id):
                return known
            if refusal := self._refusals.get(channel_id):
                raise refusal
            try:
                for webhook in await self._rest.fetch_channel_webhooks(channel_id):
                    if (
                        isinstance(webhook, hikari.IncomingWebhook)
                        and webhook.application_id == self._application_id
                        and webhook.token
                    ):
                        found = Hook(id=int(webhook.id), token=webhook.token)
                        break
                else:
                    made = await self._rest.create_webhook(channel_id, OWN_NAME)
                    assert made.token
                    found = Hook(id=int(made.id), token=made.token)
            except hikari.NotFoundError:
                raise _gone() from None
            except (hikari.ForbiddenError, hikari.BadRequestError) as error:
                refusal = self._refusals[channel_id] = CannotSpeak(
                    "speak.no_webhook",
                    f"No webhook can be used here: {error.message}",
                    "Give the bot the permission Manage Webhooks in this channel.",
                )
                raise refusal from None
            except LOST as error:
                raise Unsure from error
            self._hooks[channel_id] = found
            return found


def _gone() -> CannotSpeak:
    return CannotSpeak("speak.gone", "That channel or thread no longer exists.")


def _refused(error: hikari.ClientHTTPResponseError) -> CannotSpeak:
    return CannotSpeak(
        "speak.refused",
        f"Discord did not take the message: {error.message}",
        "Check the bot's permissions in this channel.",
    )
