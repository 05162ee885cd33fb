"""Webhooks, what is said through them, and (under the same paths) replies to interactions."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING

from tests.loopback import shapes
from tests.loopback.bodies import changes_of, draft_of, refuse_bad_name
from tests.loopback.components import fingerprint
from tests.loopback.model import EPHEMERAL, LOADING, Channel, File, Post, Webhook
from tests.loopback.permissions import Permission
from tests.loopback.refusals import Refusal, bad_field
from tests.loopback.routes_interactions import follow_up, hidden_or_followup, original_of
from tests.loopback.routing import NO_CONTENT, Answer, Call, route

if TYPE_CHECKING:
    from tests.loopback.interactions import LoopbackInteraction

WEBHOOKS_AT_MOST = 15
NOTHING = Answer(None, NO_CONTENT)


@route("GET", "/channels/{channel_id}/webhooks")
async def list_webhooks(call: Call) -> Answer:
    channel = call.channel(Permission.MANAGE_WEBHOOKS)
    return Answer([_shape(call, one) for one in call.discord.webhooks.values() if one.channel is channel])


@route("GET", "/guilds/{guild_id}/webhooks")
async def list_guild_webhooks(call: Call) -> Answer:
    guild = call.guild()
    return Answer([_shape(call, one) for one in call.discord.webhooks.values() if one.channel.guild is guild])


@route("POST", "/channels/{channel_id}/webhooks")
async def create_webhook(call: Call) -> Answer:
    channel = call.channel(Permission.MANAGE_WEBHOOKS)
    if channel.is_thread or channel.guild is None:
        raise Refusal(50024, status=400, message="Cannot execute action on this channel type")
    refuse_bad_name("name", call.body["name"])
    if sum(1 for one in call.discord.webhooks.values() if one.channel is channel) >= WEBHOOKS_AT_MOST:
        raise Refusal(30007)
    made = Webhook(call.discord.ids.now(), secrets.token_urlsafe(48), call.body["name"], channel)
    made.application_id = call.discord.bot.id
    made.avatar = _keep_avatar(call, made, call.body.get("avatar"))
    call.discord.webhooks[made.id] = made
    _announce(call, channel)
    return Answer(_shape(call, made))


def _shape(call: Call, hook: Webhook) -> dict[str, object]:
    return shapes.webhook(hook, call.discord.base_url, call.discord.bot)


def _keep_avatar(call: Call, hook: Webhook, uri: str | None) -> str | None:
    """Store a `data:` picture on the CDN; its hash."""
    if not uri:
        return None
    head, _, data = uri.partition(";base64,")
    if not head.startswith("data:image/") or not data:
        raise bad_field("avatar", "BASE_TYPE_IMAGE", "An avatar is a data URI of an image")
    picture = File("avatar.png", base64.b64decode(data), head.removeprefix("data:"))
    name = fingerprint(picture.data)
    call.discord.keep_file(f"avatars/{hook.id}/{name}.png", picture)
    return name


def _announce(call: Call, channel: Channel) -> None:
    if channel.guild:
        event = {"guild_id": channel.guild.id, "channel_id": channel.id}
        call.discord.gateway.dispatch("WEBHOOKS_UPDATE", event, channel.guild, intent=1 << 5)


@route("GET", "/webhooks/{webhook_id}")
async def get_webhook(call: Call) -> Answer:
    hook = call.webhook(with_token=False)
    call.require(hook.channel, Permission.MANAGE_WEBHOOKS)
    return Answer(_shape(call, hook))


@route("PATCH", "/webhooks/{webhook_id}")
async def update_webhook(call: Call) -> Answer:
    hook = call.webhook(with_token=False)
    call.require(hook.channel, Permission.MANAGE_WEBHOOKS)
    if call.body.get("name"):
        refuse_bad_name("name", call.body["name"])
        hook.name = call.body["name"]
    if "avatar" in call.body:
        hook.avatar = _keep_avatar(call, hook, call.body["avatar"])
    if call.body.get("channel_id"):
        hook.channel = call.discord.channel(str(call.body["channel_id"]))
    _announce(call, hook.channel)
    return Answer(_shape(call, hook))


@route("DELETE", "/webhooks/{webhook_id}")
async def delete_webhook(call: Call) -> Answer:
    hook = call.webhook(with_token=False)
    call.require(hook.channel, Permission.MANAGE_WEBHOOKS)
    del call.discord.webhooks[hook.id]
    _announce(call, hook.channel)
    return NOTHING


@route("GET", "/webhooks/{webhook_id}/{webhook_token}", open_to_all=True)
async def get_webhook_by_token(call: Call) -> Answer:
    shape = _shape(call, call.webhook(with_token=True))
    del shape["user"]
    return Answer(shape)


@route("DELETE", "/webhooks/{webhook_id}/{webhook_token}", open_to_all=True)
async def delete_webhook_by_token(call: Call) -> Answer:
    del call.discord.webhooks[call.webhook(with_token=True).id]
    return NOTHING


# -- speaking --------------------------------------------------------------------------------------


def _interaction(call: Call) -> LoopbackInteraction | None:
    if call.parts["webhook_id"] == call.discord.bot.id:
        return call.discord.interaction_by(call.parts["webhook_token"])
    return None


def _target(call: Call, hook: Webhook) -> Channel:
    """The webhook's channel, or the thread in it that was named."""
    thread_id = call.query.get("thread_id")
    if thread_id is None:
        return hook.channel
    thread = call.discord.channels.get(thread_id)
    if thread is None or thread.parent is not hook.channel:
        raise Refusal(10003)
    return thread


@route("POST", "/webhooks/{webhook_id}/{webhook_token}", open_to_all=True)
async def execute_webhook(call: Call) -> Answer:
    interaction = _interaction(call)
    if interaction:
        return Answer(follow_up(call, interaction).body)
    hook = call.webhook(with_token=True)
    channel = _target(call, hook)
    draft = draft_of(call, channel, call.body)
    draft.webhook = hook
    draft.flags &= ~EPHEMERAL
    posted = call.discord.publish(channel, None, draft)
    return Answer(posted.body) if call.flag("wait") else NOTHING


def _spoken(call: Call) -> tuple[Post, LoopbackInteraction | None]:
    """The message of the path: a webhook's, or one that answers an interaction."""
    interaction = _interaction(call)
    if interaction:
        if call.parts.get("message_id", "@original") == "@original":
            return original_of(interaction), interaction
        return hidden_or_followup(call, interaction), interaction
    hook = call.webhook(with_token=True)
    post = _target(call, hook).posts.get(call.parts["message_id"])
    if post is None or post.webhook is not hook:
        raise Refusal(10008)
    return post, None


@route("GET", "/webhooks/{webhook_id}/{webhook_token}/messages/@original", open_to_all=True)
@route("GET", "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}", open_to_all=True)
async def get_webhook_message(call: Call) -> Answer:
    return Answer(_spoken(call)[0].body)


@route("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/@original", open_to_all=True)
@route("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}", open_to_all=True)
async def update_webhook_message(call: Call) -> Answer:
    post, interaction = _spoken(call)
    changes = changes_of(call, post, call.body)
    changes["flags"] = changes.get("flags", post.body["flags"]) & ~LOADING
    if interaction and post is interaction.original:
        interaction.final = True
    return Answer(call.discord.revise(post, changes).body)


@route("DELETE", "/webhooks/{webhook_id}/{webhook_token}/messages/@original", open_to_all=True)
@route("DELETE", "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}", open_to_all=True)
async def delete_webhook_message(call: Call) -> Answer:
    post, interaction = _spoken(call)
    if interaction and post is interaction.original:
        interaction.final = True
        interaction.original = None
    call.discord.take_back(post)
    return NOTHING
