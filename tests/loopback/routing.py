"""Which function answers which operation, and what such a function gets and gives."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.loopback.permissions import Permission
from tests.loopback.refusals import Refusal

if TYPE_CHECKING:
    from tests.loopback.interactions import Interactions
    from tests.loopback.messages import Upload
    from tests.loopback.model import Channel, Guild, Post, Webhook

NO_CONTENT = 204


@dataclass(frozen=True)
class Answer:
    body: Any = None
    status: int = 200


@dataclass
class Call:
    """One request of the bot, read and matched."""

    discord: Interactions
    method: str
    path: str
    query: dict[str, str]
    body: Any
    uploads: dict[int, Upload] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() in {"true", "1"}

    def channel(self, right: Permission = Permission.VIEW_CHANNEL, *, by_webhook: bool = False) -> Channel:
        """The channel of the path, if the bot may do this in it."""
        channel = self.discord.channels.get(self.parts["channel_id"])
        if channel is None:
            raise Refusal(10003)
        if not by_webhook:
            self.require(channel, right)
        return channel

    def require(self, channel: Channel, right: Permission) -> None:
        if not self.discord.bot_may(channel, Permission.VIEW_CHANNEL):
            raise Refusal(50001)
        if not self.discord.bot_may(channel, right):
            raise Refusal(50013)

    def post(self, channel: Channel) -> Post:
        found = channel.posts.get(self.parts["message_id"])
        if found is None:
            raise Refusal(10008)
        return found

    def guild(self) -> Guild:
        found = self.discord.guilds.get(self.parts["guild_id"])
        if found is None:
            raise Refusal(10004)
        if self.discord.bot.id not in found.members:
            raise Refusal(50001)
        return found

    def webhook(self, *, with_token: bool) -> Webhook:
        found = self.discord.webhooks.get(self.parts["webhook_id"])
        if found is None:
            raise Refusal(10015)
        if with_token and found.token != self.parts["webhook_token"]:
            raise Refusal(50027)
        return found


Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True)
class Route:
    method: str
    template: str
    pattern: re.Pattern[str]
    handler: Handler
    open: bool  # needs no bot token


ROUTES: list[Route] = []


def route(method: str, template: str, *, open_to_all: bool = False) -> Callable[[Handler], Handler]:
    """Let this function answer an operation of Discord's API."""

    def register(handler: Handler) -> Handler:
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))
        ROUTES.append(Route(method, template, pattern, handler, open_to_all))
        ROUTES.sort(key=lambda one: (one.template.count("{"), -len(one.template)))
        return handler

    return register


def match(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    for one in ROUTES:
        if one.method == method and (found := one.pattern.fullmatch(path)):
            return one, found.groupdict()
    return None
